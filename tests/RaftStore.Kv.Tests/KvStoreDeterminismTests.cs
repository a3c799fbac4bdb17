using System.Globalization;
using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests;

public sealed class KvStoreDeterminismTests
{
    private static readonly KvLimits BriefHistory = new() { HistoryAgeMs = 2_000, HistoryRevisionsMin = 20, QuotaBytes = 2_000_000, HistoryPercent = 1 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Apply_SameLogPublishedInOtherBatches_ComesToTheSameState(int seed)
    {
        KvView expected = Run(seed, _ => true).Current;
        Random random = new(seed);
        foreach (Func<int, bool> publishes in (Func<int, bool>[])[_ => false, index => index % 64 == 0, _ => random.Next(10) == 0])
        {
            KvView actual = Run(seed, publishes).Current;
            Assert.Equal(expected.Hash, actual.Hash);
            Assert.Equal(expected.RecordedHashes, actual.RecordedHashes);
        }
    }

    [Fact]
    public void Apply_UnderAnyCulture_ComesToTheSameState()
    {
        KvView expected = Run(seed: 3, _ => true).Current;
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NegativeSign = "minus";
        odd.NumberFormat.NumberGroupSeparator = "'";
        odd.NumberFormat.NativeDigits = ["٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩"];
        try
        {
            CultureInfo.CurrentCulture = odd;
            KvView actual = Run(seed: 3, _ => true).Current;
            Assert.Equal(expected.Hash, actual.Hash);
            Assert.Equal(expected.RecordedHashes, actual.RecordedHashes);
            UnknownCommandException unknown = Assert.Throws<UnknownCommandException>(() => new KvStore().Apply(1, 0, [7, 1, 0, 0]));
            Assert.Equal("Entry 1 cannot be applied: command kind 7 is not known to this version.", unknown.Message);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Apply_FixedLog_ComesToTheHashItAlwaysCameTo()
    {
        // Recorded once. A change of it means that nodes of two versions would disagree: that needs a new format, not a new number here.
        KvView view = Run(seed: 4, _ => true).Current;
        Assert.Equal("619dad3143018d7e959d4e48630c893a", view.Hash);
    }

    [Fact]
    public void RecordedHashes_ManyEntries_AreTheLastSixteenThousands()
    {
        KvStore store = new();
        for (int index = 1; index <= 20_500; index++)
        {
            store.Apply(index, index, index % 10 == 0 ? KvCommand.Put(Bytes.Numbered("k", index % 500), "v"u8) : []);
            if (index == 1_000)
            {
                Assert.Empty(store.RecordedHashes);
            }

            if (index % 1_000 == 0)
            {
                store.Publish();
                Assert.Equal(new StateHash(index, store.Current.Hash), store.RecordedHashes[^1]);
            }
        }

        Assert.Equal(Enumerable.Range(5, 16).Select(thousands => thousands * 1_000L), store.RecordedHashes.Select(recorded => recorded.Index));
        Assert.All(store.RecordedHashes, recorded => Assert.Matches("^[0-9a-f]{32}$", recorded.Hash));
    }

    private static KvStore Run(int seed, Func<int, bool> publishes)
    {
        KvStore store = Bytes.Store(BriefHistory);
        RandomCommands commands = new(seed, keys: 60);
        for (int index = 1; index <= 3_300; index++)
        {
            byte[] command = commands.Next(index, out _);
            store.Apply(index, commands.ClusterTimeMs, command);
            if (publishes(index))
            {
                store.Publish();
            }
        }

        store.Publish();
        Assert.True(store.Current.CompactedRevision > 100);
        return store;
    }
}
