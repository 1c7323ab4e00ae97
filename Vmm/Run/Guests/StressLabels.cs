// Vmm.Run: labels that the parts of the memory-stress kernel share.
using Iced.Intel;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Labels that the parts of the memory-stress kernel share.</summary>
internal sealed class StressLabels
{
    /// <summary>The way out of the handler.</summary>
    internal Label Done;

    /// <summary>Adds to the sum.</summary>
    internal Label Mix;

    /// <summary>Takes a frame.</summary>
    internal Label Allocate;

    /// <summary>Copies a page.</summary>
    internal Label CopyWords;

    /// <summary>Reads a word that may be refused.</summary>
    internal Label TryRead;

    /// <summary>A RET.</summary>
    internal Label Return;

    internal StressLabels(Assembler c)
    {
        Done = c.CreateLabel();
        Mix = c.CreateLabel();
        Allocate = c.CreateLabel();
        CopyWords = c.CreateLabel();
        TryRead = c.CreateLabel();
        Return = c.CreateLabel();
    }
}
