// Vmm.Run: reproducible choices.
namespace Mmu.Vmm.Run.Compare;

/// <summary>A small generator whose sequence follows from its seed, on every system and in every version.</summary>
internal sealed class CaseRandom
{
    private ulong _state;

    internal CaseRandom(int seed) => _state = (ulong)seed;

    /// <summary>A number from 0 up to, and without, a limit.</summary>
    internal int Next(int limit) => (int)(((Word() >> 32) * (uint)limit) >> 32);

    /// <summary>A number from a first one up to, and without, a limit.</summary>
    internal int Next(int first, int limit) => first + Next(limit - first);

    private ulong Word()
    {
        unchecked
        {
            _state += 0x9E37_79B9_7F4A_7C15;
            ulong word = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            word = (word ^ (word >> 27)) * 0x94D0_49BB_1331_11EB;
            return word ^ (word >> 31);
        }
    }
}
