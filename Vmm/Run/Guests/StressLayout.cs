// Vmm.Run: where the memory-stress guest keeps what.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Addresses of the memory-stress guest: offsets in its memory, and linear addresses, all of them in one gigabyte.</summary>
internal static class StressLayout
{
    internal const ulong Root = 0;
    internal const ulong LinearTable3 = 0x1000;
    internal const ulong LinearTable2 = 0x2000;
    internal const ulong UserData = 0x3000;
    internal const ulong Descriptors = 0x4000;
    internal const ulong Data = 0x5000;
    internal const ulong EmptyRoot = 0x6000;
    internal const ulong StackTop = 0x8000;
    internal const ulong KernelCode = 0x8000;
    internal const ulong UserCode = 0xC000;
    internal const ulong Root5 = 0xF000;
    internal const ulong Tables = 0x1_0000;

    /// <summary>Pages of a process.</summary>
    internal const ulong User = 0x4000_0000;

    /// <summary>Its huge page.</summary>
    internal const ulong Huge = 0x6000_0000;

    /// <summary>Its code, one page. Whatever the kernel refuses, the program goes on at its beginning.</summary>
    internal const ulong Program = 0x7000_0000;

    /// <summary>A RET in its code.</summary>
    internal const ulong ProgramReturn = Program + ReturnOffset;

    /// <summary>The program's data, one page, the same in all processes.</summary>
    internal const ulong ProgramData = Program + 0x1000;

    /// <summary>The process's own tables of level 1, as pages of the program.</summary>
    internal const ulong OwnTables = Program + 0x2000;

    /// <summary>Where the RET lies in the page.</summary>
    internal const int ReturnOffset = 0xFF8;
}
