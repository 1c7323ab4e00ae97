// Conformance: runs phases, walking each combination with the oracle and with the walker under test, and counts.
using System.Collections.Generic;
using System.Text;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class Matrix(MatrixImage image, IMatrixSubject subject)
{
    private const int WalksBetweenFullCompares = 4096;
    private const int MismatchesShown = 8;

    private int _sinceFullCompare;

    public long Count { get; private set; }

    public long Mismatches { get; private set; }

    public List<string> Messages { get; } = [];

    public void Run(MatrixPhase phase)
    {
        var original = new ulong[phase.Varied.Count];
        for (int i = 0; i < original.Length; i++)
        {
            original[i] = phase.Varied[i].Entry.Value;
        }

        foreach (OracleCpu cpu in phase.Cpus)
        {
            foreach (OracleNested? nested in phase.Nested)
            {
                Configure(cpu, nested);
                RunEntries(phase, cpu, nested);
            }
        }

        for (int i = 0; i < original.Length; i++)
        {
            image.Set(phase.Varied[i].Entry, original[i]);
        }

        CompareAll(phase.Name);
    }

    // Puts control state in force; under PAE that reads the PDPTEs, through EPT if there is one, and may set flags there.
    public void Configure(OracleCpu cpu, OracleNested? nested)
    {
        subject.Configure(cpu, nested);
        if (cpu.Mode() == OracleMode.Pae && (nested is null || nested.IsEpt))
        {
            _ = SdmWalker.LoadPdptes(cpu, nested, image.Oracle, new ulong[4], update: true);
        }

        if (!image.SameEntriesThenRestore())
        {
            Mismatches++;
            Messages.Add($"loading the PDPTEs: {Describe(cpu, nested)}");
        }
    }

    // One combination that is in no product; the caller has configured the subject.
    public void Check(string phase, OracleCpu cpu, OracleNested? nested, ulong gva, OracleAccess access, bool update)
    {
        OracleResult expected = SdmWalker.Walk(cpu, nested, image.Oracle, gva, access, update);
        subject.Walk(gva, access, update, out OracleResult actual);
        Count++;
        bool sameResult = Same(expected, actual);
        string memory = sameResult ? "" : DescribeMemory();
        if (!image.SameEntriesThenRestore() || !sameResult)
        {
            Mismatches++;
            if (Messages.Count < MismatchesShown)
            {
                Messages.Add(
                    $"{phase}: {Describe(cpu, nested)} gva {gva:X} {access} update {update}\n" +
                    $"  expected {expected}\n  actual   {actual}\n  {memory}");
            }
        }

        _sinceFullCompare++;
        if (_sinceFullCompare == WalksBetweenFullCompares)
        {
            CompareAll(phase);
        }
    }

    // Shadow stacks exist only with CR0.WP=1; an implicit access is never a fetch.
    public static bool IsLegal(OracleCpu cpu, OracleAccess access) =>
        (!access.ShadowStack || (Bits.Has(cpu.Cr0, 16) && access.Kind != OracleKind.Fetch)) &&
        !(access.Implicit && (access.User || access.Kind == OracleKind.Fetch));

    private void RunEntries(MatrixPhase phase, OracleCpu cpu, OracleNested? nested)
    {
        int count = phase.Varied.Count;
        var digits = new int[count];
        for (int i = 0; i < count; i++)
        {
            image.Set(phase.Varied[i].Entry, phase.Varied[i].Values[0]);
        }

        while (true)
        {
            foreach (ulong gva in phase.Addresses)
            {
                foreach (OracleAccess access in phase.Accesses)
                {
                    if (IsLegal(cpu, access))
                    {
                        foreach (bool update in phase.Updates)
                        {
                            Check(phase.Name, cpu, nested, gva, access, update);
                        }
                    }
                }
            }

            int digit = 0;
            while (digit < count && ++digits[digit] == phase.Varied[digit].Values.Length)
            {
                digits[digit] = 0;
                image.Set(phase.Varied[digit].Entry, phase.Varied[digit].Values[0]);
                digit++;
            }

            if (digit == count)
            {
                return;
            }

            image.Set(phase.Varied[digit].Entry, phase.Varied[digit].Values[digits[digit]]);
        }
    }

    private static bool Same(in OracleResult expected, in OracleResult actual)
    {
        if (expected.Outcome != actual.Outcome)
        {
            return false;
        }

        return expected.Outcome switch
        {
            OracleOutcome.Ok => expected == actual,
            OracleOutcome.NonCanonical => true,
            _ => expected.Code == actual.Code && expected.FaultGpa == actual.FaultGpa && expected.FaultLinear == actual.FaultLinear &&
                expected.Cause == actual.Cause && Names(expected.Rules, actual.Rules) &&
                expected.Dimension == actual.Dimension && expected.Level == actual.Level &&
                expected.EntryAddress == actual.EntryAddress && expected.EntryValue == actual.EntryValue,
        };
    }

    // A walker names one of the rules that were broken.
    private static bool Names(OracleRules broken, OracleRules named) =>
        named == OracleRules.None ? broken == OracleRules.None : (broken & named) == named;

    private void CompareAll(string phase)
    {
        _sinceFullCompare = 0;
        if (!image.SameEverywhere())
        {
            Mismatches++;
            Messages.Add($"{phase}: a byte that is no entry of the path was changed");
        }
    }

    private string DescribeMemory()
    {
        var text = new StringBuilder("entries");
        foreach (MatrixEntry entry in image.Entries)
        {
            _ = image.Oracle.TryRead(entry.Address, entry.Bytes, out ulong after);
            _ = text.Append(null, $" {entry.Address:X}:{entry.Value:X}->{after:X}/{image.Native(entry):X}");
        }

        return text.ToString();
    }

    private static string Describe(OracleCpu cpu, OracleNested? nested)
    {
        string text = $"{cpu.Vendor} M{cpu.MaxPhyAddr} 1G {cpu.Has1G} PSE36 {cpu.HasPse36} LAM {cpu.HasLam}" +
            $" CR0 {cpu.Cr0:X} CR3 {cpu.Cr3:X} CR4 {cpu.Cr4:X} EFER {cpu.Efer:X} PKRU {cpu.Pkru:X} PKRS {cpu.Pkrs:X}";
        if (nested is null)
        {
            return text;
        }

        return nested.IsEpt
            ? $"{text} EPT{nested.EptLevels} M{nested.MaxPhyAddr} 2M {nested.Has2M} 1G {nested.Has1G}" +
                $" AD {nested.EptAccessedDirty} XO {nested.ExecuteOnly} MBEC {nested.Mbec}"
            : $"{text} NPT M{nested.MaxPhyAddr} 1G {nested.Has1G} CR4 {nested.HostCr4:X} EFER {nested.HostEfer:X} GMET {nested.Gmet}";
    }
}
