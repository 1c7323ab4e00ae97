// Rows: plays a row with any walker that speaks the oracle's types, and compares results and every byte of memory.
using System;
using System.Collections.Generic;
using Xunit;

namespace Mmu.Tests.Oracle;

internal static class WalkCaseRunner
{
    internal delegate OracleResult Walker(
        OracleCpu cpu, OracleNested? nested, OracleMemory memory, ulong gva, OracleAccess access, bool update);

    public static void Run(WalkCase row, Walker walk)
    {
        var memory = new OracleMemory();
        foreach (WalkSlot slot in row.Slots)
        {
            _ = memory.Add(slot.Address, slot.Size, slot.ReadOnly);
        }

        for (int i = 0; i < row.Steps.Count; i++)
        {
            WalkStep step = row.Steps[i];
            string where = $"{row.Name}, access {i + 1}: {step.Access}";
            foreach (WalkPoke poke in step.Pokes)
            {
                memory.Poke(poke.Address, poke.Bytes, poke.Value);
            }

            List<byte[]> expected = ExpectedMemory(memory, step.Expectation);
            OracleResult result = walk(step.Cpu, step.Nested, memory, step.Gva, step.Access, step.Update);
            Compare(where, step.Expectation, result);
            for (int slot = 0; slot < expected.Count; slot++)
            {
                bool same = expected[slot].AsSpan().SequenceEqual(memory.Slots[slot].Bytes);
                Assert.True(same, $"{where}: memory {FirstDifference(expected[slot], memory.Slots[slot])}");
            }
        }
    }

    private static List<byte[]> ExpectedMemory(OracleMemory memory, WalkExpectation expectation)
    {
        var before = new List<byte[]>();
        foreach (OracleSlot slot in memory.Slots)
        {
            before.Add((byte[])slot.Bytes.Clone());
        }

        foreach ((ulong address, ulong bits) in expectation.Sets)
        {
            for (int slot = 0; slot < memory.Slots.Count; slot++)
            {
                ulong offset = address - memory.Slots[slot].Address;
                if (offset < (ulong)before[slot].Length)
                {
                    // Accessed and dirty flags lie in the low two bytes of every format.
                    before[slot][offset] |= (byte)bits;
                    before[slot][offset + 1] |= (byte)(bits >> 8);
                }
            }
        }

        return before;
    }

    private static void Compare(string where, WalkExpectation expected, OracleResult result)
    {
        Assert.True(expected.Outcome == result.Outcome, $"{where}: expected {expected.Outcome}, got {result}");
        Same(where, "code", expected.Code, result.Code);
        Same(where, "gpa", expected.Gpa, result.Gpa);
        Same(where, "hpa", expected.Hpa, result.Hpa);
        Same(where, "page shift", expected.PageShift, result.PageShift);
        Same(where, "global", expected.Global, result.Global);
        Same(where, "PAT index", expected.PatIndex, result.PatIndex);
        Same(where, "memory type", expected.MemoryType, result.MemoryType);
        Same(where, "fault gpa", expected.FaultGpa, result.FaultGpa);
        Same(where, "level", expected.Level, result.Level);
        Same(where, "entry address", expected.EntryAddress, result.EntryAddress);
        if (expected.Rights is not null)
        {
            string rights = (result.Readable ? "R" : "") + (result.Writable ? "W" : "") +
                (result.Executable ? "X" : "") + (result.User ? "U" : "");
            Assert.True(expected.Rights == rights, $"{where}: rights {expected.Rights}, got {rights}");
        }
    }

    private static void Same<T>(string where, string what, T? expected, T actual)
        where T : struct => Assert.True(expected is null || expected.Value.Equals(actual), $"{where}: {what} {expected:X}, got {actual:X}");

    private static string FirstDifference(byte[] expected, OracleSlot actual)
    {
        int at = expected.AsSpan().CommonPrefixLength(actual.Bytes);
        return at == expected.Length ? "same" : $"at {actual.Address + (ulong)at:X}h {expected[at]:X2}, got {actual.Bytes[at]:X2}";
    }
}
