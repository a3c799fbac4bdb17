using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Index;

/// <summary>A tree to read: everything reachable from one root.</summary>
internal readonly struct TreeRoot(TreeNode node)
{
    /// <summary>The root node.</summary>
    internal TreeNode Node { get; } = node;

    /// <summary>Keys that exist at the newest revision.</summary>
    internal long LiveCount => Node.LiveCount;

    /// <summary>What the tree holds for a key; the default where it holds nothing.</summary>
    internal VersionedKey Find(ReadOnlySpan<byte> key)
    {
        TreeNode node = Node;
        while (node is InnerNode inner)
        {
            node = inner.Children[inner.ChildIndex(key)];
        }

        LeafNode leaf = (LeafNode)node;
        int place = leaf.LowerBound(key, out bool found);
        return found ? leaf.Slots[place] : default;
    }

    /// <summary>Keys of a range that exist at the newest revision, from the counts in the nodes: O(log n), whatever the range.</summary>
    internal long CountLive(in KeyRange range)
    {
        long below = range.End is { } end ? LiveBelow(end.Span) : LiveCount;
        return Math.Max(0, below - LiveBelow(range.Start.Span));
    }

    private long LiveBelow(ReadOnlySpan<byte> key)
    {
        long live = 0;
        TreeNode node = Node;
        while (node is InnerNode inner)
        {
            int place = inner.ChildIndex(key);
            foreach (TreeNode before in inner.Children[..place])
            {
                live += before.LiveCount;
            }

            node = inner.Children[place];
        }

        LeafNode leaf = (LeafNode)node;
        foreach (ref readonly VersionedKey entry in leaf.Slots[..leaf.LowerBound(key, out _)])
        {
            live += entry.IsLive ? 1 : 0;
        }

        return live;
    }
}
