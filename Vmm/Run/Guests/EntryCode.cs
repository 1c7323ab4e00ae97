// Vmm.Run: a guest's operations on entries of its page tables, which under PAE paging are two words long.
using Iced.Intel;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Adds operations on page-table entries. A present entry's high word is NX or nothing.</summary>
internal class EntryCode : WordCode
{
    /// <summary>Present, writable, for ring 3.</summary>
    internal const int AllRights = 7;

    private const int HighWord = 4;
    private const ulong NoExecute = 1UL << 63;

    internal EntryCode(RunMode mode)
        : base(mode)
    {
    }

    // PAE paging in 32-bit mode.
    private bool HasHighWord => Mode.EntryBytes > WordBytes;

    /// <summary>Turns an entry's number into its offset in a table.</summary>
    internal void Scale(Register number) => ShiftLeft(number, Mode.EntryBytes == 8 ? 3 : 2);

    /// <summary>Empties the entry at an address. Changes EAX.</summary>
    internal void Clear(Register entry)
    {
        Set(EAX, 0);
        Store(entry, 0, EAX);
        if (HasHighWord)
        {
            Store(entry, HighWord, EAX);
        }
    }

    /// <summary>Maps the frame in <paramref name="frame"/> with all rights but that to execute. Changes ECX.</summary>
    internal void StoreLeaf(Register entry, Register frame)
    {
        if (HasHighWord)
        {
            Set(ECX, NoExecute >> 32);
            Store(entry, HighWord, ECX);
        }

        Set(ECX, Mode.IsLong ? NoExecute : 0);
        Or(ECX, frame);
        Or(ECX, AllRights);
        Store(entry, 0, ECX);
    }

    /// <summary>Makes an entry name the table in EAX. Changes EAX.</summary>
    internal void StoreTable(Register entry)
    {
        Or(EAX, AllRights);
        Store(entry, 0, EAX);
        if (HasHighWord)
        {
            Set(EAX, 0);
            Store(entry, HighWord, EAX);
        }
    }

    /// <summary>Copies an entry, its present bit last. Changes EAX.</summary>
    internal void Copy(Register from, int fromOffset, Register to, int toOffset)
    {
        CopyHigh(from, fromOffset, to, toOffset);
        Load(EAX, from, fromOffset);
        Store(to, toOffset, EAX);
    }

    /// <summary>Copies the half of an entry that has no rights of ring 3, if that is a word of its own. Changes EAX.</summary>
    internal void CopyHigh(Register from, int fromOffset, Register to, int toOffset)
    {
        if (HasHighWord)
        {
            Load(EAX, from, fromOffset + HighWord);
            Store(to, toOffset + HighWord, EAX);
        }
    }

    /// <summary>Exchanges two entries. Changes EAX and ECX.</summary>
    internal void Exchange(Register entry, Register other)
    {
        for (int word = Mode.EntryBytes - WordBytes; word >= 0; word -= WordBytes)
        {
            Load(EAX, entry, word);
            Load(ECX, other, word);
            Store(entry, word, ECX);
            Store(other, word, EAX);
        }
    }

    /// <summary>Adds an entry to the sum in EAX, but for its accessed bit, which a processor may set early. Changes EDX.</summary>
    internal void AddEntry(Register entry)
    {
        for (int word = 0; word < Mode.EntryBytes; word += WordBytes)
        {
            Load(EDX, entry, word);
            And(EDX, ~0x20);
            RotateLeft(EAX, 7);
            Add(EAX, EDX);
        }
    }

    /// <summary>Turns an entry into the address of its frame.</summary>
    internal void FrameOf(Register entry)
    {
        int unused = Mode.IsLong ? 12 : 0;
        ShiftLeft(entry, unused);
        ShiftRight(entry, unused + 12);
        ShiftLeft(entry, 12);
    }
}
