// Vmm: one record of an MMU trace, decoded.
using System;
using Mmu.Architecture;

namespace Mmu.Vmm.Traces;

/// <summary>One record; members that do not belong to <see cref="Kind"/> are default.</summary>
internal ref struct TraceRecord
{
    /// <summary>Set in <see cref="Selector"/> of an access that faulted.</summary>
    public const byte Faulted = 32;

    /// <summary>Of a flush: everything, global translations included.</summary>
    public const byte FlushAll = 1;

    /// <summary>Size of a page in bytes.</summary>
    public const int PageBytes = 4096;

    /// <summary>The record's type.</summary>
    public RecordKind Kind;

    /// <summary>The vCPU.</summary>
    public byte Vcpu;

    /// <summary>Of an access its kind, of a flush and an INVPCID its type, of a store its size in bytes.</summary>
    public byte Selector;

    /// <summary>Of an access that did not fault: log2 of the page's size.</summary>
    public byte PageShift;

    /// <summary>Of an INVPCID.</summary>
    public ushort Pcid;

    /// <summary>Of an access that faulted.</summary>
    public uint ErrorCode;

    /// <summary>The linear address.</summary>
    public ulong Gva;

    /// <summary>The guest physical address.</summary>
    public ulong Gpa;

    /// <summary>What was stored, or the number of records.</summary>
    public ulong Value;

    /// <summary>Of a control record: CR0, CR3, CR4, EFER and PKRU.</summary>
    public ControlState Control;

    /// <summary>Bytes of a page.</summary>
    public ReadOnlySpan<byte> Page;

    /// <summary>Of an access: what it does and how it is made.</summary>
    public readonly Access Access => new((AccessKind)(Selector & 3), (AccessFlags)(Selector & 0x1C));

    /// <summary>Of an access: whether it faulted.</summary>
    public readonly bool HasFaulted => (Selector & Faulted) != 0;
}
