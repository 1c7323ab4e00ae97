// Nested judge: host physical memory as a processor sees it whose frames are addresses of this process.
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Nested;

/// <summary>Runs of memory of this process; an access outside ends the test, as a processor led there would be out of its virtual machine.</summary>
internal sealed unsafe class ProcessMemory : OracleMemory
{
    private readonly List<(ulong First, ulong Bytes)> _runs = [];

    internal void Allow(nuint address, ulong bytes) => _runs.Add((address, bytes));

    public override bool TryRead(ulong address, int bytes, out ulong value)
    {
        Require(address);
        value = bytes == 4 ? Volatile.Read(ref Unsafe.AsRef<uint>((void*)address)) : Volatile.Read(ref Unsafe.AsRef<ulong>((void*)address));
        return true;
    }

    public override void SetBits(ulong address, int bytes, ulong bits)
    {
        Require(address);
        if (bytes == 4)
        {
            _ = Interlocked.Or(ref Unsafe.AsRef<uint>((void*)address), (uint)bits);
        }
        else
        {
            _ = Interlocked.Or(ref Unsafe.AsRef<ulong>((void*)address), bits);
        }
    }

    private void Require(ulong address)
    {
        foreach ((ulong first, ulong length) in _runs)
        {
            if (address - first < length)
            {
                return;
            }
        }

        throw new JudgeException($"The processor was led to {address:x}, outside the virtual machine.");
    }
}
