using static RaftStore.Verification.Tests.Support.Histories;

namespace RaftStore.Verification.Tests;

/// <summary>What a correct store may answer, however odd it looks.</summary>
public sealed class GoodHistoryTests
{
    [Fact]
    public void EmptyHistory_IsLinearizable()
    {
        CheckResult result = Check();
        Assert.Equal(Verdict.Linearizable, result.Verdict);
        Assert.Equal(0, result.Operations);
    }

    [Fact]
    public void OneAfterTheOther_EachSeesTheLast()
        => AssertGood(Get(1, "k", null, 0, 1), Put(1, "k", "a", 2, 3), Get(2, "k", "a", 4, 5), Delete(2, "k", 6, 7), Get(1, "k", null, 8, 9), Delete(1, "k", 10, 11, deleted: false));

    [Fact]
    public void ReadDuringAWrite_MaySeeEitherValue()
    {
        AssertGood(Put(1, "k", "a", 0, 1), Put(1, "k", "b", 2, 9), Get(2, "k", "a", 3, 4), Get(3, "k", "b", 5, 6));
        AssertGood(Put(1, "k", "a", 0, 1), Put(1, "k", "b", 2, 9), Get(2, "k", "a", 3, 8), Get(3, "k", "b", 3, 4));
    }

    [Fact]
    public void OperationsThatOnlyTouch_AreConcurrent() => AssertGood(Put(1, "k", "a", 0, 5), Get(2, "k", null, 5, 6));

    [Fact]
    public void ConcurrentWrites_TheirOrderIsFoundFromTheReads()
        => AssertGood(Put(1, "k", "a", 0, 10), Put(2, "k", "b", 0, 10), Put(3, "k", "c", 0, 10), Get(4, "k", "b", 1, 3), Get(4, "k", "a", 4, 6), Get(4, "k", "c", 7, 12));

    [Fact]
    public void UnknownWrite_MayTakeEffectLater_OrNever()
    {
        AssertGood(Put(1, "k", "a", 0, 1), PutUnknown(2, "k", "b", 2), Get(3, "k", "a", 3, 4), Get(3, "k", "b", 100, 101));
        AssertGood(Put(1, "k", "a", 0, 1), PutUnknown(2, "k", "b", 2), Get(3, "k", "a", 100, 101));
    }

    [Fact]
    public void UnknownWrite_ThatNobodySaw_MayExplainThatAKeyExists()
    {
        AssertGood(PutUnknown(1, "k", "a", 0), PutRefused(2, "k", "b", 1, 2, Precondition.IfAbsent), Delete(2, "k", 3, 4), Get(2, "k", null, 5, 6));
        AssertGood(Put(1, "k", "a", 0, 1, 5), PutUnknown(2, "k", "b", 2), PutRefused(3, "k", "c", 3, 4, Precondition.IfRevision(5)));
    }

    [Fact]
    public void UnknownDeletion_MayExplainAMissingKey_OnceForEachDeletion()
        => AssertGood(Put(1, "k", "a", 0, 1), DeleteUnknown(2, "k", 2), DeleteUnknown(3, "k", 2), Get(4, "k", null, 3, 4), Put(4, "k", "b", 5, 6), Get(4, "k", "b", 7, 8), Get(4, "k", null, 9, 10));

    [Fact]
    public void UnknownDeletionAndUnknownPutIfAbsent_OneAfterTheOther_ExplainARevisionNobodyKnows()
        => AssertGood(Put(1, "k", "a", 0, 1, 3), DeleteUnknown(2, "k", 2), PutUnknown(3, "k", "b", 2, Precondition.IfAbsent), PutRefused(4, "k", "c", 3, 4, Precondition.IfRevision(3), 9, 9));

    [Fact]
    public void DroppedWrite_ThatNobodySaw_SaysNothing() => AssertGood(Put(1, "k", "a", 0, 1), PutDropped(2, "k", "b", 2, 3), Get(3, "k", "a", 4, 5));

