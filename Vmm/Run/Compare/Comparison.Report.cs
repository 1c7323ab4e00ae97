// Vmm.Run: differences that the differential mode finds, and how it tells of them.
using System;
using System.Collections.Generic;
using Mmu.Addressing;

namespace Mmu.Vmm.Run.Compare;

internal sealed partial class Comparison
{
    private string? CompareTables(byte[] native, byte[] shadowed)
    {
        if (native.AsSpan().SequenceEqual(shadowed))
        {
            return null;
        }

        for (int offset = 0; offset < native.Length; offset += _mode.EntryBytes)
        {
            ulong there = Entries.Load(_mode, native, offset);
            ulong here = Entries.Load(_mode, shadowed, offset);
            if (offset == _mode.WindowIndex * _mode.EntryBytes)
            {
                // The window: shadowed, it is not in the guest's tables but in ours.
                continue;
            }

            if (here != there && here == (there & ~Accessed))
            {
                Tally.EarlyAccessedBits++;
            }
            else if (here != there)
            {
                string entry = $"the entry of level {_mode.Levels - (offset >> 12)} at index {(offset & 4095) / _mode.EntryBytes}";
                return $"natively {entry} is 0x{there:x}, on shadow tables 0x{here:x}";
            }
        }

        return null;
    }

    private void Report(TableState state, List<AccessCase> plan, int round, string difference)
    {
        // States share pages: from now on what they hold says nothing.
        _dataDiffers = true;
        if (++Tally.Differences > DifferencesShown)
        {
            return;
        }

        _output.WriteLine($"DIFFERENCE: {difference}");
        string registers = $"CR3 0x{state.Cr3:x}, EFER 0x{_state.Efer:x}, PKRU 0x{_state.Pkru:x}";
        _output.WriteLine($"  {registers}, address 0x{state.Address:x}; the accesses up to it:");
        for (int i = 0; i <= round; i++)
        {
            _output.WriteLine($"  {i + 1}. {plan[i]}");
        }

        _output.WriteLine(_machine.Vcpu.Walker.Explain(new Gva(state.Address), plan[round].Access).ToString());
        Span<ulong> entries = stackalloc ulong[5];
        int count = _machine.Vcpu.GetWalk(new Gva(state.Address), entries);
        for (int i = 0; i < count; i++)
        {
            _output.WriteLine($"  shadow entry of level {count - i}: 0x{entries[i]:x}");
        }
    }
}
