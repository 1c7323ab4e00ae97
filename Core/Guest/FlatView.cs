// Guest: a guest whose memory is one window.
using System.Runtime.CompilerServices;

namespace Mmu.Guest;

/// <summary>Guest memory of a single window; there is nowhere else to look.</summary>
internal readonly struct FlatView : IGuestView
{
    private readonly GuestWindow _window;

    internal FlatView(GuestWindow window) => _window = window;

    /// <inheritdoc/>
    public GuestWindow TableWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _window;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLocate(ulong gpa) => _window.Holds(gpa);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint HostOf(ulong gpa) => 0;

    /// <inheritdoc/>
    public void Marked(ulong gpa, ulong bits)
    {
    }
}
