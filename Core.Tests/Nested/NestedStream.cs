// Nested judge: a stream of commands of L1, L2 and the host, each judged by what L1's tables have said since L1's last flush.
using System;
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
    private readonly L2Scene _scene;
    private readonly SeededRandom _random;
    private readonly bool _ept;
    private readonly bool _accessedDirty;
    private readonly StreamTables _tables;
    private readonly long[] _flushed = new long[2];
    private int _root;
    private int _stores;

    internal NestedStream(bool ept, bool onTdp, bool accessedDirty, ulong seed)
    {
        _ept = ept;
        _accessedDirty = accessedDirty;
        _random = new SeededRandom(seed);
        _scene = new L2Scene(ept, onTdp, quota: 48) { AccessedDirty = accessedDirty };
        _tables = new StreamTables(_scene, _random);
        Enter();
    }

    internal int Reached { get; private set; }

    internal int Told { get; private set; }

    internal void Step()
    {
        _tables.Now++;
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

    public override string ToString() => $"step {_tables.Now}: {Reached} accesses made, {Told} exits to L1, {_stores} stores, {_scene.Processor.Violations} faults";

    public void Dispose()
    {
        _scene.Leave();
        _scene.Dispose();
    }

    private ulong RandomAddress() =>
        ((ulong)_random.Next(2) << 39) | ((ulong)_random.Next(2) << 30) | ((ulong)_random.Next(StreamTables.Entries) << 21) | ((ulong)_random.Next(StreamTables.Entries) << 12);

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
                if (!_tables.MayReach(_tables.Roots[_root], _flushed[_root], address, kind, gpa))
                {
                    throw new JudgeException($"{kind} of {address:x} reached {gpa:x}, which L1's tables never said since its last flush; {this}");
                }

                _tables.NoteMarks();
                break;

            case FaultOutcome.Inject:
                Told++;
                SecondResult told = SecondDimension.Translate(nested, new L1Memory(_scene), address, access, update: false);
                ulong code = _ept ? outcome.Result.Walk.ExitQualification : outcome.Result.Walk.ExitInfo1;
                Assert.True(told.Outcome != OracleOutcome.Ok && told.Code == code, $"{kind} of {address:x}: told {code:x}, the tables say {told.Outcome} {told.Code:x}; {this}");
                _tables.NoteMarks();
                break;

            case FaultOutcome.WriteProtected or FaultOutcome.Mmio:
                _tables.NoteMarks();
                break;

            default:
                throw new JudgeException($"{kind} of {address:x}: {outcome.Answer}; {this}");
        }
    }

    private OracleNested First() => new()
    {
        IsEpt = _ept,
        MaxPhyAddr = 46,
        EptRoot = _tables.Roots[_root],
        EptLevels = 4,
        EptAccessedDirty = _accessedDirty,
        ExecuteOnly = true,
        HostCr3 = _tables.Roots[_root],
        HostCr4 = 0x20,
        HostEfer = 0xD00,
    };

    // L1 stores to an entry, mostly something sensible.
    private void Store()
    {
        ulong entry = _tables.RandomEntry();
        int level = _tables.LevelOf(entry);
        ulong value = _scene.Word(entry);
        switch (_random.Next(6))
        {
            case 0:
                value = 0;
                break;
            case 1:
                value ^= 1UL << _random.Next(3);
                break;
            case 2 when level == 1:
                value = (value & ~StreamTables.FrameMask) | _tables.RandomPage();
                break;
            case 3 when level == 2:
                value = _tables.Shape(2, huge: _random.Next(2) == 0);
                break;
            case 4 when _accessedDirty || !_ept:
                value &= ~(_ept ? 3UL << 8 : 0x60UL);
                break;
            default:
                value = _tables.Shape(level, huge: false);
                break;
        }

        _stores++;
        _scene.Store(entry, value);
        _tables.Note(entry);
        _tables.Forget(Math.Min(_flushed[0], _flushed[1]));
    }

    private void Flush(int root)
    {
        if (_ept)
        {
            _scene.Leave();
            Assert.Equal(InvalidateStatus.Done, _scene.Vcpu.InvalidateEpt(1, _tables.Roots[root] | 6 | (3 << 3)));
            Enter();
            _flushed[root] = _tables.Now;
        }
        else
        {
            // An ASID is flushed as a whole, whatever its tables.
            _scene.Leave();
            Enter(flush: true);
            _flushed[0] = _tables.Now;
            _flushed[1] = _tables.Now;
        }
    }

    private void Host()
    {
        switch (_random.Next(6))
        {
            case 0:
                _scene.Vm.UnmapRange(new Gpa(_tables.RandomPage()), L2Scene.Page);
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
                _ = _scene.Vm.Age(new Gpa(StreamTables.Data), StreamTables.DataPages * L2Scene.Page);
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
        _scene.Root = _tables.Roots[_root];
        _scene.Enter(new NestedTag(L2Scene.Tag, flush));
    }
}
