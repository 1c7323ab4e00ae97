// Perf: the accepted figures, Perf/baseline.json.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace Mmu.Perf.Gate;

/// <summary>Figures by name, in a file with a line for each, sorted.</summary>
internal sealed class Baseline
{
    private readonly SortedDictionary<string, double> _figures;

    private Baseline(IDictionary<string, double> figures) => _figures = new SortedDictionary<string, double>(figures, StringComparer.Ordinal);

    /// <summary>Reads the file; without one nothing is accepted.</summary>
    public static Baseline Load(string path) =>
        new(File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path)) ?? [] : []);

    /// <summary>What differs, a line each. Figures of kinds that were not measured this time are left out of account.</summary>
    public IEnumerable<string> Compare(IReadOnlyCollection<Figure> measured)
    {
        foreach (Figure figure in measured)
        {
            string scenario = figure.Name[(figure.Kind.Length + 2)..];
            if (!_figures.TryGetValue(figure.Name, out double accepted))
            {
                yield return $"scenario '{scenario}': {figure.Kind}: baseline none, measured {Text(figure.Value)}";
            }
            else if (!figure.Agrees(accepted))
            {
                string change = accepted == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({(figure.Value - accepted) / accepted:+0.00%;-0.00%})");
                string tolerance = figure.Tolerance == 0 ? "exact" : string.Create(CultureInfo.InvariantCulture, $"±{figure.Tolerance:0%}");
                yield return $"scenario '{scenario}': {figure.Kind}: baseline {Text(accepted)}, measured {Text(figure.Value)}{change}, tolerance {tolerance}";
            }
        }

        foreach (string name in Gone(measured))
        {
            yield return $"scenario '{name[(Figure.KindOf(name).Length + 2)..]}': {Figure.KindOf(name)}: baseline {Text(_figures[name])}, measured none";
        }
    }

    /// <summary>Takes over what was measured.</summary>
    public void Accept(IReadOnlyCollection<Figure> measured)
    {
        foreach (string name in Gone(measured).ToArray())
        {
            _ = _figures.Remove(name);
        }

        foreach (Figure figure in measured)
        {
            _figures[figure.Name] = figure.Value;
        }
    }

    /// <summary>Writes the file.</summary>
    public void Save(string path)
    {
        StringBuilder text = new("{\n");
        _ = text.AppendJoin(",\n", _figures.Select(f => $"  {JsonSerializer.Serialize(f.Key, s_readable)}: {Text(f.Value)}")).Append("\n}\n");
        File.WriteAllText(path, text.ToString());
    }

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private IEnumerable<string> Gone(IReadOnlyCollection<Figure> measured)
    {
        HashSet<string> kinds = [.. measured.Select(f => f.Kind)];
        HashSet<string> names = [.. measured.Select(f => f.Name)];
        return _figures.Keys.Where(name => kinds.Contains(Figure.KindOf(name)) && !names.Contains(name));
    }
}
