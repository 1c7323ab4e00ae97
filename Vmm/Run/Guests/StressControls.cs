// Vmm.Run: the memory-stress kernel's calls that change control registers.
using System;
using Mmu.Vmm.Run.Processors;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Emits the calls that change CR0, CR4 and EFER; registers are those of <see cref="StressCalls"/>.</summary>
internal static class StressControls
{
    // The word that processes read.
    private const int Word = 8;

    /// <summary>Writes the page with CR0.WP off: even if it is read-only, or shared until it is written.</summary>
    internal static void EmitWriteReadOnly(KernelCode c, StressLabels labels)
    {
        StressCalls.EntryOf(c);
        c.Load(EAX, EBX);
        c.Test(EAX, 1);
        c.Asm.je(labels.Done);
        c.Set(EAX, StressOptions.Cr0 & ~ControlBits.WriteProtect);
        c.LoadCr0();
        c.Store(EDI, Word, ESI);
        c.Set(EAX, StressOptions.Cr0);
        c.LoadCr0();
    }

    /// <summary>Unmaps the page and flushes by CR4.PGE alone.</summary>
    internal static void EmitFlushGlobal(KernelCode c, StressOptions options)
    {
        StressCalls.EntryOf(c);
        c.Clear(EBX);
        c.Set(EAX, options.Cr4 ^ ControlBits.GlobalPages);
        c.LoadCr4();
        c.Set(EAX, options.Cr4);
        c.LoadCr4();
    }

    /// <summary>Tries what SMEP, SMAP and an EFER without NXE forbid, with them and without.</summary>
    internal static void EmitControls(KernelCode c, StressLabels labels, StressOptions options)
    {
        if (options.Features.Smep)
        {
            WithControl(c, options, ControlBits.Smep, () =>
            {
                c.Set(EAX, StressLayout.ProgramReturn);
                c.Call(EAX);
            });
        }

        if (options.Features.Smap)
        {
            WithControl(c, options, ControlBits.Smap, () => TryRead(c, labels));
        }

        // The NX bits of user pages are reserved now. What the TLB knows of them goes with CR3; the kernel's pages have none.
        if (options.Mode.EntryBytes == 8 && options.Features.NoExecute)
        {
            LoadEfer(c, options.Efer & ~ProcessorState.NoExecute);
            StressCalls.Reload(c);
            TryRead(c, labels);
            LoadEfer(c, options.Efer);
            StressCalls.Reload(c);
        }

        TryRead(c, labels);
    }

    private static void WithControl(KernelCode c, StressOptions options, ulong bit, Action attempt)
    {
        foreach (ulong cr4 in (ReadOnlySpan<ulong>)[options.Cr4 | bit, options.Cr4])
        {
            c.Set(EAX, cr4);
            c.LoadCr4();
            attempt();
        }
    }

    private static void TryRead(KernelCode c, StressLabels labels)
    {
        c.Move(EAX, EDI);
        c.Asm.call(labels.TryRead);
    }

    private static void LoadEfer(KernelCode c, ulong efer)
    {
        c.Set(EAX, efer);
        c.LoadEfer();
    }
}
