// Tests: handles of the native library.
using Mmu.Native.Handles;
using Xunit;

namespace Mmu.Tests.Native;

public sealed class HandleTableTests
{
    [Fact]
    public void AHandleStandsForItsObjectUntilItIsRemoved()
    {
        Record first = new();
        Record second = new();
        ulong handle = HandleTable<Record>.Add(first);
        ulong other = HandleTable<Record>.Add(second);
        Assert.Same(first, HandleTable<Record>.Find(handle));
        Assert.Same(second, HandleTable<Record>.Find(other));

        HandleTable<Record>.Remove(first);
        Assert.Null(HandleTable<Record>.Find(handle));
        Assert.Same(second, HandleTable<Record>.Find(other));
        HandleTable<Record>.Remove(second);
    }

    // As when memory runs out between making an object and giving it a handle.
    [Fact]
    public void WhatHasNoHandleTakesNoOthers()
    {
        Unlucky first = new();
        ulong handle = HandleTable<Unlucky>.Add(first);
        Assert.Null(HandleTable<Unlucky>.Find(0));
        HandleTable<Unlucky>.Remove(new Unlucky());
        Assert.Same(first, HandleTable<Unlucky>.Find(handle));
        HandleTable<Unlucky>.Remove(first);
    }

    private sealed class Record : HandleRecord, IHandleKind
    {
        public static uint Kind => 14;
    }

    private sealed class Unlucky : HandleRecord, IHandleKind
    {
        public static uint Kind => 15;
    }
}
