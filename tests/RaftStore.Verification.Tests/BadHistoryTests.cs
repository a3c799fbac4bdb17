using static RaftStore.Verification.Tests.Support.Histories;

namespace RaftStore.Verification.Tests;

/// <summary>What a correct store never answers. Each is found, and cut down to what proves it.</summary>
public sealed class BadHistoryTests
{
    [Fact]
    public void StaleRead_IsFound()
    {
        Violation violation = AssertBad(3, Put(1, "k", "a", 0, 1), Put(1, "k", "b", 2, 3), Get(2, "k", "a", 4, 5), Put(1, "k", "c", 6, 7), Get(2, "k", "c", 8, 9));
        Assert.Equal("No order explains these 3 operations on «k»", violation.Title);
        Assert.Contains("From 4 to 5, client 2 reads «k»: found «a».", violation.Sentences);
        Assert.Contains("client 2 reads «k» (found «a»)", violation.Sentences[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void StaleRead_FarFromItsWrite_IsCutDownToThree()
    {
        List<Operation> history = [Put(1, "k", "first", 0, 1)];
        for (int i = 0; i < 500; i++)
        {
            history.Add(Put(1, "k", $"v{i}", 10 + (10 * i), 14 + (10 * i)));
            history.Add(Get(2, "k", $"v{i}", 15 + (10 * i), 18 + (10 * i)));
        }

        history.Insert(700, Get(3, "k", "first", 3505, 3506));
        Violation violation = AssertBad(3, [.. history]);
        Assert.Contains(violation.Piece, operation => operation.Value == "first" && operation.Kind == OperationKind.Get);
    }

    [Fact]
    public void LostUpdate_IsFound() => AssertBad(2, Put(1, "k", "a", 0, 1), Get(2, "k", null, 2, 3));

    [Fact]
    public void ReadThatGoesBack_IsFound()
        => AssertBad(3, Put(1, "k", "a", 0, 1), Put(1, "k", "b", 2, 20), Get(2, "k", "b", 3, 4), Get(3, "k", "a", 5, 6));

    [Fact]
    public void DirtyRead_OfAWriteThatWasNotApplied_IsFound()
        => Assert.Contains("answered as not applied", AssertBad(2, PutDropped(1, "k", "a", 0, 1), Get(2, "k", "a", 2, 3)).Title, StringComparison.Ordinal);

    [Fact]
    public void DirtyRead_OfAWriteWhoseConditionFailed_IsFound()
        => AssertBad(2, Put(1, "k", "a", 0, 1, 1), PutRefused(1, "k", "b", 2, 3, Precondition.IfAbsent, 1, 1), Get(2, "k", "b", 4, 5));

    [Fact]
    public void ValueThatNobodyWrote_IsFound()
        => Assert.Contains("which no write explains", AssertBad(1, Put(1, "k", "a", 0, 1), Get(2, "k", "q", 2, 3)).Title, StringComparison.Ordinal);

    [Fact]
    public void ValueSeenBeforeItWasSent_IsFound() => AssertBad(2, Get(2, "k", "a", 0, 1), Put(1, "k", "a", 2, 3));

    [Fact]
    public void UnknownWrite_ThatTookEffectTwice_IsFound()
    {
        AssertBad(3, PutUnknown(1, "k", "a", 0), Get(2, "k", "a", 1, 2), Put(2, "k", "b", 3, 4), Get(2, "k", "a", 5, 6));
        Violation told = AssertBad(2, PutUnknown(1, "k", "a", 0), Get(2, "k", "a", 1, 2, 3, 3), Put(2, "k", "b", 3, 4, 4), Get(2, "k", "a", 5, 6, 5, 5));
        Assert.Contains("took effect twice", told.Title, StringComparison.Ordinal);
    }

    [Fact]
    public void AcknowledgedWrite_AppliedAtTwoRevisions_IsFound() => AssertBad(2, Put(1, "k", "a", 0, 1, 3), Get(2, "k", "a", 2, 3, 4, 4));

    [Fact]
    public void UnknownDeletion_ThatTookEffectTwice_IsFound()
        => AssertBad(4, Put(1, "k", "a", 0, 1), DeleteUnknown(2, "k", 2), Get(3, "k", null, 3, 4), Put(3, "k", "b", 5, 6), Get(3, "k", null, 7, 8));

    [Fact]
    public void DeletedValue_ThatComesBack_IsFound() => AssertBad(2, Put(1, "k", "a", 0, 1), Delete(1, "k", 2, 3), Get(2, "k", null, 4, 5), Get(2, "k", "a", 6, 7));

    [Fact]
    public void DeletionThatFoundSomething_WhereNothingWas_IsFound() => AssertBad(1, Delete(1, "k", 0, 1));

    [Fact]
    public void DeletionThatFoundNothing_WhereSomethingWas_IsFound() => AssertBad(2, Put(1, "k", "a", 0, 1), Delete(1, "k", 2, 3, deleted: false));

    [Fact]
    public void TwoCreations_ThatBothSucceeded_AreFound()
        => AssertBad(2, Put(1, "k", "a", 0, 9, -1, Precondition.IfAbsent), Put(2, "k", "b", 1, 8, -1, Precondition.IfAbsent));

    [Fact]
    public void ConditionalWrite_ThatSucceededAgainstAnotherRevision_IsFound()
        => AssertBad(2, Put(1, "k", "a", 0, 1, 1), Put(1, "k", "b", 2, 3, 2), Put(2, "k", "c", 4, 5, 3, Precondition.IfRevision(1)));

    [Fact]
    public void TwoConditionalWrites_OnOneRevision_AreFound()
        => AssertBad(2, Put(1, "k", "a", 0, 1, 1), Put(2, "k", "b", 2, 9, -1, Precondition.IfRevision(1)), Put(3, "k", "c", 2, 9, -1, Precondition.IfRevision(1)));

    [Fact]
    public void ConditionalWrite_RefusedThoughItHeld_IsFound()
    {
        AssertBad(2, Put(1, "k", "a", 0, 1, 1), PutRefused(2, "k", "b", 2, 3, Precondition.IfRevision(1)));
        AssertBad(1, PutRefused(2, "k", "b", 2, 3, Precondition.IfAbsent));
        Assert.Contains("names just the state it asked for", AssertBad(1, Put(1, "k", "a", 0, 1, 1), PutRefused(2, "k", "b", 2, 3, Precondition.IfRevision(1), 1, 1)).Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Range_ThatMissesAKey_IsFound()
    {
        Violation violation = AssertBad(2, Put(1, "a", "1", 0, 1, 1), Put(1, "b", "2", 2, 3, 2), Range(2, "a", "z", 4, 5, 2, Item("b", "2", 2)));
        Assert.Contains("misses «a»", violation.Title, StringComparison.Ordinal);
        Assert.Contains("1 keys at revision 2, «a» not among them", violation.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Range_ThatMissesAKey_OfWhichADeletionIsUnknown_IsFoundWhereItCannotHaveBeenThat()
        => AssertBad(2, Put(1, "a", "1", 0, 1, 1), DeleteUnknown(3, "a", 10), Range(2, "a", "z", 4, 5, 2), Put(1, "b", "2", 2, 3, 2));

    [Fact]
    public void Range_ThatShowsADeletedKey_IsFound()
        => AssertBad(2, Put(1, "a", "1", 0, 1, 1), Delete(1, "a", 2, 3, revision: 2), Range(2, "a", "z", 4, 5, 2, Item("a", "1", 1)));

    [Fact]
    public void Range_ThatMixesTwoRevisions_IsFound()
        => AssertBad(2, Put(1, "a", "1", 0, 1, 1), Put(1, "b", "2", 2, 9, 2), Put(1, "a", "3", 10, 11, 3), Range(2, "a", "z", 3, 12, 3, Item("a", "3", 3)));

    [Fact]
    public void TwoRanges_ThatSeeTwoWritesInOppositeOrders_AreFound()
    {
        // Each is right for every single key; only the revisions tell that both cannot be.
        CheckResult result = Check(
            Put(1, "a", "1", 0, 20, 1),
            Put(2, "b", "2", 0, 20, 2),
            Range(3, "a", "z", 1, 5, 1, Item("a", "1", 1)),
            Range(4, "a", "z", 1, 5, 2, Item("b", "2", 2)));
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Equal("a", Assert.Single(result.Violations).Key);
    }

    [Fact]
    public void Range_WithAKeyThatNobodyWrote_OrThatLiesOutside_IsFound()
    {
        AssertBad(1, Range(1, "a", "z", 0, 1, 1, Item("q", "1", 1)));
        AssertBad(1, Put(1, "k", "a", 0, 1, 1), Range(1, "l", "z", 2, 3, 1, Item("k", "a", 1)));
    }

    [Fact]
    public void Answer_AtARevisionBehindAnEarlierAnswer_IsFound()
        => Assert.Contains("though revision 7 had been answered", AssertBad(2, Put(1, "other", "x", 0, 1, 7), Get(2, "k", null, 2, 3, 0, 6)).Title, StringComparison.Ordinal);

    [Fact]
    public void Write_WithARevisionAnsweredBefore_IsFound() => AssertBad(2, Put(1, "k", "a", 0, 1, 3), Put(2, "l", "b", 2, 3, 3));

    [Fact]
    public void TwoWritesAtTheSameTime_WithOneRevision_AreFound()
        => Assert.Contains("revision 3 was made by two writes", AssertBad(2, Put(1, "k", "a", 0, 9, 3), Put(2, "l", "b", 0, 9, 3)).Title, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void WritesOfOneKey_WhoseRevisionsContradictTheReads_AreFound()
        => AssertBad(2, Put(1, "k", "a", 0, 9, 1), Put(2, "k", "b", 0, 9, 2), Get(3, "k", "b", 1, 2, 2, 2), Get(3, "k", "a", 3, 4, 1, 2));

    [Fact]
    public void UnknownWrite_SeenAtARevisionAnsweredBeforeItWasSent_IsFound()
        => AssertBad(3, Put(1, "k", "a", 0, 1, 5), PutUnknown(2, "l", "b", 2), Get(3, "l", "b", 3, 4, 4, 5));

    [Fact]
    public void ReadOfThePast_ThatShowsAnotherPast_IsFound()
    {
        AssertBad(2, Put(1, "k", "a", 0, 1, 1), Put(1, "k", "b", 2, 3, 2), Get(2, "k", "a", 4, 5, 1, 2, at: 2));
        AssertBad(1, Put(1, "k", "a", 0, 1, 1), Get(2, "k", "a", 4, 5, 1, 1, at: 3));
    }

    [Fact]
    public void DeletionOfARange_ThatLeavesAKey_IsFound()
        => AssertBad(2, Put(1, "a", "1", 0, 1, 1), Put(1, "b", "2", 2, 3, 2), DeleteRange(2, "a", null, 4, 5, 3), Get(1, "b", "2", 6, 7, 2, 3));

    [Fact]
    public void Search_WithoutStepsToGo_GivesUpAndSaysSo()
    {
        Operation[] history = [.. Enumerable.Range(0, 10).Select(i => Put(i, "k", $"v{i}", 0, 100)), Get(1, "k", "v3", 101, 102), Get(1, "k", "v4", 103, 104)];
        CheckResult result = LinearizabilityChecker.Check(history, new CheckOptions { StepsMax = 5 });
        Assert.Equal(Verdict.GaveUp, result.Verdict);
        Assert.Equal(["k"], result.KeysGivenUp);
        Assert.Empty(result.Violations);
        Assert.Equal(Verdict.NotLinearizable, LinearizabilityChecker.Check(history).Verdict);
        Assert.Equal(Verdict.GaveUp, LinearizabilityChecker.Check(history, new CheckOptions { MemoryBytesMax = 1 }).Verdict);
    }
}
