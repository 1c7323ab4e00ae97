// Conformance: seeded samples across everything at once: any guest mode over any second dimension, each entry of either
// kept open or disturbed.
using System;
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class NestedSamples(NestedScene scene, MatrixImage image, Matrix matrix, ulong seed)
{
    private const int WalksPerState = 64;

    private readonly SeededRandom _random = new(seed);

    public void Run(int count)
    {
        var open = new List<(MatrixEntry Entry, ulong Value)>();
        foreach (MatrixEntry entry in image.Entries)
        {
            open.Add((entry, entry.Value));
        }

        List<OracleNested?> controls = NestedPhases.Controls(scene);
        for (int done = 0; done < count; done += WalksPerState)
        {
            OracleCpu cpu = RandomCpu();
            OracleNested nested = controls[_random.Next(controls.Count)]!;

            // Loading PDPTE registers needs tables that are whole.
            Restore(open);
            matrix.Configure(cpu, nested);
            for (int walk = 0; walk < WalksPerState; walk++)
            {
                foreach ((MatrixEntry entry, ulong value) in open)
                {
                    ulong next = _random.Next(10) == 0 ? Disturb(entry, value) : value;
                    if (entry.Value != next)
                    {
                        image.Set(entry, next);
                    }
                }

                OracleAccess access = LegalAccess(cpu);
                matrix.Check($"sample, seed {seed}", cpu, nested, scene.Address, access, update: _random.Next(4) != 0);
            }
        }
    }

    private void Restore(List<(MatrixEntry Entry, ulong Value)> open)
    {
        foreach ((MatrixEntry entry, ulong value) in open)
        {
            image.Set(entry, value);
        }
    }

    private OracleAccess LegalAccess(OracleCpu cpu)
    {
        OracleAccess access;
        do
        {
            access = Accesses.Every[_random.Next(Accesses.Every.Length)];
        }
        while (!Matrix.IsLegal(cpu, access));

        return access;
    }

    // One or two bits of those that mean most, seldom any bit at all.
    private ulong Disturb(MatrixEntry entry, ulong value)
    {
        int bits = entry.Bytes * 8;
        do
        {
            int bit = _random.Next(6) == 0 ? _random.Next(bits) : _random.Next(11);
            value ^= 1UL << bit;
        }
        while (_random.Next(3) == 0);

        return value;
    }

    private OracleCpu RandomCpu()
    {
        OracleCpu cpu = scene.Cpu();
        foreach (int bit in (ReadOnlySpan<int>)[20, 21, 22, 24])
        {
            cpu.Cr4 |= _random.Next(4) == 0 ? 1UL << bit : 0;
        }

        cpu.Cr0 ^= _random.Next(3) == 0 ? 1UL << 16 : 0;
        cpu.Pkru = _random.Next(2) == 0 ? 0 : (uint)_random.Next(4);
        cpu.Pkrs = _random.Next(2) == 0 ? 0 : (uint)_random.Next(4);
        return cpu;
    }
}
