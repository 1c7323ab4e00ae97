// Oracle: the rules that an access broke; a walker names one of them.
using System;

namespace Mmu.Tests.Oracle;

[Flags]
internal enum OracleRules
{
    None = 0,
    NotReadable = 1,
    NotWritable = 2,
    NotExecutable = 4,
    NotUser = 8,
    Smep = 16,
    Smap = 32,
    Key = 64,
    ShadowStack = 128,
    ReservedBit = 256,
    BadRights = 512,
    BadMemoryType = 1024,
}
