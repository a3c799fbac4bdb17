using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using RaftStore.Kv.Tests.Support;
using static RaftStore.Kv.Tests.Support.SnapshotBytes;

namespace RaftStore.Kv.Tests.Snapshots;

public sealed class KvSnapshotTests
{
    // What follows the header, in every format. «a»: what it held at the compacted revision, its tombstone, and the version it was
    // made again with. «c»: one version and its tombstone; «b» ended at the compacted revision and is gone.
    private const string GoldenKeys =
        "01000000" + "03000000" + "61"
        + "0100000000000000" + "0200000000000000" + "0200000000000000" + "0000000000000000" + "3200000000000000" + "01000000" + "00000000" + "32"
        + "0000000000000000" + "0600000000000000" + "0000000000000000" + "0000000000000000" + "9600000000000000" + "00000000" + "00000000"
        + "0700000000000000" + "0700000000000000" + "0100000000000000" + "0000000000000000" + "AF00000000000000" + "01000000" + "00000000" + "34"
        + "01000000" + "02000000" + "63"
        + "0500000000000000" + "0500000000000000" + "0100000000000000" + "0000000000000000" + "7D00000000000000" + "05000000" + "00000000" + "7468726565"
        + "0000000000000000" + "0600000000000000" + "0000000000000000" + "0000000000000000" + "9600000000000000" + "00000000" + "00000000";

    // Revision and compacted revision; applied index, cluster time, keys, stored bytes.
    private const string GoldenRevisions = "0700000000000000" + "0400000000000000";
    private const string GoldenNumbers = "0800000000000000" + "C800000000000000" + "0200000000000000" + "0C00000000000000";

    [Theory]
    [InlineData("a", "1")]
    [InlineData("b", "")]
    [InlineData("c", "12345678")]
    public void WriteSnapshot_OfAMemoryThatFlippedABit_IsRefusedAtItsEnd(string key, string value)
    {
        KvStore store = new();
        foreach ((string other, long index) in new[] { ("a", 1L), ("b", 2L), ("c", 3L) })
        {
            store.Apply(index, 10, KvCommand.Put(Encoding.UTF8.GetBytes(other), Encoding.UTF8.GetBytes(other == key ? value : "other")));
        }

        store.Publish();
        Assert.NotEmpty(Write(store.Current));
        KeyRange all = KeyRange.From(default);
        KvItem item = store.Current.List(all, store.Current.Revision, 10, long.MaxValue, reverse: false).Items.Single(item => Encoding.UTF8.GetString(item.Key.Span) == key);
        Memory<byte> bytes = MemoryMarshal.AsMemory(item.Value.IsEmpty ? item.Key : item.Value);
        ref byte last = ref bytes.Span[^1];
        last ^= 0x20;

        Assert.Throws<KvInvariantException>(() => Write(store.Current));
        last ^= 0x20;
        Assert.NotEmpty(Write(store.Current));
    }

    [Fact]
    public void WriteSnapshot_SmallStore_HasTheDrawnBytes()
    {
        const string Golden =
            // magic, format
            "52534B56534E4150" + "02000000" + "00000000" + GoldenRevisions
            // dropped revision, events owed
            + "0400000000000000" + "0000000000000000" + GoldenNumbers
            // limits: quota, key, value, age, percent of history, keys of a range, revisions
            + "0000000002000000" + "00100000" + "00001000" + "6400000000000000" + "19000000" + "10270000" + "0100000000000000"
            // state hash
            + "9E5268DE9A50872D0FE661D98E5B0C34"
            + GoldenKeys;
        Assert.Equal(Golden, Convert.ToHexString(Write(SmallStore().Current)));
    }

