using System.Runtime.CompilerServices;

namespace RaftStore.Kv.Index;

/// <summary>A node above the leaves: its children in order, and between two neighbours a separator. Every key below the left one
/// is less than the separator, and no key below the right one is.</summary>
/// <remarks>A separator is the shortest byte string that tells the two apart when they are split, not a key: it is short
/// whatever the keys are, and it stays right when keys beside it go.</remarks>
internal sealed class InnerNode(long epoch, int height) : TreeNode(epoch, height)
{
    private SeparatorBuffer _separators;
    private ChildBuffer _children;

    /// <summary>The children; each is in this node's epoch or an older one.</summary>
    internal ReadOnlySpan<TreeNode> Children => ((ReadOnlySpan<TreeNode>)_children)[..Count];

    /// <summary>Separator i stands between child i and child i + 1.</summary>
    internal ReadOnlySpan<byte[]> Separators => ((ReadOnlySpan<byte[]>)_separators)[..(Count - 1)];

    /// <summary>The same node, owned by another epoch.</summary>
    internal InnerNode Copy(long epoch) =>
        new(epoch, Height) { _separators = _separators, _children = _children, Count = Count, LiveCount = LiveCount };

    /// <summary>The child below which <paramref name="key"/> is, or would be.</summary>
    internal int ChildIndex(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte[]> separators = Separators;
        int low = 0;
        int high = separators.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (key.SequenceCompareTo(separators[middle]) < 0)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Puts another node in a child's place that holds the same keys.</summary>
    internal void ReplaceChild(int place, TreeNode child) => _children[place] = child;

    internal void ReplaceSeparator(int place, byte[] separator) => _separators[place] = separator;

    /// <summary>Puts in the right half of what was one child, with the separator between the two.</summary>
    /// <param name="place">Where the right half goes: one behind the left.</param>
    internal void InsertRight(int place, byte[] separator, TreeNode child)
    {
        Span<TreeNode> children = _children;
        Span<byte[]> separators = _separators;
        children[place..Count].CopyTo(children[(place + 1)..]);
        separators[(place - 1)..(Count - 1)].CopyTo(separators[place..]);
        children[place] = child;
        separators[place - 1] = separator;
        Count++;
    }

    /// <summary>Takes a child out whose keys went to its left neighbour, and the separator between the two.</summary>
    internal void RemoveRight(int place)
    {
        Span<TreeNode> children = _children;
        Span<byte[]> separators = _separators;
        children[(place + 1)..Count].CopyTo(children[place..]);
        separators[place..(Count - 1)].CopyTo(separators[(place - 1)..]);
        Count--;
        children[Count] = null!;
        separators[Count - 1] = null!;
    }

    /// <summary>Replaces everything the node holds.</summary>
    internal void Fill(ReadOnlySpan<TreeNode> children, ReadOnlySpan<byte[]> separators)
    {
        Span<TreeNode> allChildren = _children;
        Span<byte[]> allSeparators = _separators;
        children.CopyTo(allChildren);
        allChildren[children.Length..].Clear();
        separators.CopyTo(allSeparators);
        allSeparators[separators.Length..].Clear();
        Count = children.Length;
        LiveCount = 0;
        foreach (TreeNode child in children)
        {
            LiveCount += child.LiveCount;
        }
    }

    [InlineArray(Capacity - 1)]
    private struct SeparatorBuffer
    {
        private byte[] _first;
    }

    [InlineArray(Capacity)]
    private struct ChildBuffer
    {
        private TreeNode _first;
    }
}
