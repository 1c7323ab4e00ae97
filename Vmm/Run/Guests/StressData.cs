// Vmm.Run: the memory-stress guest's data.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Offsets of words in the kernel's data, and in the program's.</summary>
internal static class StressData
{
    internal const int Sum = 0;
    internal const int Faults = 8;
    internal const int Cursor = 16;
    internal const int Current = 24;
    internal const int Record = 32;
    internal const int Tables = 40;
    internal const int NextTables = 48;

    /// <summary>The address of a RET, where a fault of the kernel's own leads.</summary>
    internal const int Return = 56;

    /// <summary>Records of processes: CR3; addresses of the tables of level 1 and of the entry of the huge page; that entry while it is split.</summary>
    internal const int Records = 0x100;

    internal const int RecordBytes = 32;
    internal const int RecordCr3 = 0;
    internal const int RecordTables = 8;
    internal const int RecordHugeEntry = 16;
    internal const int RecordHuge = 24;

    /// <summary>The sum of what the program read.</summary>
    internal const int ProgramSum = 0;

    /// <summary>The steps that it has still to make.</summary>
    internal const int ProgramSteps = 8;
}
