// Vmm: combines the registers an image holds with those of the command line, and says where each came from.
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>The roots to walk and where they come from.</summary>
internal sealed record RootSet(IReadOnlyList<PagingRoot> Roots, string From)
{
    /// <summary>Resolves the roots of the image <paramref name="name"/>.</summary>
    /// <param name="name">The image, for errors.</param>
    /// <param name="found">Roots the image holds; may be empty.</param>
    /// <param name="source">Where those are, in words ("meta.json").</param>
    /// <param name="options">Registers from the command line.</param>
    /// <param name="missing">What to say when the image holds no roots and the command line not enough.</param>
    /// <param name="notes">Receives what had to be assumed.</param>
    /// <exception cref="InputException">A register is known from neither side.</exception>
    public static RootSet Resolve(
        string name, IReadOnlyList<PagingRoot> found, string source, RootOptions options, string missing, List<string> notes)
    {
        if (options.Cr3 is null && found.Count > 0)
        {
            var roots = new PagingRoot[found.Count];
            for (int i = 0; i < roots.Length; i++)
            {
                roots[i] = options.Override(found[i]);
            }

            bool overridden = options is not { Cr0: null, Cr4: null, Efer: null };
            return new RootSet(roots, overridden ? $"{source}, with registers replaced from the command line" : source);
        }

        if (options.Cr3 is not { } cr3 || (found.Count == 0 && (options.Cr4 is null || options.Efer is null)))
        {
            throw new InputException($"{name}: {missing}");
        }

        if (found.Count > 0)
        {
            PagingRoot root = options.Override(found[0]) with { Label = "given", Cr3 = cr3 };
            return new RootSet([root], $"the command line, registers not given there from cpu 0 of {source}");
        }

        if (options.Cr0 is null)
        {
            notes.Add($"CR0 assumed 0x{RootOptions.UsualCr0:x} (PG, WP, PE); --cr0 changes it");
        }

        var given = new PagingRoot("given", options.Cr0 ?? RootOptions.UsualCr0, cr3, options.Cr4!.Value, options.Efer!.Value);
        return new RootSet([given], "the command line");
    }
}
