// Vm: the tables that a processor walks, in words.
using System.Globalization;
using System.Text;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Vm;

/// <summary>
/// Writes what a root maps: one line for adjacent pages that follow each other with the same rights. Bounded in lines and tables, as tables that share
/// others can describe more than anyone can read. Under the lock, for itself.
/// </summary>
internal sealed class TableDump(VmCore core, StringBuilder text, int mostLines)
{
    private const int MostTables = 4096;

    private int _lines;
    private int _tables;

    // The pages that the next one may continue.
    private ulong _start;
    private ulong _end;
    private ulong _first;
    private ulong _next;
    private int _level;

    // Something was left out.
    private bool _isCut;

    /// <summary>Writes what the root of a vCPU maps.</summary>
    internal void Write(Vcpu vcpu, TdpOptions? tdp)
    {
        if (vcpu.RunsOnTdp || vcpu.RunsNested)
        {
            (TdpFormat format, int levels) = vcpu.RunsNested ? (FormatOf(vcpu.NestedRole.Form), vcpu.NestedRole.Level) : (tdp!.Format, tdp.Levels);
            Nested(vcpu.RootAddress, format, levels);
            return;
        }

        switch (vcpu.Role.Mode)
        {
            case GuestMode.Long5:
                Root<LegacySpte>(vcpu.RootAddress, 5);
                break;
            case GuestMode.Long4:
                Root<LegacySpte>(vcpu.RootAddress, 4);
                break;
            default:
                Root<PaeSpte>(vcpu.RootAddress, 3);
                break;
        }
    }

    private static TdpFormat FormatOf(SpteForm form) => form switch
    {
        SpteForm.Ept => TdpFormat.Ept,
        SpteForm.EptNoAccessedDirty => TdpFormat.EptNoAccessedDirty,
        _ => TdpFormat.Npt,
    };

    private void Nested(ulong root, TdpFormat format, int levels)
    {
        switch (format)
        {
            case TdpFormat.Ept:
                Root<EptSpte>(root, levels);
                break;
            case TdpFormat.EptNoAccessedDirty:
                Root<EptNoAdSpte>(root, levels);
                break;
            default:
                Root<NptSpte>(root, levels);
                break;
        }
    }

    private void Root<TFormat>(ulong root, int levels)
        where TFormat : ISpteFormat
    {
        _level = 0;
        if (levels == 3)
        {
            // Four entries, which lie outside the table pages.
            PaeRoot pae = core.Tables.PaeRootAt(root);
            for (int i = 0; pae != PaeRoot.None && i < 4 && !_isCut; i++)
            {
                Entry<TFormat>(core.Tables.Load(pae, i), 3, (ulong)i << 30);
            }
        }
        else if (core.Tables.TryPageOf(root >> 12, out PageHandle page))
        {
            Table<TFormat>(page, levels, 0);
        }

        Flush<TFormat>();
        if (_isCut)
        {
            _ = text.Append("    … more\n");
        }
    }

    private void Table<TFormat>(PageHandle page, int level, ulong address)
        where TFormat : ISpteFormat
    {
#if MMU_FAULT_261
        if (_tables++ == int.MaxValue)
#else
        if (_tables++ == MostTables)
#endif
        {
            _isCut = true;
            return;
        }

        PtPage words = core.Tables[page];
        for (int i = 0; i < PtPage.WordCount && !_isCut; i++)
        {
            Entry<TFormat>(words.Load(i), level, address | ((ulong)i * PageLevel.FramesOf(level) << 12));
        }
    }

    private void Entry<TFormat>(ulong spte, int level, ulong address)
        where TFormat : ISpteFormat
    {
        if (!Spte.IsPresent(spte))
        {
            return;
        }

        if (Spte.IsLeaf(spte, level))
        {
            Leaf<TFormat>(spte, level, address);
        }
        else if (core.Tables.TryPageOf(Spte.FrameOf(core.SpteHost, spte) >> 12, out PageHandle page))
        {
            Table<TFormat>(page, level - 1, address);
        }
    }

    private void Leaf<TFormat>(ulong spte, int level, ulong address)
        where TFormat : ISpteFormat
    {
        ulong bytes = PageLevel.FramesOf(level) << 12;
        if (level != _level || spte != _next || address != _end)
        {
            Flush<TFormat>();
#if MMU_FAULT_260
            if (_lines == mostLines + 1)
#else
            if (_lines == mostLines)
#endif
            {
                _isCut = true;
                return;
            }

            _start = address;
            _first = spte;
            _level = level;
        }

        _end = address + bytes;
        _next = spte + bytes;
    }

    private void Flush<TFormat>()
        where TFormat : ISpteFormat
    {
        if (_level != 0)
        {
            _lines++;
            _ = text.Append(CultureInfo.InvariantCulture, $"    {Canonical(_start):x16}-{Canonical(_end - 1):x16} level {_level}: {TFormat.Describe(_first, _level)}\n");
            _level = 0;
        }
    }

    // Addresses of four levels have bit 47 in all bits above it; those of a guest's memory end below it.
    private static ulong Canonical(ulong address) => (address >> 47) == 1 ? address | 0xFFFF_0000_0000_0000 : address;
}
