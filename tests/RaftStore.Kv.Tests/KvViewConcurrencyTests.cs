using System.Buffers;
using System.Globalization;
using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests;

/// <summary>Readers on other threads, at old revisions and with snapshots, while one thread applies and history is dropped all the time.</summary>
public sealed class KvViewConcurrencyTests
{
    private const int KeysOfARound = 40;
    private const int Rounds = 250;

    [Fact]
    public async Task Views_ReadWhileTheStoreGoesOn_NeverChangeAndAreNeverMixed()
    {
        // A round writes its number to every key. At each revision that ends a round all keys hold the same number, whatever view
        // it is read through; in the middle of one, the first keys hold one more than the others.
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 0, HistoryRevisionsMin = 3 * KeysOfARound });
        using CancellationTokenSource written = new();
        Task<int>[] readers =
        [
            Task.Run(() => ReadRounds(store, seed: 1, written.Token)),
            Task.Run(() => ReadRounds(store, seed: 2, written.Token)),
            Task.Run(() => WriteSnapshots(store, written.Token)),
        ];
        long index = 0;
        for (int round = 1; round <= Rounds; round++)
        {
            byte[] value = Bytes.Of(round.ToString(CultureInfo.InvariantCulture));
            for (int key = 0; key < KeysOfARound; key++)
            {
                index++;
                store.Apply(index, index, KvCommand.Put(Bytes.Numbered("k", key), value));
                if (index % 7 == 0)
                {
                    store.Publish();
                }
            }
        }

        store.Publish();
        await written.CancelAsync();
        int[] checks = await Task.WhenAll(readers);
        Assert.All(checks, count => Assert.True(count > 0));
        Assert.Equal(Rounds * KeysOfARound, store.Current.Revision);
        Assert.True(store.Current.CompactedRevision >= store.Current.Revision - (3 * KeysOfARound) - 1);
    }

    private static int ReadRounds(KvStore store, int seed, CancellationToken written)
    {
        Random random = new(seed);
        Queue<KvView> held = new();
        int checks = 0;
        while (checks < 50 || !written.IsCancellationRequested)
        {
            // Some views are kept for long after the store dropped what they reach.
            held.Enqueue(store.Current);
            KvView view = held.Count > 20 ? held.Dequeue() : store.Current;
            long revision = view.CompactedRevision + random.NextInt64(view.Revision - view.CompactedRevision + 1);
            CheckRound(view, revision);
            CheckRound(view, view.Revision);
            CheckRound(view, view.CompactedRevision);
            checks++;
        }

        return checks;
    }

    private static void CheckRound(KvView view, long revision)
    {
        long round = revision / KeysOfARound;
        long ahead = revision % KeysOfARound;
        IReadOnlyList<KvItem> items = view.List(KeyRange.From(default), revision, 1_000, long.MaxValue, reverse: false).Items;
        Assert.Equal(round == 0 ? ahead : KeysOfARound, items.Count);
        Assert.Equal(items.Count, view.Count(KeyRange.From(default), revision));
        for (int key = 0; key < items.Count; key++)
        {
            long expected = key < ahead ? round + 1 : round;
            Assert.Equal(expected.ToString(CultureInfo.InvariantCulture), Bytes.Text(items[key].Value));
            Assert.Equal(expected, items[key].Version);
        }
    }

    private static int WriteSnapshots(KvStore store, CancellationToken written)
    {
        int checks = 0;
        while (checks < 5 || !written.IsCancellationRequested)
        {
            KvView view = store.Current;
            ArrayBufferWriter<byte> target = new();
            view.WriteSnapshot(target, _ => Thread.Yield());
            KvSnapshotLoader loader = new();
            loader.Add(target.WrittenSpan);
            Assert.Equal(view.Hash, loader.Complete().Current.Hash);
            checks++;
        }

        return checks;
    }
}
