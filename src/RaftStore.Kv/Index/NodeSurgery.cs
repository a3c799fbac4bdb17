using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Index;

/// <summary>Splitting, merging and evening out of two neighbours. All nodes given are owned by the tree's present epoch.</summary>
internal static class NodeSurgery
{
    /// <summary>Moves everything from <paramref name="place"/> on out of <paramref name="left"/>.</summary>
    /// <param name="separator">What tells the two apart from now on.</param>
    /// <returns>The right neighbour that holds it.</returns>
    internal static TreeNode Split(TreeNode left, int place, long epoch, out byte[] separator)
    {
        if (left is LeafNode leaf)
        {
            LeafNode rightLeaf = new(epoch);
            rightLeaf.Fill(leaf.Slots[place..]);
            leaf.Fill(leaf.Slots[..place]);
            separator = Separator(leaf, rightLeaf);
            return rightLeaf;
        }

        InnerNode inner = (InnerNode)left;
        InnerNode rightInner = new(epoch, inner.Height);
        separator = inner.Separators[place - 1];
        rightInner.Fill(inner.Children[place..], inner.Separators[place..]);
        inner.Fill(inner.Children[..place], inner.Separators[..(place - 1)]);
        return rightInner;
    }

    /// <summary>Moves all of <paramref name="right"/> behind what <paramref name="left"/> holds.</summary>
    internal static void Merge(TreeNode left, byte[] separator, TreeNode right)
    {
        if (left is LeafNode leaf)
        {
            leaf.Fill([.. leaf.Slots, .. ((LeafNode)right).Slots]);
            return;
        }

        InnerNode inner = (InnerNode)left;
        InnerNode rightInner = (InnerNode)right;
        inner.Fill([.. inner.Children, .. rightInner.Children], [.. inner.Separators, separator, .. rightInner.Separators]);
    }

    /// <summary>Gives each of two neighbours half of what they hold together.</summary>
    /// <returns>What tells the two apart from now on.</returns>
    internal static byte[] Share(TreeNode left, byte[] separator, TreeNode right)
    {
        int half = (left.Count + right.Count) / 2;
        if (left is LeafNode leaf)
        {
            LeafNode rightLeaf = (LeafNode)right;
            VersionedKey[] slots = [.. leaf.Slots, .. rightLeaf.Slots];
            leaf.Fill(slots.AsSpan(0, half));
            rightLeaf.Fill(slots.AsSpan(half));
            return Separator(leaf, rightLeaf);
        }

        InnerNode inner = (InnerNode)left;
        InnerNode rightInner = (InnerNode)right;
        TreeNode[] children = [.. inner.Children, .. rightInner.Children];
        byte[][] separators = [.. inner.Separators, separator, .. rightInner.Separators];
        inner.Fill(children.AsSpan(0, half), separators.AsSpan(0, half - 1));
        rightInner.Fill(children.AsSpan(half), separators.AsSpan(half));
        return separators[half - 1];
    }

    // The shortest beginning of the right leaf's first key that is above the left leaf's last key.
    private static byte[] Separator(LeafNode left, LeafNode right)
    {
        ReadOnlySpan<byte> above = right.Slots[0].Newest.Key;
        int common = left.Slots[^1].Newest.Key.CommonPrefixLength(above);
        return above[..(common + 1)].ToArray();
    }
}
