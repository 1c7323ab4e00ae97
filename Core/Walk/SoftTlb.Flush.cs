// Walk: what empties the software TLB. All of it on its vCPU's thread.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

public sealed partial class SoftTlb
{
    // Generations fill the bits of a tag that no address needs.
    private const ulong LastGeneration = SmallMask;

    private readonly SoftTlbContexts _contexts = new();
    private ulong _generation;

    // 0, or which nested guest runs.
    private ulong _guest;

    // Addresses of pages that are here in pieces, from the first to the last byte: a flush of one piece must take all of them.
    private ulong _splintersFrom = ulong.MaxValue;
    private ulong _splintersTo;

    /// <summary>True while the vCPU is in guest.</summary>
    internal bool IsOpen
    {
        set => _isOpen = value;
    }

    /// <summary>Drops everything: takes a generation that no entry has.</summary>
    internal void FlushAll()
    {
        _contexts.Clear();
        _splintersFrom = ulong.MaxValue;
        _splintersTo = 0;
        _slot = null;
        Select();
    }

    /// <summary>An INVLPG: drops the translations of an address, in all address spaces.</summary>
    internal void DropPage(Gva address)
    {
        ulong gva = address.Value;
        if (gva >= _splintersFrom && gva <= _splintersTo)
        {
            FlushAll();
            return;
        }

        for (uint space = 0; space < EmptySpace; space++)
        {
            Drop(SmallEntry(space, gva), gva, SmallMask);
#if !MMU_FAULT_115
            Drop(LargeEntry(space, gva), gva, LargeMask);
#endif
        }
    }

    /// <summary>The guest dropped the translations of a PCID.</summary>
    internal void DropPcid(ulong pcid)
    {
        _contexts.ForgetPcid(pcid, _guest);
        Select();
    }

    /// <summary>A MOV to CR3 was made with paging on.</summary>
    /// <param name="keeps">Bit 63: translations of the PCID stay.</param>
    internal void Cr3Loaded(bool keeps)
    {
        if (!_walker.HasPcids)
        {
            FlushAll();
        }
        else if (keeps)
        {
            Select();
        }
        else
        {
            DropPcid(_walker.Cr3 & ControlBits.Cr3Pcid);
        }
    }

    /// <summary>Another guest runs: 0 for the guest itself, else one more than the VPID or ASID of a guest of its own.</summary>
    internal void SwitchGuest(ulong guest)
    {
        _guest = guest;
        Select();
    }

    /// <summary>Drops what belongs to nested guests: one (as for <see cref="SwitchGuest"/>) or all, behind one root or any or none.</summary>
    internal void DropNested(ulong? guest, ulong? second)
    {
        _contexts.ForgetNested(guest, second);
        Select();
    }

    /// <summary>Sees another address space's slots from now on.</summary>
    internal void SwitchMemory(SlotRecords slots)
    {
        _slots = slots;
        FlushAll();
    }

    /// <summary>Puts the generation of the registers' address space in force; a new one if it is not known.</summary>
    internal void Select()
    {
        ref readonly ControlState state = ref _walker.State;
        ulong keys = ((state.Cr4 & ControlBits.Cr4Pke) != 0 ? state.Pkru : 0UL) | ((state.Cr4 & ControlBits.Cr4Pks) != 0 ? (ulong)state.Pkrs << 32 : 0);
#if MMU_FAULT_235
        SoftTlbSpace space = new(_walker.Cr3, keys, Guest: 0, Second: 0);
#else
        SoftTlbSpace space = new(_walker.Cr3, keys, _guest, _guest == 0 ? 0 : _walker.Context.Second?.Root ?? 1);
#endif
        ulong generation = _contexts.Find(space);
        if (generation == 0)
        {
            generation = NextGeneration();
            _contexts.Add(space, generation);
        }

        _words[0] = generation;
    }

    /// <summary>Gives its memory back; it must not be used any more.</summary>
    internal void Release()
    {
        _isOpen = false;
        _arena.Free(_words);
        _words = default;
    }

    // Only once in 4095 times everything is really emptied.
    private ulong NextGeneration()
    {
        if (_generation == LastGeneration)
        {
            _words.Slice(0, (int)_words.Length).Clear();
            _contexts.Clear();
            _generation = 0;
        }

        return ++_generation;
    }

    private void NoteSplinter(ulong gva, int shift)
    {
        ulong mask = (1UL << shift) - 1;
        _splintersFrom = Math.Min(_splintersFrom, gva & ~mask);
        _splintersTo = Math.Max(_splintersTo, gva | mask);
    }

    private void Drop(ulong entry, ulong gva, ulong pageMask)
    {
        foreach (ref ulong tag in _words.Slice(entry, Kinds))
        {
            if (((tag ^ gva) & ~pageMask) == 0)
            {
                tag = 0;
            }
        }
    }
}
