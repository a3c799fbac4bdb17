using RaftStore.Kvctl.Bench;

namespace RaftStore.Kvctl.Tests.Bench;

public sealed class ProcessCpuTests
{
    [Theory]
    [InlineData("42 (raftstore) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 100", 2000)]
    [InlineData("42 (a ) S 1) S 1 42 42 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 9 0 100", 100)]
    public void Parse_WhateverTheName_IsUserAndSystemTime(string stat, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), ProcessCpu.Parse(stat));

    [Theory]
    [InlineData("")]
    [InlineData("42 (x) S 1")]
    [InlineData("42 (x) S 1 42 42 0 -1 4194304 100 0 0 0 x y 0 0")]
    public void Parse_Nonsense_IsNull(string stat) => Assert.Null(ProcessCpu.Parse(stat));

    [Fact]
    public void Used_NoSuchProcess_IsNull() => Assert.Null(ProcessCpu.Used(int.MaxValue));
}
