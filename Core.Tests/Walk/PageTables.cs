// Builds page tables in a test's guest memory.
using Mmu.Tests.Guest;

namespace Mmu.Tests.Walk;

internal sealed class PageTables
{
    private const ulong Frame = 0x000F_FFFF_FFFF_F000;

    private readonly TestGuest _guest;
    private ulong _free;

    internal PageTables(TestGuest guest, TableShape shape, ulong firstTable)
    {
        _guest = guest;
        Shape = shape;
        Root = firstTable;
        _free = firstTable + 4096;
    }

    internal TableShape Shape { get; }

    internal ulong Root { get; }

    /// <summary>Maps one page; makes the tables above it where they are missing.</summary>
    internal void Map(ulong address, ulong frame, ulong leafBits, int level = 1)
    {
        for (int at = Shape.Levels; at > level; at--)
        {
            ulong entryAddress = AddressOf(address, at);
            if (_guest.Read(entryAddress, Shape.EntryBytes) == 0)
            {
                _guest.Write(entryAddress, Shape.EntryBytes, _free | (at == Shape.Levels ? Shape.RootBits : Shape.TableBits));
                _free += 4096;
            }
        }

        this[address, level] = frame | leafBits | (level > 1 ? 0x80UL : 0);
    }

    internal ulong this[ulong address, int level]
    {
        get => _guest.Read(AddressOf(address, level), Shape.EntryBytes);
        set => _guest.Write(AddressOf(address, level), Shape.EntryBytes, value);
    }

    /// <summary>Where the entry lies that translates an address at a level; the entries above it name tables.</summary>
    internal ulong AddressOf(ulong address, int level)
    {
        ulong table = Root;
        for (int at = Shape.Levels; at > level; at--)
        {
            table = _guest.Read(table + Offset(address, at), Shape.EntryBytes) & Frame;
        }

        return table + Offset(address, level);
    }

    private ulong Offset(ulong address, int level)
    {
        int bits = Shape is { Levels: 3 } && level == 3 ? 2 : Shape.IndexBits;
        return ((address >> Shape.ShiftOf(level)) & ((1UL << bits) - 1)) * (ulong)Shape.EntryBytes;
    }
}
