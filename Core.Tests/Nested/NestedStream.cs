// Nested judge: a stream of commands of L1, L2 and the host, each judged by what L1's tables have said since L1's last flush.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

/// <summary>
/// L1 has two roots over a few shared tables. A translation that L2 gets must be made of values that each entry on the way had since the root was flushed
/// last; an exit to L1 must be what the tables say at this moment. Audited after each step.
/// </summary>
internal sealed class NestedStream : IDisposable
{
    private const int Tables = 3;
    private const int Entries = 4;
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;
    private const ulong Data = 0x10_0000;

    private readonly L2Scene _scene;
    private readonly SeededRandom _random;
    private readonly bool _ept;
    private readonly bool _accessedDirty;
    private readonly ulong[] _roots = new ulong[2];
    private readonly List<ulong> _entries = [];
    private readonly Dictionary<ulong, List<(long Time, ulong Value)>> _history = [];
    private readonly long[] _flushed = new long[2];
    private long _now;
    private int _root;
    private int _stores;

    internal NestedStream(bool ept, bool onTdp, bool accessedDirty, ulong seed)
    {
        _ept = ept;
        _accessedDirty = accessedDirty;
        _random = new SeededRandom(seed);
        _scene = new L2Scene(ept, onTdp, quota: 48) { AccessedDirty = accessedDirty };
        Build();
        Enter();
    }

    internal int Reached { get; private set; }

    internal int Told { get; private set; }

    private static ulong Open(bool ept) => ept ? 7UL : L2Scene.NptOpen;

    internal void Step()
    {
        _now++;
        switch (_random.Next(20))
        {
            case < 9:
                Access();
                break;
            case < 14:
                Store();
                break;
            case < 16:
                Flush(_random.Next(2));
                break;
            case 16:
                _root ^= 1;
                _scene.Leave();
                Enter();
                break;
            default:
                Host();
                break;
        }

        if (_scene.Vm.Audit() is { } broken)
        {
            throw new JudgeException($"{broken} after {this}");
        }
    }

    public override string ToString() => $"step {_now}: {Reached} accesses made, {Told} exits to L1, {_stores} stores, {_scene.Processor.Violations} faults";

    public void Dispose()
    {
        _scene.Leave();
        _scene.Dispose();
    }

    private ulong RandomAddress() =>
        ((ulong)_random.Next(2) << 39) | ((ulong)_random.Next(2) << 30) | ((ulong)_random.Next(Entries) << 21) | ((ulong)_random.Next(Entries) << 12);

    private void Access()
    {
        ulong address = RandomAddress();
        var kind = (OracleKind)_random.Next(3);
        OracleNested nested = First();
        SecondAccess access = new() { Kind = kind, GuestSupervisor = true };
        NestedOutcome outcome = _scene.Access2(address, kind);
        switch (outcome.Answer)
        {
            case FaultOutcome.None:
                Reached++;
                ulong gpa = outcome.Seen.Hpa - _scene.HostOf(0);
                if (!MayReach(_roots[_root], 4, address, kind, gpa))
                {
                    throw new JudgeException($"{kind} of {address:x} reached {gpa:x}, which L1's tables never said since its last flush; {this}");
                }

                NoteMarks();
                break;

            case FaultOutcome.Inject:
                Told++;
                SecondResult told = SecondDimension.Translate(nested, new L1Memory(_scene), address, access, update: false);
                ulong code = _ept ? outcome.Result.Walk.ExitQualification : outcome.Result.Walk.ExitInfo1;
                Assert.True(told.Outcome != OracleOutcome.Ok && told.Code == code, $"{kind} of {address:x}: told {code:x}, the tables say {told.Outcome} {told.Code:x}; {this}");
                NoteMarks();
                break;

            case FaultOutcome.WriteProtected or FaultOutcome.Mmio:
                NoteMarks();
                break;

            default:
                throw new JudgeException($"{kind} of {address:x}: {outcome.Answer}; {this}");
        }
    }

    private OracleNested First() => new()
    {
        IsEpt = _ept,
        MaxPhyAddr = 46,
        EptRoot = _roots[_root],
        EptLevels = 4,
        EptAccessedDirty = _accessedDirty,
        ExecuteOnly = true,
        HostCr3 = _roots[_root],
        HostCr4 = 0x20,
        HostEfer = 0xD00,
    };

    // L1 stores to an entry, mostly something sensible. Accessed and dirty bits count as part of it.
    private void Store()
    {
        ulong entry = _entries[_random.Next(_entries.Count)];
        ulong value = _scene.Word(entry);
        switch (_random.Next(6))
        {
            case 0:
                value = 0;
                break;
            case 1:
                value ^= 1UL << (_ept ? _random.Next(3) : (int)(ulong)_random.Next(3));
                break;
            case 2 when LevelOf(entry) == 1:
                value = (value & ~FrameMask) | (Data + ((ulong)_random.Next(8) << 12));
                break;
            case 3 when LevelOf(entry) == 2:
                value = Shape(2, huge: _random.Next(2) == 0);
                break;
            case 4 when _accessedDirty || !_ept:
                value &= ~(_ept ? 3UL << 8 : 0x60UL);
                break;
            default:
                value = Shape(LevelOf(entry), huge: false);
                break;
        }

        _stores++;
        _scene.Store(entry, value);
        Note(entry);
        Touched();
    }