    [Fact]
    public void Load_Format1_OpensAndIsWrittenAsFormat2()
    {
        const string Golden =
            "52534B56534E4150" + "01000000" + "00000000" + GoldenRevisions + GoldenNumbers
            // limits: quota, key, value, age, bytes of history, revisions
            + "0000000002000000" + "00100000" + "00000001" + "6400000000000000" + "0000008000000000" + "0100000000000000"
            + "A6124D437872BD3C7F9E91700A7E7BD7"
            + GoldenKeys;
        KvView loaded = Load(Convert.FromHexString(Golden)).Current;
        Assert.Equal((7, 4, 8L), (loaded.Revision, loaded.CompactedRevision, loaded.AppliedIndex));
        Assert.Equal((16 << 20, 25, KvCommand.RangeKeysMax), (loaded.Limits.ValueBytesMax, loaded.Limits.HistoryPercent, loaded.Limits.RangeKeysMax));
        AssertSame(loaded, Load(Write(loaded)).Current);
        foreach (int at in (int[])[8, 64, 88, 95, 96, 104])
        {
            byte[] changed = Convert.FromHexString(Golden);
            changed[at] ^= 1;
            Assert.Throws<FormatException>(() => Load(changed));
        }
    }

    [Fact]
    public void Complete_WhatWasWritten_IsTheStore()
    {
        KvStore store = SmallStore();
        KvStore loaded = Load(Write(store.Current));
        AssertSame(store.Current, loaded.Current);
        Assert.Empty(loaded.RecordedHashes);
    }

    [Fact]
    public void Complete_EmptyStore_IsAnEmptyStore()
    {
        KvStore store = new();
        AssertSame(store.Current, Load(Write(store.Current)).Current);
    }

    [Fact]
    public void WriteSnapshot_OfALoadedStore_IsTheSameBytes()
    {
        byte[] bytes = Write(RandomStore(3, 700).Current);
        Assert.Equal(bytes, Write(Load(bytes).Current));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(4096)]
    public void Add_BlocksOfAnySize_LoadTheSameStore(int blockBytes)
    {
        KvStore store = RandomStore(4, 300);
        byte[] bytes = Write(store.Current);
        KvSnapshotLoader loader = new();
        for (int at = 0; at < bytes.Length; at += blockBytes)
        {
            loader.Add(bytes.AsSpan(at, Math.Min(blockBytes, bytes.Length - at)));
        }

        AssertSame(store.Current, loader.Complete().Current);
    }

