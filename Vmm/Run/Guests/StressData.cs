// Vmm.Run: the memory-stress guest's kernel data.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Offsets in the kernel's data page.</summary>
internal static class StressData
{
    internal const int Sum = 0;
    internal const int Faults = 8;
    internal const int Cursor = 16;
    internal const int Current = 24;
    internal const int Record = 32;
    internal const int Tables = 40;
    internal const int NextTables = 48;

    /// <summary>Records of processes: CR3, tables of level 1, table of level 2, the huge entry while it is split.</summary>
    internal const int Records = 0x100;

    internal const int RecordBytes = 32;
    internal const int RecordCr3 = 0;
    internal const int RecordTables = 8;
    internal const int RecordDirectory = 16;
    internal const int RecordHuge = 24;
}
