// Vmm: the command line of `mmu inspect`.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using Mmu.Architecture;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Inspect;

/// <summary>Declares the options of `mmu inspect` and turns them into <see cref="InspectOptions"/>.</summary>
internal sealed class InspectCommand
{
    private readonly Argument<string> _file = new("file")
    {
        Description = "A PTSNAP1 snapshot (pagetables.bin.gz), an ELF core (QEMU's dump-guest-memory), or a raw memory image.",
    };

    private readonly Option<string> _root = new("--root")
    {
        Description = "The root to show: its number, or all. [default: 0; all with --find-gpa]",
        HelpName = "N|all",
    };

    private readonly Option<bool> _pages = new("--pages") { Description = "List pages (as info tlb does)." };
    private readonly Option<bool> _ranges = new("--ranges") { Description = "List ranges of equal rights (as info mem does)." };
    private readonly Option<string> _format = new("--format")
    {
        Description = "text, or qemu: lines \"gva gpa flags\", with --ranges \"start end urw\", to compare with QEMU's monitor.",
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document." };
    private readonly Option<ulong?> _explain = Hex("--explain", "GVA", "Explain the walk for this address instead of listing mappings.");
    private readonly Option<ulong?> _findGpa = Hex("--find-gpa", "GPA", "List the addresses that map this guest-physical address.");
    private readonly Option<bool> _user = new("--user") { Description = "Only what user mode may access." };
    private readonly Option<bool> _writable = new("--writable") { Description = "Only what is writable." };
    private readonly Option<bool> _executable = new("--executable") { Description = "Only what is executable." };
    private readonly Option<ulong?> _cr3 = Hex("--cr3", "CR3", "The root to walk, instead of those in the image.");
    private readonly Option<ulong?> _cr4 = Hex("--cr4", "CR4", "CR4, instead of the image's.");
    private readonly Option<ulong?> _efer = Hex("--efer", "EFER", "EFER, instead of the image's.");
    private readonly Option<ulong?> _cr0 = Hex("--cr0", "CR0", "CR0, instead of the image's.");
    private readonly Option<ulong?> _base = Hex("--base", "GPA", "The guest-physical address of the first byte of a raw image.");
    private readonly Option<string> _vendor = new("--vendor")
    {
        Description = "Whose reserved bits apply: intel or amd.",
        DefaultValueFactory = _ => "intel",
    };

    private readonly Option<int> _maxPhyAddr = new("--maxphyaddr")
    {
        Description = "Bits of a physical address (32 to 52); frame bits above are reserved.",
        DefaultValueFactory = _ => CpuModel.DefaultMaxPhyAddr,
    };

    /// <summary>Returns the command; <paramref name="run"/> does the work and returns the exit code.</summary>
    public Command Build(Func<InspectOptions, TextWriter, int> run)
    {
        _ = _format.AcceptOnlyFromAmong("text", "qemu");
        _ = _vendor.AcceptOnlyFromAmong("intel", "amd");
        var command = new Command("inspect", "Lists roots and mappings of a guest memory image. Addresses and registers are hexadecimal.")
        {
            _file, _root, _pages, _ranges, _format, _json, _explain, _findGpa, _user, _writable, _executable,
            _cr3, _cr4, _efer, _cr0, _base, _vendor, _maxPhyAddr,
        };
        command.SetAction(result => run(Read(result), result.InvocationConfiguration.Output));
        return command;
    }

    private static Option<ulong?> Hex(string name, string helpName, string description) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = ParseHex,
    };

    private static ulong? ParseHex(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        if (ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value))
        {
            return value;
        }

        result.AddError($"'{text}' is not a 64-bit hexadecimal number");
        return null;
    }

    private static void RefuseTogether(params ReadOnlySpan<(bool Given, string Name)> options)
    {
        var given = new List<string>();
        foreach ((bool isGiven, string name) in options)
        {
            if (isGiven)
            {
                given.Add(name);
            }
        }

        if (given.Count > 1)
        {
            throw new InputException($"{string.Join(" and ", given)} exclude each other");
        }
    }

    private InspectOptions Read(ParseResult result)
    {
        bool qemu = result.GetValue(_format) == "qemu";
        bool json = result.GetValue(_json);
        bool pages = result.GetValue(_pages);
        bool ranges = result.GetValue(_ranges);
        ulong? explain = result.GetValue(_explain);
        ulong? findGpa = result.GetValue(_findGpa);
        RefuseTogether((qemu, "--format qemu"), (json, "--json"));
        RefuseTogether((pages, "--pages"), (ranges, "--ranges"), (explain is not null, "--explain"), (findGpa is not null, "--find-gpa"));

        int maxPhyAddr = result.GetValue(_maxPhyAddr);
        if (maxPhyAddr is < 32 or > 52)
        {
            throw new InputException($"--maxphyaddr {maxPhyAddr} is not between 32 and 52");
        }

        Rights required = (result.GetValue(_user) ? Rights.User : Rights.None)
            | (result.GetValue(_writable) ? Rights.Write : Rights.None)
            | (result.GetValue(_executable) ? Rights.Execute : Rights.None);
        var registers = new RootOptions(
            result.GetValue(_cr0), result.GetValue(_cr3), result.GetValue(_cr4), result.GetValue(_efer), result.GetValue(_base));
        return new InspectOptions(
            result.GetRequiredValue(_file),
            registers,
            Root(result.GetValue(_root), findGpa is not null),
            new CpuModel(result.GetValue(_vendor) == "amd", maxPhyAddr),
            json ? OutputFormat.Json : qemu ? OutputFormat.Qemu : OutputFormat.Text,
            pages || (qemu && !ranges),
            explain,
            new PageFilter(required, findGpa));
    }

    private static int? Root(string? text, bool allByDefault)
    {
        if (text is null)
        {
            return allByDefault ? null : 0;
        }

        if (text == "all")
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? index
            : throw new InputException($"--root {text}: expected a number or all");
    }
}
