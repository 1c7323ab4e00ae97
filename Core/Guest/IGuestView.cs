// Guest: how a walker finds the window that holds an address.
namespace Mmu.Guest;

/// <summary>Guest memory as one walker sees it. A struct type argument, so that each kind gets its own code.</summary>
internal interface IGuestView
{
    /// <summary>The window of the last table read: a first guess for the next.</summary>
    GuestWindow TableWindow { get; }

    /// <summary>Makes the window that holds <paramref name="gpa"/> the last one; false if none does.</summary>
    bool TryLocate(ulong gpa);

    /// <summary>The pointer to a translated address that is not in <see cref="TableWindow"/>; 0 if no slot holds it.</summary>
    nuint HostOf(ulong gpa);

    /// <summary>A walk set accessed and dirty bits in the entry at an address.</summary>
    void Marked(ulong gpa, ulong bits);
}
