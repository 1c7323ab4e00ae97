using Xunit;

namespace Mmu.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void TheSuiteRuns() => Assert.True(true);
}
