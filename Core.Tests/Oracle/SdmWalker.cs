// Oracle: what a processor does for one access, step by step as the manuals tell it, with no regard for speed and nothing of Core's.
namespace Mmu.Tests.Oracle;

internal static class SdmWalker
{
    // `update` writes accessed and dirty flags to `memory`; without it nothing is written.
    public static OracleResult Walk(OracleCpu cpu, OracleNested? nested, OracleMemory memory, ulong gva, OracleAccess access, bool update)
    {
        OracleMode mode = cpu.Mode();
        ulong linear = gva;
        if (!LinearAddress.TryPrepare(cpu, mode, access, ref linear))
        {
            return new OracleResult { Outcome = OracleOutcome.NonCanonical };
        }

        if (mode == OracleMode.Off)
        {
            var open = new OracleResult
            {
                Gpa = linear,
                PageShift = 12,
                Readable = true,
                Writable = true,
                Executable = true,
                User = true,
                MemoryType = 6,
            };
            return Finish(nested, memory, open, access, userModeAddress: true, update, out _);
        }

        bool pdptesInMemory = nested is { IsEpt: false };
        LegacyPath path = LegacyTables.Walk(cpu, mode, nested, memory, linear, pdptesInMemory, update);
        if (path.SecondFailed)
        {
            return FromSecond(path.Second);
        }

        if (path.Fault != OracleCause.None)
        {
            bool reserved = path.Fault == OracleCause.ReservedBit;
            ulong code = LegacyPermission.ErrorCode(cpu, access, present: reserved, reserved, key: false);
            return PageFault(linear, path, path.Fault, reserved ? OracleRules.ReservedBit : OracleRules.None, code);
        }

        OracleRules broken = LegacyPermission.Refusals(cpu, path, access);
        bool key = LegacyPermission.IsRefusedByKey(cpu, mode, path, access);
        broken |= key ? OracleRules.Key : OracleRules.None;
        if (broken != OracleRules.None)
        {
            ulong code = LegacyPermission.ErrorCode(cpu, access, present: true, reserved: false, key);
            return PageFault(linear, path, OracleCause.Permission, broken, code);
        }

        bool write = access.Kind == OracleKind.Write;
        if (update && nested is { IsEpt: true, EptAccessedDirty: false } &&
            TryRefuseTableWrite(nested, path, write, out OracleResult violation))
        {
            return violation;
        }

        OracleResult result = Describe(cpu, path, linear);
        result = Finish(nested, memory, result, access, path.User, update, out bool ok);
        if (ok && update)
        {
            LegacyTables.SetAccessedAndDirty(memory, path, write);
        }

        return result;
    }

    // MOV to CR3 under PAE: the four registers to be, and whether they may be loaded (Intel SDM "PAE Paging").
    public static OracleResult LoadPdptes(OracleCpu cpu, OracleNested? nested, OracleMemory memory, ulong[] pdptes, bool update)
    {
        ulong table = Bits.Keep(cpu.Cr3, 31, 5);
        for (int i = 0; i < 4; i++)
        {
            ulong address = table + ((ulong)i * 8);
            ulong host = address;
            if (nested is not null)
            {
                SecondResult second =
                    SecondDimension.Translate(nested, memory, address, new SecondAccess { IsTable = true, IsPdpteLoad = true }, update);
                if (second.Outcome != OracleOutcome.Ok)
                {
                    return FromSecond(second);
                }

                host = second.Hpa;
            }

            bool inMemory = memory.TryRead(host, 8, out ulong entry);
            if (!inMemory || (Bits.Has(entry, 0) && LegacyReserved.IsPdpteReserved(cpu.MaxPhyAddr, entry)))
            {
                return new OracleResult
                {
                    Outcome = OracleOutcome.InvalidPdpte,
                    Cause = inMemory ? OracleCause.ReservedBit : OracleCause.OutsideMemory,
                    Rules = inMemory ? OracleRules.ReservedBit : OracleRules.None,
                    Level = 3,
                    EntryAddress = address,
                    EntryValue = entry,
                };
            }

            pdptes[i] = entry;
        }

        return default;
    }

    private static OracleResult Describe(OracleCpu cpu, LegacyPath path, ulong linear)
    {
        int pat = LegacyTables.PatIndex(path);
        return new OracleResult
        {
            Gpa = path.Frame | Bits.Keep(linear, path.PageShift - 1, 0),
            PageShift = path.PageShift,
            Readable = true,
            Writable = path.Writable,
            Executable = !path.NoExecute,
            User = path.User,
            Global = Bits.Has(path.Leaf, 8) && Bits.Has(cpu.Cr4, 7),
            PatIndex = pat,
            MemoryType = MemoryTypes.FromPat(cpu.Pat, pat),
        };
    }

    // The final address goes through the second dimension, if there is one.
    private static OracleResult Finish(OracleNested? nested, OracleMemory memory, OracleResult result, OracleAccess access,
        bool userModeAddress, bool update, out bool ok)
    {
        ok = true;
        result.Hpa = result.Gpa;
        if (nested is null)
        {
            return result;
        }

        var final = new SecondAccess { Kind = access.Kind, UserModeAddress = userModeAddress, GuestSupervisor = !access.User };
        SecondResult second = SecondDimension.Translate(nested, memory, result.Gpa, final, update);
        ok = second.Outcome == OracleOutcome.Ok;
        if (!ok)
        {
            return FromSecond(second);
        }

        result.Hpa = second.Hpa;
        result.PageShift = second.PageShift < result.PageShift ? second.PageShift : result.PageShift;
        result.Readable &= second.Readable;
        result.Writable &= second.Writable;
        result.Executable &= userModeAddress ? second.UserExecutable : second.Executable;
        result.MemoryType = second.IgnorePat ? second.MemoryType : MemoryTypes.Combine(second.MemoryType, result.MemoryType);
        return result;
    }

    // Intel SDM "Accessed and Dirty Flags for EPT" off: setting a guest flag is an ordinary write, which EPT may refuse.
    private static bool TryRefuseTableWrite(OracleNested nested, LegacyPath path, bool write, out OracleResult violation)
    {
        for (int i = 0; i < path.Count; i++)
        {
            LegacyStep step = path.Steps[i];
            bool leaf = i == path.Count - 1;
            bool mustWrite = !Bits.Has(step.Value, 5) || (write && leaf && !Bits.Has(step.Value, 6));
            if (mustWrite && !step.Second.Writable)
            {
                violation = FromSecond(EptTables.TableWriteViolation(nested, step.Second));
                return true;
            }
        }

        violation = default;
        return false;
    }

    private static OracleResult PageFault(ulong linear, LegacyPath path, OracleCause cause, OracleRules rules, ulong code) => new()
    {
        Outcome = OracleOutcome.PageFault,
        Cause = cause,
        Rules = rules,
        Code = code,
        FaultLinear = linear,
        Level = path.Level,
        EntryAddress = path.EntryAddress,
        EntryValue = path.EntryValue,
    };

    private static OracleResult FromSecond(SecondResult second) => new()
    {
        Outcome = second.Outcome,
        Cause = second.Cause,
        Rules = second.Rules,
        Code = second.Code,
        FaultGpa = second.Gpa,
        Dimension = OracleDimension.Second,
        Level = second.Level,
        EntryAddress = second.EntryAddress,
        EntryValue = second.EntryValue,
    };
}
