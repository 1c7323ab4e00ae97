// Tests: drives the generated walker of a derived mode, which no control state selects.
using System;
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Tests.Derivation;

/// <summary>Drives the generated code of a mode.</summary>
internal sealed unsafe class DerivedWalker
{
    private readonly WalkContext _context;
    private readonly DerivedMemory _memory;
    private SlotView _view;

    public DerivedWalker(WalkCode code, DerivedMemory memory, DerivedCpu cpu, ulong root, ulong largeMask)
    {
        _memory = memory;
        _view = new SlotView(memory.Slots.Table);
        _context = new WalkContext
        {
            Code = code,
            Root = root,
            Style = FaultStyle.PageFault,
            ReportsFetch = !cpu.NoExecuteOff || cpu.Smep,
            LargeMask = cpu.Pse ? largeMask : 0,
        };
        ReservedInputs inputs = new()
        {
            PhysicalAddressBits = cpu.PhysicalAddressBits,
            Amd = cpu.Amd,
            NoExecuteOff = cpu.NoExecuteOff,
            No1GPages = cpu.No1GPages,
        };
        code.FillReserved(inputs, ref _context.Reserved);
        LegacyRules rules = new() { WriteProtect = cpu.WriteProtect, Smep = cpu.Smep, Smap = cpu.Smap };
        PermissionRules.FillLegacy(ref _context.Plans, rules);
        WalkContextBuilder.FillMasks(_context, code.DirtyMask);
    }

    public WalkResult Walk(ulong address, Access access) => Run(_context.Code.Walk, address, access);

    public WalkResult Peek(ulong address, Access access) => Run(_context.Code.Peek, address, access);

    /// <summary>Walks as a debugger; the entries that were read.</summary>
    public WalkResult Trace(ulong address, Access access, List<WalkStep> steps)
    {
        WalkResult result = default;
        TraceReader reader = new(steps, _view, second: null, isSecond: false);
        _ = _context.Code.Trace(_context, ref reader, address, access.Bits, ref result);
        return result;
    }

    /// <summary>Walks behind an EPT that maps the lowest 512 GiB to themselves.</summary>
    public WalkResult WalkNested(ulong address, Access access)
    {
        Span<ulong> tables = _memory.Apart;
        tables[0] = (DerivedMemory.ApartBase + 0x1000) | 7;
        for (int i = 0; i < 512; i++)
        {
            tables[512 + i] = ((ulong)i << 30) | 0xB7;
        }

        _context.Second = new WalkContext();
        var ept = new EptControl { EptPointer = DerivedMemory.ApartBase | 0x1E };
        Assert(WalkContextBuilder.FillEpt(_context.Second, ept) == ControlStateStatus.Legal);
        WalkResult result = Run(_context.Code.WalkNested, address, access);
        _context.Second = null;
        return result;
    }

    /// <summary>Classifies one entry.</summary>
    public EntryClass Classify(int level, ulong entry, out ulong address) => _context.Code.Classify(_context, level, entry, out address);

    private static void Assert(bool condition) => Xunit.Assert.True(condition);

    private WalkResult Run(delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> walk, ulong address, Access access)
    {
        WalkResult result = default;
        ulong found = walk(_context, ref _view, address, access.Bits, ref result);
        Assert(found == (result.IsTranslated ? result.GpaValue : WalkLimits.NoAddress));
        return result;
    }
}