    private void Flush(int root)
    {
        if (_ept)
        {
            _scene.Leave();
            Assert.Equal(InvalidateStatus.Done, _scene.Vcpu.InvalidateEpt(1, _roots[root] | 6 | (3 << 3)));
            Enter();
            _flushed[root] = _now;
        }
        else
        {
            // An ASID is flushed as a whole, whatever its tables.
            _scene.Leave();
            Enter(flush: true);
            _flushed[0] = _now;
            _flushed[1] = _now;
        }
    }

    private void Host()
    {
        switch (_random.Next(6))
        {
            case 0:
                _scene.Vm.UnmapRange(new Gpa(Data + ((ulong)_random.Next(8) << 12)), L2Scene.Page);
                break;
            case 1:
                _scene.Vm.ZapAll();
                break;
            case 2:
                _ = _scene.Vm.Shrink(_random.Next(8));
                break;
            case 3:
                _ = _scene.Vm.ReclaimObsolete();
                break;
            case 4:
                _ = _scene.Vm.Age(new Gpa(Data), 8 * L2Scene.Page);
                break;
            default:
                using (DirtyLogSession log = _scene.Vm.StartDirtyLog(new Gpa(0)))
                {
                    Access();
                    _ = log.Harvest(new ulong[log.Words]);
                    Access();
                }

                break;
        }
    }

    private void Enter(bool flush = false)
    {
        _scene.Root = _roots[_root];
        _scene.Enter(new NestedTag(L2Scene.Tag, flush));
    }

    // Two roots, two tables of level 3, three of level 2 and three of level 1, which entries name at random.
    private void Build()
    {
        _roots[0] = _scene.Root;
        _roots[1] = _scene.NewTable();
        for (int level = 3; level >= 1; level--)
        {
            for (int i = 0; i < Tables; i++)
            {
                Of(level).Add(_scene.NewTable());
            }
        }

        foreach (ulong root in _roots)
        {
            Fill(root, 4, 2);
        }

        for (int level = 3; level >= 1; level--)
        {
            foreach (ulong table in Of(level))
            {
                Fill(table, level, level == 3 ? 2 : Entries);
            }
        }
    }

    private readonly List<ulong>[] _tables = [[], [], []];

    private List<ulong> Of(int level) => _tables[level - 1];

    private void Fill(ulong table, int level, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong entry = table + ((ulong)i * 8);
            _entries.Add(entry);
            _levels[entry] = level;
            _scene.Word(entry) = Shape(level, huge: false);
            Note(entry);
        }
    }

    private readonly Dictionary<ulong, int> _levels = [];

    private int LevelOf(ulong entry) => _levels[entry];

    private ulong Shape(int level, bool huge)
    {
        if (level == 1)
        {
            return (Data + ((ulong)_random.Next(8) << 12)) | Open(_ept) | (_ept ? L2Scene.EptWriteBack : 0);
        }

        return huge
            ? Open(_ept) | L2Scene.Large | (_ept ? L2Scene.EptWriteBack : 0)
            : Of(level - 1)[_random.Next(Tables)] | Open(_ept);
    }

    private void Note(ulong entry)
    {
        if (!_history.TryGetValue(entry, out List<(long, ulong)>? values))
        {
            values = [];
            _history.Add(entry, values);
        }

        values.Add((_now, _scene.Word(entry)));
    }

    // Marks that the processor or the walker set are values, too.
    private void NoteMarks()
    {
        foreach (ulong entry in _entries)
        {
            if (_history[entry][^1].Value != _scene.Word(entry))
            {
                Note(entry);
            }
        }
    }

    // L1's own processor may have set nothing: its tables are its memory.
    private void Touched()
    {
        long oldest = Math.Min(_flushed[0], _flushed[1]);
        foreach (List<(long Time, ulong Value)> values in _history.Values)
        {
            int keep = values.FindLastIndex(value => value.Time <= oldest);
            if (keep > 0)
            {
                values.RemoveRange(0, keep);
            }
        }
    }

    // Some choice of values, each of since the flush, leads to the address and allows the access.
    private bool MayReach(ulong table, int level, ulong address, OracleKind kind, ulong gpa)
    {
        ulong entry = table + (((address >> (3 + (9 * level))) & 511) * 8);
        if (!_history.TryGetValue(entry, out List<(long Time, ulong Value)>? values))
        {
            return false;
        }

        int first = Math.Max(values.FindLastIndex(value => value.Time <= _flushed[_root]), 0);
        for (int i = first; i < values.Count; i++)
        {
            ulong value = values[i].Value;
            if (!Allows(value, kind))
            {
                continue;
            }

            bool leaf = level == 1 || (level == 2 && (value & L2Scene.Large) != 0);
            ulong mask = (1UL << (3 + (9 * level))) - 1;
            if (leaf ? (value & FrameMask & ~mask) + (address & mask) == gpa : MayReach(value & FrameMask, level - 1, address, kind, gpa))
            {
                return true;
            }
        }

        return false;
    }

    private bool Allows(ulong value, OracleKind kind) => kind switch
    {
        OracleKind.Read => _ept ? (value & 1) != 0 : (value & 5) == 5,
        OracleKind.Write => _ept ? (value & 3) == 3 : (value & 7) == 7,
        _ => _ept ? (value & 4) != 0 : (value & 5) == 5,
    };
}
