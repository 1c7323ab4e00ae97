// Random streams of a guest's and a host's doings: a hit is what some walk since the last invalidation would have given, a miss what one gives now.
using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class SoftTlbStreamTests
{
    private const int Pages = 6;
    private const ulong Tracked = SoftTlbScene.Data + 0x3000;

    private static readonly ulong[] s_bits =
        [0, SoftTlbScene.User, SoftTlbScene.ReadOnly, SoftTlbScene.Supervisor, SoftTlbScene.User | SoftTlbScene.NoExecute, SoftTlbScene.ReadOnly | SoftTlbScene.NoExecute];

    private static readonly ulong[] s_cr3 = [SoftTlbScene.Root, SoftTlbScene.Root | 1, SoftTlbScene.OtherRoot, SoftTlbScene.OtherRoot | 1, SoftTlbScene.OtherRoot | 2];

    private static readonly Access[] s_accesses =
        [Access.UserRead, Access.UserWrite, Access.UserFetch, Access.SupervisorRead, Access.SupervisorWrite, new Access(AccessKind.Read, AccessFlags.AlignmentCheck)];

    // What each address space maps each page to: the versions since the page was last invalidated there, the last one in force.
    private readonly record struct Version(ulong Gpa, ulong Bits, bool Large);

    [Fact]
    public void AHitIsNeverOlderThanTheLastInvalidation() =>
        Gen.Int[0, int.MaxValue].Array[20, 400].Sample(
            stream =>
            {
                using Stream run = new();
                foreach (int command in stream)
                {
                    run.Do(command);
                }
            },
            iter: 60, threads: 1);

    private sealed class Stream : IDisposable
    {
        private readonly SoftTlbScene _scene = new(SoftTlbScene.Pcide | SoftTlbScene.Smap | SoftTlbScene.Smep);
        private readonly Dictionary<(ulong Cr3, int Page), List<Version>> _versions = [];
        private ulong _cr3 = SoftTlbScene.Root;

        internal Stream()
        {
            _scene.Test.Host.Logs = false;
            _scene.Vm.TrackWrites(new Gpa(Tracked));
            foreach (ulong root in (ulong[])[SoftTlbScene.Root, SoftTlbScene.OtherRoot])
            {
                for (int page = 0; page < Pages; page++)
                {
                    _scene.Map(AddressOf(page), SoftTlbScene.Data + ((ulong)page << 12), root: root);
                }
            }

            foreach (ulong cr3 in s_cr3)
            {
                for (int page = 0; page < Pages; page++)
                {
                    _versions[(cr3, page)] = [new Version(SoftTlbScene.Data + ((ulong)page << 12), SoftTlbScene.User, false)];
                }
            }

            _scene.Enter();
        }

        internal void Do(int command)
        {
            int page = command / 64 % Pages;
            int choice = command / 64 / Pages % 60;
            switch (command % 64)
            {
                case < 40:
                    Access(page, s_accesses[choice % s_accesses.Length], (ulong)(command & 0xFF8));
                    break;
                case < 48:
                    Map(choice % 2 == 0 ? SoftTlbScene.Root : SoftTlbScene.OtherRoot, page, choice / 2 % 8, s_bits[choice / 2 % s_bits.Length]);
                    break;
                case < 51:
                    MapLarge(choice % 2 == 0 ? SoftTlbScene.Root : SoftTlbScene.OtherRoot, choice % 3 != 0);
                    break;
                case < 56:
                    _scene.Outside(() => _scene.Vcpu.InvalidatePage(new Gva(AddressOf(page))));
                    Forget(_ => true, page);
                    break;
                case < 61:
                    Load(s_cr3[choice % s_cr3.Length], keep: choice % 2 == 0);
                    break;
                case 61:
                    _scene.Outside(() => _scene.Vcpu.InvalidatePcid(1, (ulong)choice % 3, default));
                    ForgetAll(cr3 => (cr3 & 0xFFF) == (ulong)choice % 3);
                    break;
                case 62:
                    _scene.Outside(() => _scene.Vcpu.InvalidatePcid(2, 0, default));
                    ForgetAll(_ => true);
                    break;
                default:
                    _scene.Outside(() => _scene.Vm.UnmapRange(new Gpa(SoftTlbScene.Data), 0x8000));
                    break;
            }
        }

        public void Dispose() => _scene.Dispose();

        private static ulong AddressOf(int page) => SoftTlbScene.Page + ((ulong)page << 12);

        private void Access(int page, Access access, ulong offset)
        {
            Gva gva = new(AddressOf(page) + offset);
            List<Version> versions = _versions[(_cr3, page)];
            if (_scene.Tlb.TryGet(gva, access, out nuint host))
            {
                Assert.Contains(versions, v => Allows(v, access) && host == _scene.HostOf(v.Gpa + offset));
                return;
            }

            Version now = versions[^1];
            SoftTlbOutcome outcome = _scene.Tlb.Resolve(gva, access, out WalkResult result);
            if (!Allows(now, access))
            {
                Assert.Equal(SoftTlbOutcome.Fault, outcome);
                return;
            }

            Assert.Equal(now.Gpa + offset, result.Gpa.Value);
            bool announced = access.Kind == AccessKind.Write && now.Gpa == Tracked;
            Assert.Equal(announced ? SoftTlbOutcome.Announce : SoftTlbOutcome.Memory, outcome);
            Assert.Equal(_scene.HostOf(now.Gpa + offset), result.HostAddress);
            Assert.False(announced && _scene.Hits(gva.Value, access));
        }

        // CR0.WP, SMEP and SMAP are set.
        private static bool Allows(Version version, Access access)
        {
            bool user = (version.Bits & 4) != 0;
            bool byUser = (access.Flags & AccessFlags.User) != 0;
            bool byPrivilege = byUser ? user : !user || ((access.Flags & AccessFlags.AlignmentCheck) != 0 && access.Kind != AccessKind.Fetch);
            return (version.Bits & 1) != 0 && byPrivilege && access.Kind switch
            {
                AccessKind.Write => (version.Bits & 2) != 0,
                AccessKind.Fetch => (version.Bits & SoftTlbScene.NoExecute) == 0,
                _ => true,
            };
        }

        // A page of the table, which counts for nothing while the large page stands over it.
        private void Map(ulong root, int page, int frame, ulong bits)
        {
            if (_versions[(root, page)][^1].Large)
            {
                return;
            }

            ulong gpa = SoftTlbScene.Data + ((ulong)frame << 12);
            _scene.Map(AddressOf(page), gpa, bits, root);
            Add(root, page, new Version(gpa, bits, false));
        }

        private void MapLarge(ulong root, bool large)
        {
            _scene.Write(
                root + 0x2000 + (SoftTlbScene.Page >> 21 << 3),
                large ? SoftTlbScene.Data | SoftTlbScene.Large : (root + 0x3000) | SoftTlbScene.User);
            for (int page = 0; page < Pages; page++)
            {
                ulong gpa = SoftTlbScene.Data + ((ulong)page << 12);
                if (!large)
                {
                    _scene.Map(AddressOf(page), gpa, root: root);
                }

                Add(root, page, new Version(gpa, SoftTlbScene.User, large));
            }
        }

        private void Load(ulong cr3, bool keep)
        {
            _scene.Outside(() => Assert.Equal(ControlStateStatus.Legal, _scene.Vcpu.LoadCr3(cr3 | (keep ? SoftTlbScene.Keep : 0))));
            _cr3 = cr3;
            if (!keep)
            {
                ForgetAll(other => (other & 0xFFF) == (cr3 & 0xFFF));
            }
        }

        private void Add(ulong root, int page, Version version)
        {
            foreach (ulong cr3 in s_cr3.Where(cr3 => (cr3 & ~0xFFFUL) == root))
            {
                _versions[(cr3, page)].Add(version);
            }
        }

        private void ForgetAll(Func<ulong, bool> ofCr3)
        {
            for (int page = 0; page < Pages; page++)
            {
                Forget(ofCr3, page);
            }
        }

        // Of the other pages goes what came from a large page that had the address, too.
        private void Forget(Func<ulong, bool> ofCr3, int page)
        {
            foreach (ulong cr3 in s_cr3.Where(ofCr3))
            {
                for (int other = 0; other < Pages; other++)
                {
                    List<Version> versions = _versions[(cr3, other)];
                    Version now = versions[^1];
                    _ = versions.RemoveAll(v => other == page || v.Large);
                    versions.Add(now);
                }
            }
        }
    }
}
