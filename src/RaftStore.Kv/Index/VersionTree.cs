using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Index;

/// <summary>The index: a copy-on-write B+tree of keys in byte order. One thread changes it; any number read roots that were
/// published, without a lock.</summary>
/// <remarks>
/// The tree counts epochs. A node belongs to the epoch it was made in; the writer changes nodes of the present epoch in place and copies
/// an older one first, together with the path above it, so that a batch of writes copies each node once at most. <see cref="Freeze"/>
/// begins a new epoch: every node there is then is frozen, and the root it returns never changes again.
/// <para>Full nodes are split, and lean ones filled up, on the way down, before the change itself: the parent always has room for
/// what happens below it, and nothing has to climb back. Every node but the root holds between <see cref="TreeNode.FillMin"/> and
/// <see cref="TreeNode.Capacity"/>, and all leaves are at the same depth.</para>
/// </remarks>
internal sealed class VersionTree
{
    private long _epoch = 1;
    private TreeNode _root = new LeafNode(epoch: 1);

    /// <summary>The tree as it is now. Only the writer may read it, and only until its next change.</summary>
    internal TreeRoot Root => new(_root);

    /// <summary>Keys in the tree, deleted ones that are still retained included.</summary>
    internal long EntryCount { get; private set; }

    /// <summary>Freezes the tree as it is and begins a new epoch.</summary>
    /// <returns>A root that any thread may read for as long as it likes.</returns>
    internal TreeRoot Freeze()
    {
        _epoch++;
        return new TreeRoot(_root);
    }

    /// <summary>Adds a key that the tree does not hold.</summary>
    internal void Insert(VersionedKey entry)
    {
        ReadOnlySpan<byte> key = entry.Newest.Key;
        _root = Own(_root);
        if (_root.Count == TreeNode.Capacity)
        {
            InnerNode top = new(_epoch, _root.Height + 1);
            top.Fill([_root], []);
            SplitChild(top, 0, key);
            _root = top;
        }

        TreeNode node = _root;
        while (node is InnerNode inner)
        {
            int place = inner.ChildIndex(key);
            if (OwnChild(inner, place).Count == TreeNode.Capacity)
            {
                SplitChild(inner, place, key);
                place = inner.ChildIndex(key);
            }

            inner.LiveCount += entry.IsLive ? 1 : 0;
            node = inner.Children[place];
        }

        LeafNode leaf = (LeafNode)node;
        int slot = leaf.LowerBound(key, out bool found);
        KvInvariant.Check(!found, "the index was to insert a key that it holds");
        leaf.Insert(slot, entry);
        EntryCount++;
    }

    /// <summary>Changes what the tree holds for a key.</summary>
    internal void Replace(VersionedKey was, VersionedKey entry)
    {
        ReadOnlySpan<byte> key = entry.Newest.Key;
        int change = (entry.IsLive ? 1 : 0) - (was.IsLive ? 1 : 0);
        _root = Own(_root);
        TreeNode node = _root;
        while (node is InnerNode inner)
        {
            inner.LiveCount += change;
            node = OwnChild(inner, inner.ChildIndex(key));
        }

        LeafNode leaf = (LeafNode)node;
        int slot = leaf.LowerBound(key, out bool found);
        KvInvariant.Check(found, "the index was to replace a key that it does not hold");
        leaf.Replace(slot, entry);
    }

    /// <summary>Takes out a key that the tree holds.</summary>
    internal void Remove(VersionedKey was)
    {
        ReadOnlySpan<byte> key = was.Newest.Key;
        _root = Own(_root);
        TreeNode node = _root;
        while (node is InnerNode inner)
        {
            int place = inner.ChildIndex(key);
            if (inner.Children[place].Count == TreeNode.FillMin)
            {
                Refill(inner, place);
                place = inner.ChildIndex(key);
            }

            inner.LiveCount -= was.IsLive ? 1 : 0;
            node = OwnChild(inner, place);
        }

        LeafNode leaf = (LeafNode)node;
        int slot = leaf.LowerBound(key, out bool found);
        KvInvariant.Check(found, "the index was to remove a key that it does not hold");
        leaf.RemoveAt(slot);
        EntryCount--;
        if (_root is InnerNode { Count: 1 } top)
        {
            _root = top.Children[0];
        }
    }

    private TreeNode Own(TreeNode node)
    {
        if (node.Epoch == _epoch)
        {
            return node;
        }

        return node is LeafNode leaf ? leaf.Copy(_epoch) : ((InnerNode)node).Copy(_epoch);
    }

    private TreeNode OwnChild(InnerNode parent, int place)
    {
        TreeNode child = parent.Children[place];
        if (child.Epoch != _epoch)
        {
            child = Own(child);
            parent.ReplaceChild(place, child);
        }

        return child;
    }

    private void SplitChild(InnerNode parent, int place, ReadOnlySpan<byte> key)
    {
        TreeNode child = parent.Children[place];

        // Where keys arrive in ascending order, nothing will ever be put into the left half again: giving away as little as
        // possible leaves it three quarters full instead of half full.
        int half = IsBehindAll(child, key) ? TreeNode.Capacity - TreeNode.FillMin : TreeNode.Capacity / 2;
        TreeNode right = NodeSurgery.Split(child, half, _epoch, out byte[] separator);
        parent.InsertRight(place + 1, separator, right);
    }

    private static bool IsBehindAll(TreeNode node, ReadOnlySpan<byte> key) =>
        node is InnerNode inner ? inner.ChildIndex(key) == inner.Count - 1 : ((LeafNode)node).LowerBound(key, out _) == node.Count;

    // Gives a child that may not lose anything more than it has, from a neighbour or by becoming one with it.
    private void Refill(InnerNode parent, int place)
    {
        int leftPlace = Math.Max(place - 1, 0);
        TreeNode left = OwnChild(parent, leftPlace);
        byte[] separator = parent.Separators[leftPlace];
        if (left.Count + parent.Children[leftPlace + 1].Count <= TreeNode.MergedMax)
        {
            NodeSurgery.Merge(left, separator, parent.Children[leftPlace + 1]);
            parent.RemoveRight(leftPlace + 1);
        }
        else
        {
            parent.ReplaceSeparator(leftPlace, NodeSurgery.Share(left, separator, OwnChild(parent, leftPlace + 1)));
        }
    }
}
