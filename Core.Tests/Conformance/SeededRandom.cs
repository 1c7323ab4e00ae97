// Conformance: pseudo-random numbers that a seed repeats on every machine and runtime.
namespace Mmu.Tests.Conformance;

internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = (seed * 0x9E3779B97F4A7C15) | 1;

    public ulong NextBits()
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return _state * 0x2545F4914F6CDD1D;
    }

    public int Next(int below) => (int)((NextBits() >> 32) % (ulong)below);
}
