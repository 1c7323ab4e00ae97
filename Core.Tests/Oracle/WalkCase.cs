// Rows: one row of the table of facts, for any walker: memory, and one access or several in order, each with what it must yield.
// The methods describe the scene; one that names an outcome ends a step, and what follows changes the scene for the next.
using System;
using System.Collections.Generic;

namespace Mmu.Tests.Oracle;

internal sealed class WalkCase(string ids, string title, OracleCpu cpu, OracleNested? nested, ulong gva)
{
    private readonly Dictionary<ulong, WalkPoke> _entries = [];
    private readonly List<WalkPoke> _pokes = [];
    private readonly List<(ulong Address, ulong Bits)> _sets = [];
    private OracleCpu _cpu = cpu;
    private OracleNested? _nested = nested;
    private ulong _gva = gva;
    private OracleAccess _access = new(OracleKind.Read);
    private bool _update = true;

    public string Name { get; private set; } = $"{ids}: {title}";

    public List<WalkSlot> Slots { get; } =
    [
        new(0x000000, 0x10000, false), new(0x100000, 0x10000, false), new(0x200000, 0x10000, false), new(0x300000, 0x10000, false),
    ];

    public List<WalkStep> Steps { get; } = [];

    public override string ToString() => Name;

    public WalkCase Rename(string suffix)
    {
        Name += suffix;
        return this;
    }

    public WalkCase Set(ulong address, ulong value, int bytes = 8)
    {
        var poke = new WalkPoke(address, bytes, value);
        _entries[address] = poke;
        _pokes.Add(poke);
        return this;
    }

    public WalkCase Or(ulong address, ulong bits) => Set(address, _entries[address].Value | bits, _entries[address].Bytes);

    public WalkCase Clear(ulong address, ulong bits) => Set(address, _entries[address].Value & ~bits, _entries[address].Bytes);

    public WalkCase ReadOnlySlot(ulong address)
    {
        int index = Slots.FindIndex(slot => slot.Address == address);
        Slots[index] = Slots[index] with { ReadOnly = true };
        return this;
    }

    public WalkCase Cpu(Action<OracleCpu> change)
    {
        _cpu = _cpu.Copy();
        change(_cpu);
        return this;
    }

    public WalkCase Nested(Action<OracleNested> change)
    {
        _nested = _nested!.Copy();
        change(_nested);
        return this;
    }

    public WalkCase Cr0(ulong set = 0, ulong clear = 0) => Cpu(c => c.Cr0 = (c.Cr0 | set) & ~clear);

    public WalkCase Cr4(ulong set = 0, ulong clear = 0) => Cpu(c => c.Cr4 = (c.Cr4 | set) & ~clear);

    public WalkCase Efer(ulong set = 0, ulong clear = 0) => Cpu(c => c.Efer = (c.Efer | set) & ~clear);

    public WalkCase At(ulong gva)
    {
        _gva = gva;
        return this;
    }

    public WalkCase Read() => With(new OracleAccess(OracleKind.Read));

    public WalkCase Write() => With(new OracleAccess(OracleKind.Write));

    public WalkCase Fetch() => With(new OracleAccess(OracleKind.Fetch));

    public WalkCase UserRead() => With(new OracleAccess(OracleKind.Read, User: true));

    public WalkCase UserWrite() => With(new OracleAccess(OracleKind.Write, User: true));

    public WalkCase UserFetch() => With(new OracleAccess(OracleKind.Fetch, User: true));

    public WalkCase With(OracleAccess access)
    {
        _access = access;
        return this;
    }

    public WalkCase Peek()
    {
        _update = false;
        return this;
    }

    // The next step's walk must add these bits to the entry at this host-physical address, and change nothing else.
    public WalkCase Sets(ulong address, ulong bits)
    {
        _sets.Add((address, bits));
        return this;
    }

    public WalkCase Ok(ulong? gpa = null, int? shift = null, string? rights = null, ulong? hpa = null, int? memoryType = null,
        int? pat = null, bool? global = null) =>
        End(new WalkExpectation(OracleOutcome.Ok)
        {
            Gpa = gpa,
            Hpa = hpa,
            PageShift = shift,
            Rights = rights,
            MemoryType = memoryType,
            PatIndex = pat,
            Global = global,
        });

    public WalkCase PageFault(ulong code, int? level = null, ulong? entry = null) =>
        End(new WalkExpectation(OracleOutcome.PageFault) { Code = code, Level = level, EntryAddress = entry });

    public WalkCase NonCanonical() => End(new WalkExpectation(OracleOutcome.NonCanonical));

    public WalkCase Violation(ulong qualification, ulong gpa, int? level = null) =>
        End(new WalkExpectation(OracleOutcome.EptViolation) { Code = qualification, FaultGpa = gpa, Level = level });

    public WalkCase Misconfiguration(ulong gpa, int? level = null) =>
        End(new WalkExpectation(OracleOutcome.EptMisconfiguration) { FaultGpa = gpa, Level = level });

    public WalkCase NestedFault(ulong info, ulong gpa, int? level = null) =>
        End(new WalkExpectation(OracleOutcome.NestedPageFault) { Code = info, FaultGpa = gpa, Level = level });

    private WalkCase End(WalkExpectation expectation)
    {
        Steps.Add(new WalkStep([.. _pokes], _cpu.Copy(), _nested?.Copy(), _gva, _access, _update, expectation with { Sets = [.. _sets] }));
        foreach ((ulong address, ulong bits) in _sets)
        {
            WalkPoke entry = _entries[address];
            _entries[address] = entry with { Value = entry.Value | bits };
        }

        _pokes.Clear();
        _sets.Clear();
        return this;
    }
}
