// Vmm.Run: control registers of a batch of the differential mode, and how they change.
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Chooses control registers: those that a batch starts with, and changes that keep the paging mode.</summary>
internal sealed class Controls
{
    private readonly CaseRandom _random;
    private readonly RunMode _mode;
    private readonly CpuFeatures _features;

    internal Controls(CaseRandom random, RunMode mode, CpuFeatures features)
    {
        _random = random;
        _mode = mode;
        _features = features;
    }

    /// <summary>Gets CR0.</summary>
    internal ulong Cr0 { get; private set; }

    /// <summary>Gets CR4.</summary>
    internal ulong Cr4 { get; private set; }

    /// <summary>Gets EFER, which stays in a batch.</summary>
    internal ulong Efer { get; private set; }

    /// <summary>Gets PKRU, which stays too.</summary>
    internal uint Pkru { get; private set; }

    /// <summary>Chooses those of a batch.</summary>
    internal void Start()
    {
        Cr0 = ProcessorState.UsualCr0 & ~(_random.Next(4) == 0 ? ControlBits.WriteProtect : 0);
        Cr4 = _mode.Cr4 | Flag(_features.Smep, ControlBits.Smep) | Flag(_features.Smap, ControlBits.Smap) | Flag(_features.GlobalPages, ControlBits.GlobalPages);
        if (_mode == RunMode.Bits32)
        {
            Cr4 |= _random.Next(4) == 0 ? 0 : ControlBits.PageSizeExtensions;
        }

        Efer = _mode.Efer | (_random.Next(8) == 0 ? 0 : ProcessorState.NoExecute);
        Cr4 |= _mode.IsLong ? Flag(_features.Pku, ControlBits.ProtectionKeys) : 0;

        // Key 0 is that of the linear map and of the window.
        Pkru = (Cr4 & ControlBits.ProtectionKeys) == 0 ? 0 : (uint)_random.Next(int.MaxValue) << 2;
    }

    /// <summary>Toggles CR4.PGE.</summary>
    internal void ToggleGlobalPages() => Cr4 ^= ControlBits.GlobalPages;

    /// <summary>Changes one bit, now and then.</summary>
    internal void Change()
    {
        switch (_random.Next(20))
        {
            case 0:
                Cr0 ^= ControlBits.WriteProtect;
                break;
            case 1:
                Cr4 ^= _features.Smep ? ControlBits.Smep : 0;
                break;
            case 2:
                Cr4 ^= _features.Smap ? ControlBits.Smap : 0;
                break;
            case 3 when _mode == RunMode.Bits32:
                Cr4 ^= ControlBits.PageSizeExtensions;
                break;
            case 3 when _mode.IsLong && Pkru != 0:
                // Some processors keep what they checked against keys until they are flushed.
                Cr4 ^= ControlBits.ProtectionKeys | ControlBits.GlobalPages;
                break;
            case 4:
                ToggleGlobalPages();
                break;
        }
    }

    private ulong Flag(bool has, ulong bit) => has && _random.Next(2) == 0 ? bit : 0;
}
