// Tests: mmu.h is what the C# declarations say, in every dialect of C.
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Mmu.Native;
using Mmu.NativeHeader;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Native;

public sealed class HeaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mmu-header").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void CheckedInHeaderIsTheGeneratedOne() =>
        Assert.True(
            HeaderWriter.Write() == File.ReadAllText(Path.Combine(CCompiler.Include, "mmu.h")),
            "Write it anew: dotnet run --project Native.Header -- Native/include/mmu.h");

    [Fact]
    public void CheckedInRustDeclarationsAreTheGeneratedOnes() =>
        Assert.True(
            RustWriter.Write() == File.ReadAllText(Path.Combine(SnapshotData.Repository, "samples/rust/src/lib.rs")),
            "Write them anew: dotnet run --project Native.Header -- samples/rust/src/lib.rs");

    [Theory]
    [InlineData("gcc", "c11")]
    [InlineData("gcc", "c2x")]
    [InlineData("g++", "c++17")]
    public void HeaderCompilesWithoutAWarning(string compiler, string standard)
    {
        // The probe is used, so that its body is compiled whatever the compiler does with what is not.
        string source = Write(
            "header.c",
            """
            #include <mmu.h>
            int main(int argc, char **argv)
            {
                (void)argv;
                return mmu_soft_tlb_probe((uint64_t)argc, 0, 1, MMU_ACCESS_READ, MMU_SOFT_TLB_USER) == 0;
            }
            """);
        Assert.Empty(CCompiler.Compile(compiler, standard, source, Path.Combine(_folder, "header.o"), "-c"));
    }

    [Theory]
    [InlineData("c++17")]
    [InlineData("c++20")]
    public void CppHeaderCompilesWithoutAWarning(string standard) => Assert.Empty(
        CCompiler.Compile("g++", standard, Path.Combine(SnapshotData.Repository, "samples/cpp/sample.cpp"), Path.Combine(_folder, "sample.o"), "-c"));

    [Theory]
    [InlineData("gcc", "c11")]
    [InlineData("gcc", "c2x")]
    [InlineData("g++", "c++17")]
    public void StructsHaveTheLayoutThatTheLibraryHas(string compiler, string standard)
    {
        StringBuilder program = new("#include <mmu.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n");
        StringBuilder expected = new();
        foreach (Type type in CTypes.Structs)
        {
            string name = CTypes.Of(type);
            Print(program, expected, $"sizeof({name})", Marshal.SizeOf(type));
            foreach (FieldInfo field in HeaderWriter.FieldsOf(type))
            {
                Print(program, expected, $"offsetof({name}, {CName.Snake(field.Name)})", (int)Marshal.OffsetOf(type, field.Name));
            }
        }

        program.Append("return 0;\n}\n");
        string output = Path.Combine(_folder, "layout");
        Assert.Empty(CCompiler.Compile(compiler, standard, Write("layout.c", program.ToString()), output));
        Assert.Equal(expected.ToString(), CCompiler.Run(output, [], out _));
    }

    [Fact]
    public void EveryStructBeginsWithItsSize() =>
        Assert.All(CTypes.Structs, type => Assert.Equal("StructSize", HeaderWriter.FieldsOf(type).First().Name));

    [Fact]
    public void EveryDeclarationIsExplained() => Assert.DoesNotContain("/*  */", HeaderWriter.Write(), StringComparison.Ordinal);

    private static void Print(StringBuilder program, StringBuilder expected, string expression, int value)
    {
        program.Append(CultureInfo.InvariantCulture, $"printf(\"{expression} %d\\n\", (int){expression});\n");
        expected.Append(CultureInfo.InvariantCulture, $"{expression} {value}\n");
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