    [Fact]
    public void ConditionalWrites_ThatFollowEachOther_AreExplained()
        => AssertGood(
            Put(1, "k", "a", 0, 1, 1, Precondition.IfAbsent),
            PutRefused(2, "k", "x", 2, 3, Precondition.IfAbsent, 1, 1),
            Put(2, "k", "b", 4, 5, 2, Precondition.IfRevision(1)),
            PutRefused(1, "k", "y", 6, 7, Precondition.IfRevision(1), 2, 2),
            Delete(1, "k", 8, 9, revision: 3, condition: Precondition.IfRevision(2)),
            PutRefused(1, "k", "z", 10, 11, Precondition.IfExists, 0, 3));

    [Fact]
    public void ConditionalWritesAtTheSameTime_OneWins()
        => AssertGood(Put(1, "k", "a", 0, 1, 1), Put(2, "k", "b", 2, 9, 2, Precondition.IfRevision(1)), PutRefused(3, "k", "c", 2, 9, Precondition.IfRevision(1), 2, 2));

    [Fact]
    public void Range_AtItsRevision_ShowsEveryKey()
        => AssertGood(
            Put(1, "a", "1", 0, 1, 1),
            Put(1, "b", "2", 2, 3, 2),
            Range(2, "a", "z", 4, 9, 2, Item("a", "1", 1), Item("b", "2", 2)),
            Delete(1, "a", 5, 6, revision: 3),
            Range(2, "a", "z", 10, 11, 3, Item("b", "2", 2)),
            Range(2, "a", "b", 12, 13, 3));

    [Fact]
    public void Range_ThatMissesAKey_IsExplainedByAnUnknownDeletion()
        => AssertGood(Put(1, "a", "1", 0, 1, 1), DeleteUnknown(2, "a", 2), Put(1, "b", "2", 3, 4, 3), Range(3, "a", "z", 5, 6, 3, Item("b", "2", 3)), Get(3, "a", null, 7, 8, 0, 3));

    [Fact]
    public void ReadsOfThePast_AreHeldAgainstTheirRevision()
        => AssertGood(
            Put(1, "k", "a", 0, 1, 1),
            Put(1, "k", "b", 2, 3, 2),
            Delete(1, "k", 4, 5, revision: 3),
            Get(2, "k", "a", 6, 7, 1, 3, at: 1),
            Get(2, "k", "b", 8, 9, 2, 3, at: 2),
            Get(2, "k", null, 10, 11, 0, 3, at: 3),
            Range(2, "a", "z", 12, 13, 3, Item("k", "b", 2)) with { AtRevision = 2 });

    [Fact]
    public void ReadOfThePast_OfAKeyWithAnUnknownDeletion_IsSearchedFor()
        => AssertGood(Put(1, "k", "a", 0, 1, 1), DeleteUnknown(2, "k", 2), Put(1, "l", "x", 3, 4, 5), Get(3, "k", null, 5, 6, 0, 5), Get(3, "k", "a", 7, 8, 1, 5, at: 3));

    [Fact]
    public void DeletionOfARange_DeletesEachKeyInOneRevision()
        => AssertGood(Put(1, "a", "1", 0, 1, 1), Put(1, "b", "2", 2, 3, 2), DeleteRange(2, "a", null, 4, 5, 3), Get(1, "a", null, 6, 7, 0, 3), Get(1, "b", null, 6, 7, 0, 3), Range(3, "a", null, 8, 9, 3));

    [Fact]
    public void Keys_AreIndependent_WhereRevisionsAgree()
        => AssertGood(Put(1, "a", "1", 0, 10, 2), Put(2, "b", "2", 0, 10, 1), Get(3, "a", null, 1, 2, 0, 1), Get(3, "b", "2", 3, 4, 1, 1));

    [Fact]
    public void Check_TwoWritesOfOneValue_IsRefused() => Assert.Throws<ArgumentException>(() => Check(Put(1, "k", "a", 0, 1), Put(2, "k", "a", 2, 3)));
}
