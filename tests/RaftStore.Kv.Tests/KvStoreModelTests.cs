using RaftStore.Kv.State;
using RaftStore.Kv.Tests.Index;
using RaftStore.Kv.Tests.Support;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests;

/// <summary>The store against the plainest store there could be, over random commands with history that is dropped all the time.</summary>
public sealed class KvStoreModelTests
{
    public static TheoryData<int, long, int, long, long, KvStatus[]> Runs => new()
    {
        // seed, age of history in ms, percent of the quota for history, revisions kept at least, quota in bytes, what must have happened
        { 1, 600_000, 25, 1_000, 8L << 30, [KvStatus.Done, KvStatus.ConditionFailed] },
        { 2, 500, 25, 5, 2_000_000, [KvStatus.Done, KvStatus.ConditionFailed] },
        { 3, 600_000, 50, 5, 8_000, [KvStatus.Done, KvStatus.ConditionFailed] },
        { 4, 0, 0, 0, 250, [KvStatus.Done, KvStatus.ConditionFailed, KvStatus.QuotaReached] },
        { 5, 1_000, 50, 30, 12_000, [KvStatus.Done, KvStatus.ConditionFailed] },
        { 6, 300, 100, 1, 500, [KvStatus.Done, KvStatus.ConditionFailed, KvStatus.QuotaReached] },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Store_RandomCommands_IsTheNaiveStoreAtEveryReadableRevision(int seed, long ageMs, int historyPercent, long revisionsMin, long quotaBytes, KvStatus[] mustHappen)
    {
        KvLimits limits = new() { HistoryAgeMs = ageMs, HistoryPercent = historyPercent, HistoryRevisionsMin = revisionsMin, QuotaBytes = quotaBytes };
        NaiveStore naive = new(limits);
        KvState state = new(limits);
        KvStore store = new(state);
        RandomCommands commands = new(seed);
        SortedSet<KvStatus> happened = [];
        for (int index = 1; index <= 1_000; index++)
        {
            long before = naive.Revision;
            byte[] command = commands.Next(before, out Func<NaiveStore, KvStatus> expected);
            naive.BeginEntry(commands.ClusterTimeMs);
            KvResult result = store.Apply(index, commands.ClusterTimeMs, command);
            Assert.Equal(expected(naive), result.Status);
            happened.Add(result.Status);
            naive.EndEntry(naive.Revision == before ? 0 : naive.Retained().Count(version => version.ModRevision == naive.Revision));
            Assert.Equal(naive.Revision, result.Revision);
            if (index % 10 == 0)
            {
                store.Publish();
                CompareSums(naive, state, store.Current);
            }

            if (index % 50 == 0)
            {
                CompareReads(naive, store.Current, commands);
            }
        }

        Assert.Equal(mustHappen, happened);
        Assert.Equal(revisionsMin < 1_000, store.Current.CompactedRevision > 0);
        Assert.True(store.Current.Revision > 300, $"only {store.Current.Revision} revisions were made");
    }

    [Theory]
    [InlineData(11, 12, 0, 1)]
    [InlineData(12, 30, 0, 1)]
    [InlineData(13, 25, 3, 1)]
    [InlineData(14, 60, 0, 2)]
    [InlineData(15, 60, 39, 5)]
    public void Store_CompactedByRequest_IsTheNaiveStoreWhileItsBacklogIsDropped(int seed, int compactOneIn, int pauseMsMax, int historyKiB)
    {
        // Where time stands still, a backlog lasts for many entries, and further compactions and the policy meet it.
        KvLimits limits = new() { QuotaBytes = 100L * (historyKiB << 10), HistoryPercent = 1, HistoryRevisionsMin = 20 };
        NaiveStore naive = new(limits);
        KvState state = new(limits);
        KvStore store = new(state);
        RandomCommands commands = new(seed) { CompactOneIn = compactOneIn, PauseMsMax = pauseMsMax };
        SortedSet<KvStatus> happened = [];
        int withBacklog = 0;
        for (int index = 1; index <= 1_000; index++)
        {
            long before = naive.Revision;
            byte[] command = commands.Next(before, out Func<NaiveStore, KvStatus> expected);
            naive.BeginEntry(commands.ClusterTimeMs);
            KvResult result = store.Apply(index, commands.ClusterTimeMs, command);
            Assert.Equal(expected(naive), result.Status);
            happened.Add(result.Status);
            naive.EndEntry(naive.Revision == before ? 0 : naive.Retained().Count(version => version.ModRevision == naive.Revision));
            Assert.Equal(naive.Revision, result.Revision);
            Assert.Equal(naive.HistoryWait, store.HistoryWait);
            withBacklog += store.HasBacklog() ? 1 : 0;
            if (index % 10 == 0)
            {
                store.Publish();
                CompareSums(naive, state, store.Current);
            }

            if (index % 50 == 0)
            {
                CompareReads(naive, store.Current, commands);
            }
        }

        Assert.Equal([KvStatus.Done, KvStatus.ConditionFailed, KvStatus.AlreadyCompacted, KvStatus.FutureRevision], happened);
        Assert.True(pauseMsMax > 0 || withBacklog > 50, $"there was a backlog at {withBacklog} entries only");
    }

    private static void CompareSums(NaiveStore naive, KvState state, KvView view)
    {
        Assert.Equal((naive.Revision, naive.CompactedRevision), (view.Revision, view.CompactedRevision));
        Assert.Equal((naive.DroppedRevision, naive.OwedTrims), (view.Summary.DroppedRevision, view.Summary.OwedTrims));
        Assert.Equal((naive.KeyCount, naive.StoredBytes, naive.ClusterTimeMs), (view.KeyCount, view.StoredBytes, view.ClusterTimeMs));
        List<KeyVersion> versions = [.. TreeChecker.Check(view.Root).SelectMany(entry => (KeyVersion[])[.. VersionLists.Of(entry.Older), entry.Newest])];
        Assert.Equal(
            naive.Retained().Select(version => (Convert.ToHexString(version.Key), version.ModRevision, version.ClusterTimeMs)).Order(),
            versions.Select(version => (Convert.ToHexString(version.Key), version.ModRevision, version.ClusterTimeMs)).Order());

        // The hash that was kept up to date is the one over what is there, summed up in another order.
        VersionSum sum = default;
        versions.Reverse();
        versions.ForEach(version => sum.Add(version));
        Assert.Equal(sum.Value, view.Summary.VersionSum);
        Assert.Equal(versions.Count(version => version.ModRevision > view.Summary.DroppedRevision), state.EventCount);
        long cost = versions.Sum(version => (long)version.StoredBytes + KvLimits.VersionOverheadBytes);
        long live = TreeChecker.Check(view.Root).Where(entry => entry.IsLive).Sum(entry => (long)entry.Newest.StoredBytes + KvLimits.VersionOverheadBytes);
        Assert.Equal(cost - live, state.HistoryBytes);
    }

    private static void CompareReads(NaiveStore naive, KvView view, RandomCommands commands)
    {
        long step = Math.Max(1, (view.Revision - view.CompactedRevision) / 12);
        for (long revision = view.CompactedRevision; revision <= view.Revision; revision += step)
        {
            KeyRange range = commands.Range();
            string[] expected = [.. naive.List(range, revision).Select(version => version.Describe())];
            Assert.Equal(expected, view.List(range, revision, int.MaxValue, long.MaxValue, reverse: false).Items.Select(Bytes.Describe));
            Assert.Equal(expected.Reverse(), view.List(range, revision, int.MaxValue, long.MaxValue, reverse: true).Items.Select(Bytes.Describe));
            Assert.Equal(expected.Length, view.Count(range, revision));
            KvPage page = view.List(range, revision, limit: 3, long.MaxValue, reverse: false);
            Assert.Equal(expected.Take(3), page.Items.Select(Bytes.Describe));
            Assert.Equal(expected.Length > 3, page.More);
            for (int key = 0; key < 24; key += 5)
            {
                byte[] name = Bytes.Numbered("k", key);
                bool found = view.TryGet(name, revision, out KvItem item);
                Assert.Equal(naive.LiveAt(name, revision)?.Describe(), found ? Bytes.Describe(item) : null);
                Assert.Equal(naive.DeletedRevision(name, revision), view.DeletedRevision(name, revision));
            }
        }
    }
}
