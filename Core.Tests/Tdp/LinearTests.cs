// TDP judge: what threads do to the tables at once must come out as if they had done it one after the other.
using System;
using System.Collections.Concurrent;
using CsCheck;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class LinearTests
{
    private const int Iterations = 20;
    private const int LongFactor = 50;

    private static readonly Gen<(uint Step, int Place)> _at = Gen.Select(Gen.UInt, Gen.Int[0, LinearTables.Places - 1]);

    [Theory]
    [InlineData(TdpFormat.Ept)]
    [InlineData(TdpFormat.EptNoAccessedDirty)]
    [InlineData(TdpFormat.Npt)]
    public void ParallelStepsAreAsIfOneCameAfterTheOther(TdpFormat format)
    {
        ConcurrentBag<LinearTables> all = [];
        Gen<LinearTables> fresh = Gen.Const(0).Select(_ =>
        {
            LinearTables tables = new(format);
            all.Add(tables);
            return tables;
        });
        try
        {
            fresh.SampleParallel(
                [
                    _at.Operation<LinearTables>(at => $"read {at.Place}", (tables, at) => tables.Fault(at.Place, write: false)),
                    _at.Operation<LinearTables>(at => $"write {at.Place}", (tables, at) => tables.Fault(at.Place, write: true)),
                    _at.Operation<LinearTables>(at => $"unmap {at.Place}", (tables, at) => tables.Unmap(at.Place)),
                    _at.Operation<LinearTables>(at => $"protect {at.Place}", (tables, at) => tables.Protect(at.Place)),
                    _at.Operation<LinearTables>(at => $"walk {at.Place}", (tables, at) => tables.Note(at.Step, tables.StateOf(at.Place))),
                    _at.Operation<LinearTables>(_ => "split", (tables, _) => tables.Split()),
                ],
                equal: LinearTables.AreEqual,
                iter: Iterations * Factor,
                maxSequentialOperations: 6,
                maxParallelOperations: 5,
                threads: 2);
            foreach (LinearTables tables in all)
            {
                Assert.Null(tables.Audit());
            }
        }
        finally
        {
            foreach (LinearTables tables in all)
            {
                tables.Dispose();
            }
        }
    }

    private static int Factor => Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? LongFactor : 1;
}
