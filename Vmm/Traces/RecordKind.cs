// Vmm: the record types of an MMU trace.
namespace Mmu.Vmm.Traces;

/// <summary>The record types of an MMU trace; the values are the type bytes of the file.</summary>
internal enum RecordKind : byte
{
    /// <summary>An access that missed the CPU's TLB, with its answer.</summary>
    Access = (byte)'A',

    /// <summary>Control state from here on.</summary>
    Control = (byte)'C',

    /// <summary>The end, with the number of records before it.</summary>
    End = (byte)'E',

    /// <summary>Translations that the CPU dropped.</summary>
    Flush = (byte)'F',

    /// <summary>An INVLPG.</summary>
    InvalidatePage = (byte)'I',

    /// <summary>A page that is read as a table from here on, and holds these bytes.</summary>
    Page = (byte)'M',

    /// <summary>A store of the guest into such a page.</summary>
    Store = (byte)'S',

    /// <summary>An INVPCID.</summary>
    InvalidatePcid = (byte)'V',

    /// <summary>A store into such a page that no CPU of the guest made.</summary>
    HostStore = (byte)'W',

    /// <summary>What such a page must hold at the end.</summary>
    ExpectedPage = (byte)'X',
}
