// Perf: command line of `compare`.
using System;
using System.Collections.Immutable;
using System.Linq;

namespace Mmu.Perf;

/// <summary>What to compare and where to put it.</summary>
internal sealed record CompareOptions(
    ImmutableArray<ModeShape> Modes, ImmutableArray<string> Sets, ImmutableArray<MeasureKind> Kinds, string Suite, string Case, bool Json, bool Write, TimeSpan Budget)
{
    public const string WalkSuite = "walk";
    public const string ShadowSuite = "shadow";
    public const string TlbSuite = "tlb";
    public const string TdpSuite = "tdp";
    public const string NestedSuite = "nested";

    public const string Usage = """
        compare [--suite walk|shadow|tlb|tdp|nested] [--case TEXT] [--mode bits32,pae,long4,long5] [--set hot,linux,m64,g4,sparse] [--kind dependent,independent,batch,write]
                [--seconds S] [--json] [--write]
          --suite S     what is measured: walks of the guest's tables (default), the Shadow MMU, hits and misses of the software TLB, the TDP MMU, or guests of the guest; only walks
                        take --set and --kind, and the last two no --mode
          --case TEXT   of all but walks only the operations whose name has this text
          --seconds S   measuring time of each table block (default 2)
          --json        figures as JSON on standard output instead of tables
          --write       also write docs/perf/walk.md, shadow.md, soft-tlb.md, tdp.md or nested.md
        """;

    /// <summary>Parses arguments; on a mistake returns null and says what it is.</summary>
    public static CompareOptions? Parse(ReadOnlySpan<string> arguments, out string error)
    {
        CompareOptions options = new(ModeShape.All, WorkingSet.Names, [.. Enum.GetValues<MeasureKind>()], WalkSuite, "", false, false, TimeSpan.FromSeconds(2));
        error = "";
        for (int i = 0; i < arguments.Length && error.Length == 0; i++)
        {
            string name = arguments[i];
            if (name is "--json" or "--write")
            {
                options = name == "--json" ? options with { Json = true } : options with { Write = true };
                continue;
            }

            if (++i == arguments.Length)
            {
                error = $"{name} is unknown or lacks its value.";
                break;
            }

            options = options.With(name, arguments[i].Split(','), ref error);
        }

        return error.Length == 0 ? options : null;
    }

    private CompareOptions With(string name, string[] values, ref string error)
    {
        switch (name)
        {
            case "--suite" when values is [WalkSuite or ShadowSuite or TlbSuite or TdpSuite or NestedSuite]:
                return this with { Suite = values[0] };
            case "--case":
                return this with { Case = string.Join(',', values) };
            case "--mode":
                return this with { Modes = Known(values, v => ModeShape.All.FirstOrDefault(m => m.Name == v), ref error) };
            case "--set":
                return this with { Sets = Known(values, v => WorkingSet.Names.FirstOrDefault(s => s == v), ref error) };
            case "--kind":
                ImmutableArray<string> kinds = Known(values, v => Enum.GetNames<MeasureKind>().FirstOrDefault(k => IsKind(k, v)), ref error);
                return this with { Kinds = [.. kinds.Select(Enum.Parse<MeasureKind>)] };
            case "--seconds" when double.TryParse(values[0], out double seconds) && seconds is > 0 and < 3600:
                return this with { Budget = TimeSpan.FromSeconds(seconds) };
            default:
                error = $"{name} {string.Join(',', values)} is not understood.";
                return this;
        }
    }

    private static bool IsKind(string kind, string value) => string.Equals(kind, value, StringComparison.OrdinalIgnoreCase);

    private static ImmutableArray<T> Known<T>(string[] values, Func<string, T?> find, ref string error)
        where T : class
    {
        ImmutableArray<T>.Builder found = ImmutableArray.CreateBuilder<T>();
        foreach (string value in values)
        {
            if (find(value) is { } item)
            {
                found.Add(item);
            }
            else
            {
                error = $"'{value}' is unknown.";
            }
        }

        return found.ToImmutable();
    }
}
