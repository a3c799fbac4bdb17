using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.Index;

/// <summary>Goes through a whole tree and asserts every rule of its structure.</summary>
internal static class TreeChecker
{
    /// <returns>Every entry in the order found.</returns>
    internal static List<VersionedKey> Check(TreeRoot root)
    {
        List<VersionedKey> entries = [];
        Check(root.Node, isRoot: true, low: null, high: null, entries);
        for (int i = 1; i < entries.Count; i++)
        {
            Assert.True(entries[i - 1].Newest.Key.SequenceCompareTo(entries[i].Newest.Key) < 0);
        }

        return entries;
    }

    private static void Check(TreeNode node, bool isRoot, byte[]? low, byte[]? high, List<VersionedKey> entries)
    {
        Assert.InRange(node.Count, isRoot ? 0 : TreeNode.FillMin, TreeNode.Capacity);
        if (node is LeafNode leaf)
        {
            Assert.Equal(1, leaf.Height);
            long live = 0;
            foreach (VersionedKey entry in leaf.Slots)
            {
                Assert.True(low is null || entry.Newest.Key.SequenceCompareTo(low) >= 0);
                Assert.True(high is null || entry.Newest.Key.SequenceCompareTo(high) < 0);
                live += entry.IsLive ? 1 : 0;
                entries.Add(entry);
            }

            Assert.Equal(live, leaf.LiveCount);
            return;
        }

        InnerNode inner = (InnerNode)node;
        Assert.True(inner.Count >= 2);
        long sum = 0;
        for (int i = 0; i < inner.Count; i++)
        {
            TreeNode child = inner.Children[i];
            Assert.Equal(inner.Height - 1, child.Height);
            Assert.True(child.Epoch <= inner.Epoch);
            sum += child.LiveCount;
            Check(child, isRoot: false, i == 0 ? low : inner.Separators[i - 1], i == inner.Count - 1 ? high : inner.Separators[i], entries);
        }

        Assert.Equal(sum, inner.LiveCount);
    }
}
