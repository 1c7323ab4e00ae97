// Walk: whether a walk sets accessed and dirty bits.
namespace Mmu.Walk;

/// <summary>Whether a walk sets accessed and dirty bits. A struct type argument, so that a walker without has no trace of them.</summary>
internal interface IMarking
{
    /// <summary>True if it does.</summary>
    static abstract bool Enabled { get; }
}
