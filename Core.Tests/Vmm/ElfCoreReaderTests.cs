// Tests of the command: ELF cores, sound ones and every way of being broken.
using System;
using System.Collections.Generic;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class ElfCoreReaderTests
{
    private const ulong Cr0 = 0x8001_0033;
    private const ulong Cr4Pae = 0x20;

    // Four tables at 1000–4fff that map address 0 to 5000.
    private static readonly byte[] _tables = [.. Table(0x2003), .. Table(0x3003), .. Table(0x4003), .. Table(0x5067)];

    private static ElfCoreBuilder Sound => new ElfCoreBuilder().Cpu(Cr0, 0x1000, Cr4Pae, longCode: true).Memory(0x1000, _tables);

    [Fact]
    public void CpuStateComesFromQemusNotes()
    {
        CommandRun run = Inspect(Sound).AssertOk();
        Assert.Contains("ELF64 core", run.Output, StringComparison.Ordinal);
        Assert.Contains("roots, from the QEMU notes:", run.Output, StringComparison.Ordinal);
        Assert.Contains("0  cpu 0       4-level     cr3=1000 cr0=80010033 cr4=20 efer=d00", run.Output, StringComparison.Ordinal);
        Assert.Contains("note: QEMU's notes lack EFER", run.Output, StringComparison.Ordinal);
        Assert.Contains("mapped: 4K (1 × 4K = 4K)", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryNeedNotBeAlignedInTheFile()
    {
        // One more note of an odd size shifts the memory.
        ElfCoreBuilder core = Sound.Note("VMCOREINFO", 0, new byte[9]);
        Assert.Equal(["0 5000 ---DA--UW"], Inspect(core, "--format", "qemu").AssertOk().Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ThirtyTwoBitGuestIsReadFromEitherClass(bool is64)
    {
        byte[] directory = new byte[4096];
        BitConverter.TryWriteBytes(directory, 0x0040_00e7u);
        ElfCoreBuilder core = new ElfCoreBuilder { Is64 = is64, Machine = 3 }
            .Cpu(Cr0, 0x1000, 0x10, longCode: false)
            .Memory(0x1000, directory);
        Assert.Equal(["0 400000 --PDA--UW"], Inspect(core, "--format", "qemu").AssertOk().Lines);
    }

    [Fact]
    public void LongModeFollowsFromCodeSegmentOrMachine()
    {
        ElfCoreBuilder core = new ElfCoreBuilder { Machine = 3 }
            .Cpu(Cr0, 0x1000, Cr4Pae, longCode: true)
            .Cpu(Cr0, 0x1000, Cr4Pae, longCode: false)
            .Cpu(0x10, 0, 0, longCode: false)
            .Memory(0x1000, _tables);
        string output = Inspect(core).AssertOk().Output;
        Assert.Contains("0  cpu 0       4-level", output, StringComparison.Ordinal);
        Assert.Contains("1  cpu 1       PAE", output, StringComparison.Ordinal);
        Assert.Contains("2  cpu 2       paging off", output, StringComparison.Ordinal);
        core = new ElfCoreBuilder().Cpu(Cr0, 0x1000, Cr4Pae, longCode: false).Memory(0x1000, _tables);
        Assert.Contains("0  cpu 0       4-level", Inspect(core).AssertOk().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RegistersGivenReplaceTheNotes()
    {
        CommandRun run = Inspect(Sound, "--efer", "501").AssertOk();
        Assert.Contains("the QEMU notes, with registers replaced from the command line", run.Output, StringComparison.Ordinal);
        Assert.Contains("efer=501", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("EFER: LMA inferred", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void CoreWithoutQemuNotesNeedsRegisters()
    {
        ElfCoreBuilder core = new ElfCoreBuilder().Note("VMCOREINFO", 0, new byte[100]).Memory(0x1000, _tables);
        Inspect(core).AssertRefused("no QEMU CPU notes; give --cr3, --cr4 and --efer");
        CommandRun run = Inspect(core, "--cr3", "1000", "--cr4", "20", "--efer", "d00", "--format", "qemu").AssertOk();
        Assert.Equal(["0 5000 ---DA--UW"], run.Lines);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] sound = Sound.Build();
        for (int length = 0; length < sound.Length; length += length < 1100 ? 1 : 509)
        {
            Inspect(sound[..length]).AssertRefused("image.bin");
        }
    }

    [Fact]
    public void NoFlippedHeaderByteIsAnUnhandledException()
    {
        byte[] sound = Sound.Build();
        for (int i = 0; i < 1100; i++)
        {
            foreach (byte flip in (ReadOnlySpan<byte>)[0x01, 0x80, 0xff])
            {
                byte[] broken = [.. sound];
                broken[i] ^= flip;
                CommandRun run = Inspect(broken);
                Assert.True(run.ExitCode is 0 or 2, $"byte {i}: {run}");
            }
        }
    }

    [Fact]
    public void OtherElfFilesAreRefused()
    {
        Inspect(new ElfCoreBuilder { Type = 2 }.Memory(0, _tables)).AssertRefused("not an x86 core (type 2, machine 62)");
        Inspect(new ElfCoreBuilder { Machine = 183 }.Memory(0, _tables)).AssertRefused("not an x86 core (type 4, machine 183)");
        Inspect(new ElfCoreBuilder().Cpu(Cr0, 0, 0, true)).AssertRefused("no PT_LOAD segment");
    }

    [Fact]
    public void ProgramHeadersOutsideTheFileAreRefused()
    {
        Inspect(new ElfCoreBuilder { ProgramHeaderCount = 0xfffe }.Memory(0, _tables))
            .AssertRefused("65534 program headers at offset 0x40 do not fit");
        Inspect(new ElfCoreBuilder { ProgramHeaderCount = 0 }.Memory(0, _tables)).AssertRefused("0 program headers");
        Inspect(new ElfCoreBuilder { ProgramHeaderCount = 0xffff }.Memory(0, _tables)).AssertRefused("should stand in a section header");
        Inspect(new ElfCoreBuilder { ProgramHeaderSize = 8 }.Memory(0, _tables)).AssertRefused("program headers of 8 bytes");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ProgramHeaderCountMayStandInASectionHeader(bool is64)
    {
        ElfCoreBuilder core = new ElfCoreBuilder { Is64 = is64, ExtendedCount = true }
            .Cpu(Cr0, 0x1000, Cr4Pae, true)
            .Memory(0x1000, _tables);
        Assert.Equal(["0 5000 ---DA--UW"], Inspect(core, "--format", "qemu").AssertOk().Lines);
    }

    [Theory]
    [InlineData(0x1000UL, ulong.MaxValue, 0x1000UL)]
    [InlineData(0x1000UL, 0x1000UL, ulong.MaxValue)]
    [InlineData(0x1000UL, 0x8000_0000_0000_0000UL, 0x8000_0000_0000_0000UL)]
    [InlineData(0x1000UL, 0x100_0000UL, 0x1000UL)]
    public void SegmentOutsideTheFileIsRefused(ulong gpa, ulong offset, ulong size) =>
        Inspect(new ElfCoreBuilder().Cpu(Cr0, 0, 0, true).Memory(gpa, _tables, offset, size)).AssertRefused("truncated: segment 1 has");

    [Theory]
    [InlineData(0xffff_ffff_ffff_f000UL)]
    [InlineData(0x000f_ffff_ffff_f000UL)]
    [InlineData(0x0010_0000_0000_0000UL)]
    public void SegmentThatWrapsOrExceeds52BitsIsRefused(ulong gpa) =>
        Inspect(new ElfCoreBuilder().Cpu(Cr0, 0, 0, true).Memory(gpa, _tables)).AssertRefused("reaches beyond 52-bit physical addresses");

    [Fact]
    public void OverlappingSegmentsWithDifferentContentsAreRefused() =>
        Inspect(Sound.Memory(0x2000, _tables)).AssertRefused("segments at 0x1000 and 0x2000 overlap with different contents");

    [Fact]
    public void SegmentsThatNameTheSameBytesAreMerged()
    {
        // As a dump made with paging has them: the middle two pages once more. 64 + 4 × 56 bytes of headers, notes, then memory.
        ulong memory = (ulong)(Sound.Build().Length - _tables.Length + 56);
        ElfCoreBuilder core = Sound.Memory(0x2000, [], memory + 0x1000, 0x2000);
        Assert.Equal(["0 5000 ---DA--UW"], Inspect(core, "--format", "qemu").AssertOk().Lines);
    }

    [Fact]
    public void SegmentWithoutBytesIsSkipped()
    {
        ElfCoreBuilder core = Sound.Memory(0x1000, [], ulong.MaxValue, 0);
        Assert.Equal(["0 5000 ---DA--UW"], Inspect(core, "--format", "qemu").AssertOk().Lines);
    }

    [Fact]
    public void PageThatOnlyPartlyLiesInTheFileIsAbsent()
    {
        ElfCoreBuilder core = new ElfCoreBuilder().Cpu(Cr0, 0x1000, Cr4Pae, true).Memory(0x1000, _tables[..0x3100]);
        Assert.Contains("tables not in the image: 1, first at 4000", Inspect(core).AssertOk().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2u, 440u, "version 2")]
    [InlineData(1u, 100u, "size 100")]
    public void QemuNoteOfAnotherLayoutIsRefused(uint version, uint size, string reason) =>
        Inspect(new ElfCoreBuilder().Cpu(Cr0, 0x1000, Cr4Pae, true, version, size).Memory(0x1000, _tables)).AssertRefused(reason);

    [Fact]
    public void NotesThatDoNotFitAreRefused()
    {
        Inspect(Sound.Note("QEMU", 0, new byte[16])).AssertRefused("a QEMU CPU note of 16 bytes");
        Inspect(Sound.Note("QEMU", 0, new byte[16], uint.MaxValue)).AssertRefused("does not fit its segment");
        ElfCoreBuilder many = Sound;
        for (int i = 0; i < 70_000; i++)
        {
            _ = many.Note("A", 9, []);
        }

        Inspect(many).AssertRefused("does not fit its segment");
    }

    [Fact]
    public void CompressedKdumpIsNamed()
    {
        Inspect("KDUMP   rest"u8.ToArray()).AssertRefused("compressed kdump files are not supported");
        Inspect("makedumpfile and more"u8.ToArray()).AssertRefused("compressed kdump files are not supported");
    }

    private static IEnumerable<byte> Table(ulong entry) => [.. BitConverter.GetBytes(entry), .. new byte[4088]];

    private static CommandRun Inspect(ElfCoreBuilder core, params string[] more) => Inspect(core.Build(), more);

    private static CommandRun Inspect(byte[] bytes, params string[] more)
    {
        using var file = new TempFile(bytes);
        return CommandRun.Of(["inspect", file.Path, .. more]);
    }
}
