// Vmm: the meta.json beside a snapshot: registers of each CPU ("cpus") and further CR3 values found by scanning
// ("extra_roots", walked with the control state of the first CPU).
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;

namespace Mmu.Vmm.Images;

/// <summary>Reader of a snapshot's meta.json.</summary>
internal static class SnapshotMeta
{
    private const long MaxBytes = 16 << 20;

    /// <summary>Returns the roots, CPUs first.</summary>
    /// <exception cref="InputException">The file is not JSON, or lacks the registers.</exception>
    public static IReadOnlyList<PagingRoot> ReadRoots(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new InputException($"{path}: too large for a snapshot's meta.json");
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Roots(document.RootElement, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InputException($"{path}: cannot be read: {ImageFile.OneLine(e)}", e);
        }
    }

    private static List<PagingRoot> Roots(JsonElement json, string path)
    {
        var roots = new List<PagingRoot>();
        foreach (JsonElement cpu in Elements(json, "cpus"))
        {
            roots.Add(new PagingRoot(
                $"cpu {roots.Count}", Hex(cpu, "CR0", path), Hex(cpu, "CR3", path), Hex(cpu, "CR4", path), Hex(cpu, "EFER", path)));
        }

        if (roots.Count == 0)
        {
            throw new InputException($"{path}: names no CPU under \"cpus\"");
        }

        foreach (JsonElement extra in Elements(json, "extra_roots"))
        {
            roots.Add(roots[0] with { Label = "extra root", Cr3 = Hex(extra, "cr3", path) });
        }

        return roots;
    }

    private static JsonElement.ArrayEnumerator Elements(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement array) && array.ValueKind == JsonValueKind.Array
            ? array.EnumerateArray()
            : default;

    private static ulong Hex(JsonElement json, string name, string path)
    {
        if (json.ValueKind == JsonValueKind.Object
            && json.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
            && value.GetString() is { } text
            && text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
        {
            return number;
        }

        throw new InputException($"{path}: \"{name}\" is missing or not a hexadecimal string");
    }
}
