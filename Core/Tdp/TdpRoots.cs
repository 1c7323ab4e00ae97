// Tdp: roots, and the vCPUs that hold them.
using System.Threading;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Tdp;

/// <summary>
/// One root for each address space, shared by all vCPUs and counted. A root is invalidated as a whole: nobody is loaded with it any more from the
/// next entry on, and its tables are taken apart later, beside faults on the root that came after it.
/// </summary>
internal sealed class TdpRoots
{
    private readonly TdpState _state;

    // guarded by: MmuLock(write); read with it held shared
    private readonly PageHandle[] _valid = new PageHandle[2];

    // guarded by: _invalidLock, which is taken with MmuLock held
    private readonly Lock _invalidLock = new();
    private PageHandle _firstInvalid;

    internal TdpRoots(TdpState state) => _state = state;

    /// <summary>True if there is a table of any root.</summary>
    internal bool HasAny => !_valid[0].IsNone || !_valid[1].IsNone || !_firstInvalid.IsNone;

    /// <summary>The root that was invalidated last, of those to be taken apart. Lock held exclusively.</summary>
    internal PageHandle FirstInvalid => _firstInvalid;

    /// <summary>True if there is a root to be taken apart.</summary>
    internal bool HasInvalid => !_firstInvalid.IsNone;

    /// <summary>The root of an address space; none if no vCPU was loaded with one since the last was invalidated. Lock held, shared at least.</summary>
    internal PageHandle Of(int addressSpace) => _valid[addressSpace];

    /// <summary>True if a root that a vCPU holds is still the one to use. Lock held, shared at least; without it a hint.</summary>
    internal bool IsCurrent(PageHandle root, int addressSpace) => !root.IsNone && _valid[addressSpace] == root;

    /// <summary>Makes sure that a vCPU is loaded with the root of its address space. On its thread, without the lock.</summary>
    internal RootStatus Load(TdpVcpu vcpu)
    {
        if (!TryHold(vcpu))
        {
            if (vcpu.Pages.Count == 0 && !_state.TryTopUp(vcpu))
            {
                return RootStatus.OutOfPages;
            }

            using MmuWriteGuard held = _state.Vm.Lock.Enter();
            int addressSpace = vcpu.Vcpu.AddressSpace;
            if (_valid[addressSpace].IsNone)
            {
                _valid[addressSpace] = Make(vcpu, addressSpace);
            }

            Hold(vcpu, _valid[addressSpace]);
        }

        PutInForce(vcpu);
        return RootStatus.Loaded;
    }

    /// <summary>Puts the vCPU's root in force if it is the one to use. Takes no lock.</summary>
    internal bool TrySwitch(TdpVcpu vcpu)
    {
        if (!IsLoaded(vcpu))
        {
            return false;
        }

        // Meanwhile the vCPU may have run on another engine's.
#if !MMU_FAULT_236
        PutInForce(vcpu);
#endif
        return true;
    }

    /// <summary>True if the vCPU's root is the one to use. Takes no lock.</summary>
    internal bool IsLoaded(TdpVcpu vcpu) => IsCurrent(vcpu.Root, vcpu.Vcpu.AddressSpace);

    /// <summary>Lets go of a vCPU's root.</summary>
    internal void Release(TdpVcpu vcpu)
    {
        PageHandle root = vcpu.Root;
        vcpu.Root = PageHandle.None;
        vcpu.ForgetSlot();
        if (!root.IsNone)
        {
            Drop(root);
        }
    }

    /// <summary>Invalidates every root. Lock held exclusively. Who holds one is to be asked to let it go.</summary>
    internal void InvalidateAll()
    {
        for (int addressSpace = 0; addressSpace < _valid.Length; addressSpace++)
        {
            PageHandle root = _valid[addressSpace];
            if (!root.IsNone)
            {
                _valid[addressSpace] = PageHandle.None;
                lock (_invalidLock)
                {
                    _state.Pages[root].Next = _firstInvalid.Index;
                    _firstInvalid = root;
                }
            }
        }
    }

    /// <summary>Takes the root that was invalidated last out of the list of those to be taken apart; none if there is none left.</summary>
    internal PageHandle TakeInvalid()
    {
        lock (_invalidLock)
        {
            PageHandle root = _firstInvalid;
            if (!root.IsNone)
            {
                _firstInvalid = new PageHandle(_state.Pages[root].Next);
            }

            return root;
        }
    }

    /// <summary>Puts a root back that is not taken apart yet.</summary>
    internal void ReturnInvalid(PageHandle root)
    {
        lock (_invalidLock)
        {
            _state.Pages[root].Next = _firstInvalid.Index;
            _firstInvalid = root;
        }
    }

    /// <summary>One who holds a root more. The lock is held, or a reference.</summary>
    internal void AddReference(PageHandle root) => _ = HostAtomics.Add(ref _state.Pages[root].References, 1);

    /// <summary>One less; the last, who finds the root taken apart, gives its page back.</summary>
    internal void Drop(PageHandle root)
    {
        if (HostAtomics.Add(ref _state.Pages[root].References, -1) == 0)
        {
            MmuAssert.That(_state.Pages[root].IsRoot, "A page that is no root was let go of as one", root.Index);
            _state.Vm.Tables.Retire(root, _state.Vm.Epochs);
        }
    }

    private bool TryHold(TdpVcpu vcpu)
    {
        if (IsLoaded(vcpu))
        {
            return true;
        }

        Release(vcpu);
        using MmuReadGuard held = _state.Vm.Lock.EnterShared(vcpu.Vcpu.Id);
        PageHandle root = _valid[vcpu.Vcpu.AddressSpace];
        if (root.IsNone)
        {
            return false;
        }

        Hold(vcpu, root);
        return true;
    }

    private void PutInForce(TdpVcpu vcpu) => vcpu.Vcpu.RootAddress = _state.Vm.Tables.FrameOf(vcpu.Root).Value << 12;

    private void Hold(TdpVcpu vcpu, PageHandle root)
    {
        AddReference(root);
        vcpu.Root = root;
    }

    private PageHandle Make(TdpVcpu vcpu, int addressSpace)
    {
        PageHandle root = vcpu.Pages.Pop();
        _state.Pages[root] = TdpPage.Root(_state.Options.Levels, addressSpace);
        vcpu.Tally.TablesMade++;
        return root;
    }
}