    [Fact]
    public void Add_TwoBlocksCutAtEveryOffset_LoadTheSameStore()
    {
        KvStore store = SmallStore();
        byte[] bytes = Write(store.Current);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            KvSnapshotLoader loader = new();
            loader.Add(bytes.AsSpan(0, cut));
            loader.Add(bytes.AsSpan(cut));
            Assert.Equal(store.Current.Hash, loader.Complete().Current.Hash);
        }
    }

    [Fact]
    public void Complete_CutAtEveryOffset_IsRefused()
    {
        byte[] bytes = Write(SmallStore().Current);
        for (int length = 0; length < bytes.Length; length++)
        {
            KvSnapshotLoader loader = new();
            loader.Add(bytes.AsSpan(0, length));
            Assert.Throws<FormatException>(() => loader.Complete());
        }
    }

    [Fact]
    public void Load_EveryByteChanged_IsRefused()
    {
        byte[] bytes = Write(SmallStore().Current);
        for (int at = 0; at < bytes.Length; at++)
        {
            foreach (byte change in (byte[])[0x01, 0x10, 0x80, 0xFF])
            {
                byte[] changed = [.. bytes];
                changed[at] ^= change;
                Assert.Throws<FormatException>(() => Load(changed));
            }
        }
    }

    [Fact]
    public void Add_AnythingBehindTheEndOrBehindARefusal_IsRefused()
    {
        byte[] bytes = Write(SmallStore().Current);
        Assert.Throws<FormatException>(() => Load([.. bytes, 0]));
        KvSnapshotLoader loader = new();
        Assert.Throws<FormatException>(() => loader.Add(new byte[500]));
        Assert.Throws<FormatException>(() => loader.Add(bytes));
        Assert.Throws<FormatException>(() => loader.Complete());
        KvSnapshotLoader completed = new();
        completed.Add(bytes);
        completed.Complete();
        Assert.Throws<FormatException>(() => completed.Complete());
    }

    [Fact]
    public void Add_LengthsBeyondWhatCanBe_AllocateNothingLarge()
    {
        byte[] bytes = Write(SmallStore().Current);
        foreach (int at in (int[])[136, 140, 136 + 8 + 1 + 40])
        {
            byte[] changed = [.. bytes];
            BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(at), uint.MaxValue);
            Assert.Throws<FormatException>(() => Load(changed));
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<FormatException>(() => Load(changed));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
        }
    }

    [Theory]
    [InlineData(51)]
    [InlineData(52)]
    public void Store_LoadedAtAnyPointOfARun_GoesOnAsIfNothingHadHappened(int seed)
    {
        const int Entries = 220;
        (long Time, byte[] Command)[] log = Log(seed, Entries);
        string[] hashes = new string[Entries + 1];
        byte[][] snapshots = new byte[Entries + 1][];
        KvStore straight = Bytes.Store(BriefHistory);
        for (int index = 0; index <= Entries; index++)
        {
            if (index > 0)
            {
                straight.Apply(index, log[index - 1].Time, log[index - 1].Command);
            }

            straight.Publish();
            hashes[index] = straight.Current.Hash;
            snapshots[index] = Write(straight.Current);
        }

        Assert.True(straight.Current.CompactedRevision > 20);
        for (int from = 0; from <= Entries; from++)
        {
            KvStore loaded = Load(snapshots[from]);
            Assert.Equal(hashes[from], loaded.Current.Hash);
            for (int index = from + 1; index <= Entries; index++)
            {
                loaded.Apply(index, log[index - 1].Time, log[index - 1].Command);
                loaded.Publish();
                Assert.Equal(hashes[index], loaded.Current.Hash);
            }
        }
    }

    [Fact]
    public void Store_LoadedWhileHistoryIsBehind_DropsOnAtTheSamePace()
    {
        KvStore straight = Bytes.Store(new KvLimits { HistoryAgeMs = 1_000, HistoryRevisionsMin = 0 });
        List<KvStore> loaded = [];
        for (int index = 1; index <= 120; index++)
        {
            byte[] command = index > 100 ? [] : index % 9 == 0 ? KvCommand.DeleteRange(KeyRange.From(default)) : KvCommand.Put(Bytes.Numbered("k", index % 7), "v"u8);
            long timeMs = index > 100 ? 5_000 : 0;
            foreach (KvStore store in (KvStore[])[straight, .. loaded])
            {
                store.Apply(index, timeMs, command);
                store.Publish();
                Assert.Equal(straight.Current.Hash, store.Current.Hash);
            }

            if (index > 95)
            {
                loaded.Add(Load(Write(straight.Current)));
            }
        }

        Assert.Equal(straight.Current.Revision, straight.Current.CompactedRevision);
    }

    [Fact]
    public void WriteSnapshot_OfAnOldViewWhileTheStoreWentOn_IsThatViewsState()
    {
        KvStore store = Bytes.Store(BriefHistory);
        (long Time, byte[] Command)[] log = Log(61, 1_000);
        List<(KvView View, byte[] Bytes)> held = [];
        for (int index = 1; index <= log.Length; index++)
        {
            store.Apply(index, log[index - 1].Time, log[index - 1].Command);
            store.Publish();
            if (index % 100 == 0)
            {
                held.Add((store.Current, Write(store.Current)));
            }
        }

        foreach ((KvView view, byte[] bytes) in held)
        {
            Assert.Equal(bytes, Write(view));
            Assert.Equal(view.Hash, Load(bytes).Current.Hash);
        }
    }

    [Fact]
    public void WriteSnapshot_LargeValues_AsksForLittleAndReportsProgress()
    {
        KvStore store = Bytes.Store(new KvLimits { ValueBytesMax = KvCommand.ValueBytesMax });
        store.Apply(1, 0, KvCommand.Put("large"u8, new byte[1 << 20]));
        store.Apply(2, 0, KvCommand.Put("larger"u8, new byte[3 << 20]));
        store.Publish();
        SmallBlocks target = new();
        List<long> progress = [];
        store.Current.WriteSnapshot(target, progress.Add);
        Assert.True(target.LargestHint <= 4096);
        Assert.Equal(target.Written, progress[^1]);
        Assert.True(progress.Count >= 4 << 20 >> 17);
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(store.Current.Hash, Load(target.ToArray()).Current.Hash);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Check_RandomStore_CountsWhatItHoldsAndSeesEveryChange(int seed)
    {
        KvView view = RandomStore(seed, 400).Current;
        byte[] bytes = Write(view);

        KvSnapshotFacts facts = CheckOnly(bytes);

        Assert.Equal((view.Revision, view.CompactedRevision, view.AppliedIndex, view.ClusterTimeMs), (facts.Revision, facts.CompactedRevision, facts.AppliedIndex, facts.ClusterTimeMs));
        Assert.Equal((view.KeyCount, view.StoredBytes, view.Hash), (facts.Keys, facts.StoredBytes, facts.StateHash));
        Assert.True(facts.Versions >= facts.Keys);
        for (int place = 0; place < bytes.Length; place += 7)
        {
            byte[] damaged = [.. bytes];
            damaged[place] ^= 0x20;
            Assert.Throws<FormatException>(() => CheckOnly(damaged));
        }

        Assert.Throws<FormatException>(() => CheckOnly(bytes[..^1]));
    }

    private static KvSnapshotFacts CheckOnly(byte[] bytes)
    {
        KvSnapshotLoader loader = new(checksOnly: true);
        loader.Add(bytes);
        return loader.Check();
    }

    private static KvLimits BriefHistory => new() { HistoryAgeMs = 700, HistoryRevisionsMin = 10, QuotaBytes = 800_000, HistoryPercent = 1 };

    private static KvStore SmallStore()
    {
        // A key with history, one deleted, one made again, and a compacted revision above zero.
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 100, HistoryRevisionsMin = 1 });
        byte[][] log =
        [
            KvCommand.Put("a"u8, "1"u8), KvCommand.Put("a"u8, "2"u8), KvCommand.Put("b"u8, []), KvCommand.Delete("b"u8), KvCommand.Put("c"u8, "three"u8),
            KvCommand.DeleteRange(Bytes.Range("a", "d")), KvCommand.Put("a"u8, "4"u8), [],
        ];
        for (int index = 1; index <= log.Length; index++)
        {
            store.Apply(index, 25 * index, log[index - 1]);
        }

        store.Publish();
        Assert.Equal((7, 4), (store.Current.Revision, store.Current.CompactedRevision));
        return store;
    }

    private static KvStore RandomStore(int seed, int entries)
    {
        KvStore store = Bytes.Store(BriefHistory);
        (long Time, byte[] Command)[] log = Log(seed, entries);
        for (int index = 1; index <= entries; index++)
        {
            store.Apply(index, log[index - 1].Time, log[index - 1].Command);
        }

        store.Publish();
        return store;
    }

    private static (long Time, byte[] Command)[] Log(int seed, int entries)
    {
        RandomCommands commands = new(seed);
        return [.. Enumerable.Range(0, entries).Select(i => (Command: commands.Next(i, out _), Time: commands.ClusterTimeMs)).Select(entry => (entry.Time, entry.Command))];
    }

    /// <summary>Hands out no more than 4 KiB at a time, as a writer over fixed blocks does.</summary>
    private sealed class SmallBlocks : IBufferWriter<byte>
    {
        private readonly List<byte[]> _blocks = [];
        private readonly byte[] _block = new byte[4096];

        internal int LargestHint { get; private set; }

        internal long Written { get; private set; }

        public void Advance(int count)
        {
            _blocks.Add(_block[..count]);
            Written += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            LargestHint = Math.Max(LargestHint, sizeHint);
            return _block;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        internal byte[] ToArray() => [.. _blocks.SelectMany(block => block)];
    }
}
