// Vmm: the command line of `mmu replay`.
using System;
using System.CommandLine;
using System.IO;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Replay;

/// <summary>Declares the options of `mmu replay` and turns them into <see cref="ReplayOptions"/>.</summary>
internal sealed class ReplayCommand
{
    private readonly Argument<string> _file = new("file") { Description = "An MMU trace (MMUTRC1, gzipped or plain)." };
    private readonly Option<bool> _walkerOnly = new("--walker-only") { Description = "Replay on the guest walker only." };
    private readonly Option<bool> _tlbOnly = new("--tlb-only") { Description = "Replay on the software TLB only." };
    private readonly Option<bool> _shadowOnly = new("--shadow-only") { Description = "Replay on the Shadow MMU only." };
    private readonly Option<ulong?> _limit = new("--limit") { Description = "Stop after so many records.", HelpName = "N" };
    private readonly Option<string?> _record = new("--record")
    {
        Description = "Write what is replayed, with the answers found, as a trace of its own.",
        HelpName = "OUT",
    };

    private readonly Option<ulong> _from = new("--record-from") { Description = "Start --record after so many records.", HelpName = "N" };

    /// <summary>Returns the command; <paramref name="run"/> does the work and returns the exit code.</summary>
    public Command Build(Func<ReplayOptions, TextWriter, int> run)
    {
        var command = new Command("replay", "Replays what a real kernel did to its MMU, and compares each answer with the recorded one.")
        {
            _file, _walkerOnly, _tlbOnly, _shadowOnly, _limit, _record, _from,
        };
        command.SetAction(result => run(Read(result), result.InvocationConfiguration.Output));
        return command;
    }

    private ReplayOptions Read(ParseResult result)
    {
        bool walkerOnly = result.GetValue(_walkerOnly);
        bool tlbOnly = result.GetValue(_tlbOnly);
        bool shadowOnly = result.GetValue(_shadowOnly);
        if ((walkerOnly && tlbOnly) || (walkerOnly && shadowOnly) || (tlbOnly && shadowOnly))
        {
            throw new InputException("--walker-only, --tlb-only and --shadow-only exclude each other");
        }

        ulong? limit = result.GetValue(_limit);
        string? record = result.GetValue(_record);
        ulong from = result.GetValue(_from);
        if (record is null && from != 0)
        {
            throw new InputException("--record-from needs --record");
        }

        return limit <= from && from != 0
            ? throw new InputException($"--record-from {from}: nothing is left to record before --limit {limit}")
            : new ReplayOptions(
                result.GetRequiredValue(_file), !tlbOnly && !shadowOnly, !walkerOnly && !shadowOnly, !walkerOnly && !tlbOnly, limit, record, from);
    }
}
