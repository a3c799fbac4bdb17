namespace RaftStore.Verification.Tests;

public sealed class AcknowledgedHistoryTests
{
    private readonly AcknowledgedHistory _history = new();

    [Fact]
    public void History_WhereEveryReadSeesTheNewestAcknowledgedWrite_IsAccepted()
    {
        _history.WriteAcknowledged("k", "a", 1, _history.Begin());
        _history.ReadAnswered("k", "a", 1, 1, _history.Begin());
        _history.WriteAcknowledged("k", null, 2, _history.Begin());
        _history.ReadAnswered("k", null, 0, 2, _history.Begin());
        _history.WriteAcknowledged("other", "b", 3, _history.Begin());
        Assert.Empty(_history.FindViolations());
        Assert.Equal(5, _history.Count);
    }

    [Fact]
    public void AcknowledgedWrite_ThatALaterReadMisses_IsReportedAsLost()
    {
        _history.WriteAcknowledged("k", "a", 1, 0);
        _history.ReadAnswered("k", null, 0, 5, 1);
        Assert.Contains("k was missing at revision 5, though a had been acknowledged at revision 1", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void AcknowledgedWrite_ThatALaterReadSeesAnOlderValueInsteadOf_IsReported()
    {
        _history.WriteAcknowledged("k", "a", 1, 0);
        _history.WriteAcknowledged("k", "b", 2, 1);
        _history.ReadAnswered("k", "a", 1, 2, 2);
        Assert.Contains("had a of revision 1 at revision 2, though b had been acknowledged", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OlderThanAnAnswerGivenBeforeItBegan_IsReported()
    {
        _history.WriteAcknowledged("other", "x", 7, 0);
        long begun = _history.Begin();
        _history.ReadAnswered("k", null, 0, 6, begun);
        Assert.Contains("saw revision 6, though revision 7", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ThatBeganBeforeTheAnswer_MayBeOlder()
    {
        long begun = _history.Begin();
        _history.WriteAcknowledged("k", "x", 7, 0);
        _history.ReadAnswered("k", null, 0, 6, begun);
        Assert.Empty(_history.FindViolations());
    }

    [Fact]
    public void TwoWrites_WithOneRevision_AreReported()
    {
        _history.WriteAcknowledged("k", "a", 3, 0);
        _history.WriteAcknowledged("l", "b", 3, 0);
        Assert.Contains("revision 3 was given to 2 writes", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WithARevisionAnsweredBefore_IsReported()
    {
        _history.WriteAcknowledged("k", "a", 3, 0);
        _history.WriteAcknowledged("k", "b", 2, _history.Begin());
        Assert.Contains("got revision 2, though revision 3", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownWrite_ThatShowsUp_IsExplained_AndOneNobodyMadeIsNot()
    {
        _history.WriteAcknowledged("k", "a", 1, 0);
        _history.WriteUnknown("k", "b");
        _history.ReadAnswered("k", "b", 2, 2, 1);
        _history.ReadAnswered("k", "c", 3, 3, 2);
        Assert.Contains("had c of revision 3, which no write explains", Assert.Single(_history.FindViolations()), StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownDelete_ExplainsAMissingKey()
    {
        _history.WriteAcknowledged("k", "a", 1, 0);
        _history.WriteUnknown("k", null);
        _history.ReadAnswered("k", null, 0, 2, 1);
        Assert.Empty(_history.FindViolations());
    }
}
