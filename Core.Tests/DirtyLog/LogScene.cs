// Dirty log tests: a shadow scene of which some memory is mapped, with what was harvested as page addresses.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Vm;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.DirtyLog;

/// <summary>A 4-level guest: linear addresses from <see cref="Linear"/> on map <see cref="Pages"/> pages from <see cref="ShadowScene.Data"/> on.</summary>
internal sealed class LogScene : IDisposable
{
    internal const ulong Linear = 0x80_0000;
    internal const int Pages = 64;

    internal LogScene(GuestMode mode = GuestMode.Long4, int vcpus = 1)
    {
        Scene = new ShadowScene(mode, vcpus: vcpus);
        for (ulong i = 0; i < Pages; i++)
        {
            Scene.Tables.Map(Linear + (i << 12), ShadowScene.Data + (i << 12), 0x67);
        }

        foreach (SceneCpu cpu in Scene.Cpus)
        {
            cpu.Load(Scene.State);
        }
    }

    internal ShadowScene Scene { get; }

    internal SceneCpu Cpu => Scene.Cpu;

    internal MmuVm Vm => Scene.Vm;

    internal DirtyLogSession Start(DirtyLogOptions? options = null) => Vm.StartDirtyLog(new Gpa(0), options);

    /// <summary>The pages that a session reports.</summary>
    internal static List<ulong> Harvest(DirtyLogSession log)
    {
        ulong[] bitmap = new ulong[log.Words];
        ulong count = log.Harvest(bitmap);
        List<ulong> pages = PagesOf(log, bitmap);
        Xunit.Assert.Equal(count, (ulong)pages.Count);
        return pages;
    }

    internal static List<ulong> Get(DirtyLogSession log)
    {
        ulong[] bitmap = new ulong[log.Words];
        _ = log.Get(0, bitmap);
        return PagesOf(log, bitmap);
    }

    internal static List<ulong> PagesOf(DirtyLogSession log, ReadOnlySpan<ulong> bitmap)
    {
        List<ulong> pages = [];
        for (ulong page = 0; page < log.Pages; page++)
        {
            if ((bitmap[(int)(page / 64)] & (1UL << (int)(page % 64))) != 0)
            {
                pages.Add(log.SlotBase.Value + (page << 12));
            }
        }

        return pages;
    }

    /// <summary>The page of the guest's table of a level that maps an address.</summary>
    internal ulong TableOf(ulong gva, int level) => Scene.Tables.AddressOf(gva, level) & ~0xFFFUL;

    public void Dispose() => Scene.Dispose();
}
