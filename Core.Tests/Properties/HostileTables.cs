// Generates hostile guests for properties: a mode, a second dimension and a seed, which is all that a failure has to name.
using System;
using CsCheck;
using Mmu.Tests.Walk;

namespace Mmu.Tests.Properties;

internal static class HostileTables
{
    internal static void Hold(int guests, Action<HostileGuest> property) =>
        Gen.Select(Gen.Enum<GuestMode>(), Gen.Enum<SecondMode>(), Gen.ULong).Sample(
            (mode, second, seed) =>
            {
                using HostileGuest guest = new(mode, second, seed);
                property(guest);
            },
            iter: Long ? 20 * guests : guests,
            threads: 1);

    private static bool Long => Environment.GetEnvironmentVariable("MMU_LONG") == "1";
}
