namespace RaftStore.Storage.Tests;

public sealed class RecoveryTableTests
{
    [Fact]
    public void Rules_HaveOneLineForEachFinding_InItsOrder()
        => Assert.Equal(Enum.GetValues<FoundAtPlace>(), RecoveryTable.Rules.Select(rule => rule.Found));

    [Fact]
    public void Rules_BelowTheDurableEnd_AcceptARecordOrRefuseToStart()
        => Assert.All(RecoveryTable.Rules, rule => Assert.True(
            rule.Found == FoundAtPlace.Record
                ? rule.BelowDurableEnd == RecoveryVerdict.Accept
                : rule.BelowDurableEnd is RecoveryVerdict.Corrupt or RecoveryVerdict.NotUnderstood));

    [Fact]
    public void Rules_FromTheDurableEndOn_NeverCallACrashCorruption()
        => Assert.All(RecoveryTable.Rules, rule => Assert.NotEqual(RecoveryVerdict.Corrupt, rule.FromDurableEndOn));
}
