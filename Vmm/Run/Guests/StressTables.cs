// Vmm.Run: the memory-stress guest's page tables as they are before it starts.
using System;
using System.Buffers.Binary;
using Mmu.Vmm.Run.Compare;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Writes the kernel's address space and those of the processes.</summary>
internal sealed class StressTables
{
    private const ulong NoExecute = 1UL << 63;
    private const ulong ReadOnly = 5;
    private const ulong Writable = 7;
    private const ulong KernelHuge = 0x183;
    private const ulong UserHuge = 0x87;

    private readonly StressOptions _options;
    private readonly RunMode _mode;
    private readonly ulong _data;

    /// <summary>Describes tables.</summary>
    /// <param name="options">The guest.</param>
    internal StressTables(StressOptions options)
    {
        _options = options;
        _mode = options.Mode;
        _data = _mode.EntryBytes == 8 ? Writable | NoExecute : Writable;
    }

    /// <summary>Gets the offset of the kernel's root.</summary>
    internal ulong Root => _mode.Levels == 5 ? StressLayout.Root5 : StressLayout.Root;

    /// <summary>Writes the tables, and what the kernel keeps of each process.</summary>
    internal void Write(Span<byte> memory)
    {
        WriteKernel(memory);
        for (int process = 0; process < _options.Processes; process++)
        {
            WriteProcess(memory, process);
        }
    }

    private static void StoreWord(Span<byte> memory, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(memory[offset..], value);

    // All of guest memory and the device, in huge pages that are global.
    private void WriteKernel(Span<byte> memory)
    {
        ulong table = Root;
        for (int level = _mode.Levels; level > 2; level--)
        {
            ulong next = level == 5 ? StressLayout.Root : level == 4 ? StressLayout.LinearTable3 : StressLayout.LinearTable2;
            Store(memory, table, _mode.IndexOf(_options.Linear, level), _mode.TableEntry(level, HostLayout.GuestMemory + next));
            table = next;
        }

        int first = _mode.IndexOf(_options.Linear, 2);
        Store(memory, table, first, (HostLayout.Device & ~(_options.HugeBytes - 1)) | KernelHuge);
        for (ulong address = HostLayout.GuestMemory; address < HostLayout.GuestMemory + _options.MemoryBytes; address += _options.HugeBytes)
        {
            Store(memory, table, first + (int)(address / _options.HugeBytes), address | KernelHuge);
        }
    }

    private void WriteProcess(Span<byte> memory, int process)
    {
        ulong root = StressLayout.Tables + ((ulong)process * _options.TableBytes);
        memory.Slice((int)Root, 4096).CopyTo(memory[(int)root..]);
        ulong table = root;
        for (int level = _mode.Levels; level > 2; level--, table += 4096)
        {
            Link(memory, table, level, StressLayout.User, table + 4096);
        }

        // Now the table of level 2.
        ulong program = root + _options.ProgramTable;
        ulong split = program + 4096;
        ulong tables = split + 4096;
        ulong huge = HostLayout.GuestMemory + _options.HugeOffset + ((ulong)process * _options.HugeBytes);
        Store(memory, table, _mode.IndexOf(StressLayout.Huge, 2), huge | UserHuge | (_data & NoExecute));
        Link(memory, table, 2, StressLayout.Program, program);
        Store(memory, program, 0, (HostLayout.GuestMemory + StressLayout.UserCode) | ReadOnly);
        Store(memory, program, 1, (HostLayout.GuestMemory + StressLayout.UserData) | _data);
        for (int i = 0; i < _options.Tables; i++)
        {
            ulong own = tables + ((ulong)i * 4096);
            Link(memory, table, 2, StressLayout.User + ((ulong)i * _options.HugeBytes), own);
            Store(memory, program, _mode.IndexOf(StressLayout.OwnTables, 1) + i, (HostLayout.GuestMemory + own) | _data);
        }

        for (int i = 0; i < _options.EntriesPerTable; i++)
        {
            Store(memory, split, i, (huge + ((ulong)i * 4096)) | _data);
        }

        int record = (int)StressLayout.Data + StressData.Records + (process * StressData.RecordBytes);
        int hugeEntry = _mode.IndexOf(StressLayout.Huge, 2) * _mode.EntryBytes;
        StoreWord(memory, record + StressData.RecordCr3, HostLayout.GuestMemory + root);
        StoreWord(memory, record + StressData.RecordTables, _options.LinearOf(tables));
        StoreWord(memory, record + StressData.RecordHugeEntry, _options.LinearOf(table + (ulong)hugeEntry));
    }

    private void Link(Span<byte> memory, ulong table, int level, ulong address, ulong next) =>
        Store(memory, table, _mode.IndexOf(address, level), _mode.TableEntry(level, HostLayout.GuestMemory + next));

    private void Store(Span<byte> memory, ulong table, int index, ulong value) =>
        Entries.Store(_mode, memory, (int)table + (index * _mode.EntryBytes), value);
}
