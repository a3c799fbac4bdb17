using RaftStore.Kv.Index;
using RaftStore.Kv.Tests.Support;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.Index;

public sealed class VersionTreeTests
{
    public enum Keys
    {
        Ascending,
        Descending,
        FewAndRepeated,
        RandomBytes,
        NestedPrefixes,
        LongCommonPrefix,
    }

    [Theory]
    [InlineData(Keys.Ascending, 1)]
    [InlineData(Keys.Descending, 2)]
    [InlineData(Keys.FewAndRepeated, 3)]
    [InlineData(Keys.RandomBytes, 4)]
    [InlineData(Keys.NestedPrefixes, 5)]
    [InlineData(Keys.LongCommonPrefix, 6)]
    public void Tree_RandomOperations_IsTheSortedModelAndOldRootsStayAsTheyWere(Keys kind, int seed)
    {
        const int Operations = 60_000;
        Random random = new(seed);
        VersionTree tree = new();
        SortedDictionary<byte[], VersionedKey> model = new(Bytes.Order);
        List<(TreeRoot Root, VersionedKey[] Expected)> frozen = [];
        for (int i = 0; i < Operations; i++)
        {
            // Long phases of mostly growing and mostly shrinking, so that levels come and go.
            bool grows = i / 10_000 % 2 == 0;
            Step(tree, model, Key(kind, random, i), random.Next(100) < (grows ? 80 : 25), random);
            if (i % 97 == 0)
            {
                frozen.Add((tree.Freeze(), i % 2_910 == 0 ? [.. model.Values] : []));
            }

            if (i % 10_000 is 5_000 or 9_999)
            {
                AssertHolds(model.Values, tree.Root);
            }
        }

        Assert.Equal(model.Count, tree.EntryCount);
        foreach ((TreeRoot root, VersionedKey[] expected) in frozen.Where(one => one.Expected.Length > 0))
        {
            AssertHolds(expected, root);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Tree_EverythingRemovedInRandomOrder_IsAnEmptyLeafAgain(int seed)
    {
        Random random = new(seed);
        VersionTree tree = new();
        VersionedKey[] entries = [.. Enumerable.Range(0, 5_000).Select(i => Entry(Bytes.Numbered("key", i), i + 1, live: true))];
        random.Shuffle(entries);
        foreach (VersionedKey entry in entries)
        {
            tree.Insert(entry);
        }

        TreeRoot full = tree.Freeze();
        random.Shuffle(entries);
        foreach (VersionedKey entry in entries)
        {
            tree.Remove(entry);
        }

        Assert.Equal(0, tree.EntryCount);
        Assert.Equal(0, Assert.IsType<LeafNode>(tree.Root.Node).Count);
        Assert.Equal(5_000, TreeChecker.Check(full).Count);
    }

    [Fact]
    public void Tree_KeysAscending_LeavesAreThreeQuartersFull()
    {
        VersionTree tree = new();
        for (int i = 0; i < 50_000; i++)
        {
            tree.Insert(Entry(Bytes.Numbered("key", i), i + 1, live: true));
        }

        List<LeafNode> leaves = [];
        Collect(tree.Root.Node, leaves);
        Assert.All(leaves.SkipLast(1), leaf => Assert.True(leaf.Count >= TreeNode.Capacity - TreeNode.FillMin));
    }

    [Fact]
    public void Tree_SeveralWritesInOneEpoch_CopyEachNodeOnce()
    {
        VersionTree tree = new();
        for (int i = 0; i < 1_000; i++)
        {
            tree.Insert(Entry(Bytes.Numbered("key", i), i + 1, live: true));
        }

        TreeNode before = tree.Freeze().Node;
        VersionedKey was = tree.Root.Find(Bytes.Numbered("key", 500));
        tree.Replace(was, Entry(Bytes.Numbered("key", 500), 2_000, live: true));
        TreeNode copied = tree.Root.Node;
        tree.Replace(tree.Root.Find(Bytes.Numbered("key", 10)), Entry(Bytes.Numbered("key", 10), 2_001, live: true));

        Assert.NotSame(before, copied);
        Assert.Same(copied, tree.Root.Node);
        Assert.Equal(501, new TreeRoot(before).Find(Bytes.Numbered("key", 500)).Newest.ModRevision);
        Assert.Equal(2_000, tree.Root.Find(Bytes.Numbered("key", 500)).Newest.ModRevision);
    }

    [Theory]
    [InlineData(Keys.RandomBytes, 21)]
    [InlineData(Keys.NestedPrefixes, 22)]
    public void Cursor_AnyStartAndDirection_IsTheModelFromThere(Keys kind, int seed)
    {
        Random random = new(seed);
        VersionTree tree = new();
        SortedDictionary<byte[], VersionedKey> model = new(Bytes.Order);
        for (int i = 0; i < 3_000; i++)
        {
            Step(tree, model, Key(kind, random, i), put: true, random);
        }

        byte[][] ordered = [.. model.Keys];
        for (int i = 0; i < 500; i++)
        {
            byte[] from = Key(kind, random, i);
            string[] after = [.. ordered.Where(key => Bytes.Order.Compare(key, from) >= 0).Take(80).Select(Convert.ToHexString)];
            string[] below = [.. ordered.Reverse().Where(key => Bytes.Order.Compare(key, from) < 0).Take(80).Select(Convert.ToHexString)];
            TreeCursor cursor = new(tree.Root);
            Assert.Equal(after, Walk(cursor, cursor.SeekFrom(from), forward: true));
            Assert.Equal(below, Walk(cursor, cursor.SeekBelow(from), forward: false));
        }

        TreeCursor whole = new(tree.Root);
        Assert.Equal(ordered.Reverse().Take(80).Select(Convert.ToHexString), Walk(whole, whole.SeekLast(), forward: false));
    }

    [Theory]
    [InlineData(Keys.FewAndRepeated, 31)]
    [InlineData(Keys.RandomBytes, 32)]
    public void CountLive_AnyRange_IsTheModels(Keys kind, int seed)
    {
        Random random = new(seed);
        VersionTree tree = new();
        SortedDictionary<byte[], VersionedKey> model = new(Bytes.Order);
        for (int i = 0; i < 4_000; i++)
        {
            Step(tree, model, Key(kind, random, i), random.Next(100) < 75, random);
        }

        for (int i = 0; i < 500; i++)
        {
            byte[] start = i % 7 == 0 ? [] : Key(kind, random, i);
            byte[]? end = i % 5 == 0 ? null : Key(kind, random, i + 1);
            long expected = model.Count(one => one.Value.IsLive && Bytes.Order.Compare(one.Key, start) >= 0 && (end is null || Bytes.Order.Compare(one.Key, end) < 0));
            Assert.Equal(expected, tree.Root.CountLive(Bytes.Range(start, end)));
        }
    }

    [Fact]
    public void Tree_WrongUse_IsABrokenInvariant()
    {
        VersionTree tree = new();
        VersionedKey entry = Entry(Bytes.Of("a"), 1, live: true);
        Assert.Throws<KvInvariantException>(() => tree.Remove(entry));
        Assert.Throws<KvInvariantException>(() => tree.Replace(entry, entry));
        tree.Insert(entry);
        Assert.Throws<KvInvariantException>(() => tree.Insert(entry));
    }

    private static void AssertHolds(IEnumerable<VersionedKey> expected, TreeRoot root)
    {
        // Versions are immutable, so the same objects are the same content.
        List<VersionedKey> actual = TreeChecker.Check(root);
        Assert.True(expected.Select(entry => entry.Newest).SequenceEqual(actual.Select(entry => entry.Newest)));
    }

    private static VersionedKey Entry(byte[] key, long revision, bool live) =>
        new(new KeyVersion(key, [], new VersionStamp(live ? revision : 0, revision, live ? 1 : 0, 0, 0)), null);

    private static void Step(VersionTree tree, SortedDictionary<byte[], VersionedKey> model, byte[] key, bool put, Random random)
    {
        bool isThere = model.TryGetValue(key, out VersionedKey was);
        Assert.Equal(isThere, tree.Root.Find(key).IsPresent);
        if (put)
        {
            VersionedKey entry = Entry(key, random.Next(1, int.MaxValue), random.Next(4) > 0);
            if (isThere)
            {
                tree.Replace(was, entry);
            }
            else
            {
                tree.Insert(entry);
            }

            model[key] = entry;
        }
        else if (model.Count > 0)
        {
            // Mostly a key that is there: the first, the last or, where it is, the one that was drawn.
            VersionedKey doomed = isThere ? was : random.Next(2) == 0 ? model.First().Value : tree.Root.Find(LastKey(tree));
            tree.Remove(doomed);
            model.Remove(doomed.Newest.Key.ToArray());
        }
    }

    private static byte[] LastKey(VersionTree tree)
    {
        TreeCursor cursor = new(tree.Root);
        Assert.True(cursor.SeekLast());
        return cursor.Current.Newest.Key.ToArray();
    }

    private static byte[] Key(Keys kind, Random random, int i) => kind switch
    {
        Keys.Ascending => Bytes.Numbered("a", i),
        Keys.Descending => Bytes.Numbered("d", 999_999 - i),
        Keys.FewAndRepeated => Bytes.Numbered("f", random.Next(700)),
        Keys.RandomBytes => Bytes.Random(random, 1, 12),
        Keys.NestedPrefixes => [.. Enumerable.Range(0, random.Next(1, 14)).Select(_ => (byte)(random.Next(3) switch { 0 => 0, 1 => 1, _ => 255 }))],
        _ => Bytes.Numbered(new string('p', 200), random.Next(20_000)),
    };

    private static string[] Walk(TreeCursor cursor, bool on, bool forward)
    {
        List<string> keys = [];
        for (; on && keys.Count < 80; on = forward ? cursor.MoveNext() : cursor.MovePrevious())
        {
            keys.Add(Convert.ToHexString(cursor.Current.Newest.Key));
        }

        return [.. keys];
    }

    private static void Collect(TreeNode node, List<LeafNode> leaves)
    {
        if (node is LeafNode leaf)
        {
            leaves.Add(leaf);
            return;
        }

        foreach (TreeNode child in ((InnerNode)node).Children)
        {
            Collect(child, leaves);
        }
    }
}
