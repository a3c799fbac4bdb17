namespace RaftStore.Kv.Index;

/// <summary>A node of the tree. It may be changed in place only in the epoch it was made in; from then on it is frozen for ever,
/// because a published root may reach it.</summary>
/// <param name="epoch">The epoch that owns it.</param>
/// <param name="height">1 for a leaf, and one more than its children's for any other.</param>
internal abstract class TreeNode(long epoch, int height)
{
    /// <summary>Entries of a leaf, or children of an inner node, at most. The first change of a node in each epoch copies all of it, and
    /// with random keys that is for a single put. Measured, overwriting 300,000 random keys with 32 puts in an epoch: nodes of 16
    /// allocate 1.4 KB a put, of 32 1.8 KB and of 64 2.6 KB, while a get takes the same time. Nodes of 8 still save 0.2 KB, for a tree
    /// that is half again as deep.</summary>
    internal const int Capacity = 16;

    /// <summary>What every node but the root holds at least. Being well below half of <see cref="Capacity"/>, it keeps a key that is put and
    /// deleted again and again from splitting and merging the same two nodes each time.</summary>
    internal const int FillMin = Capacity / 4;

    /// <summary>Two neighbours become one where they hold no more than this together; with more, they share evenly.</summary>
    internal const int MergedMax = Capacity - FillMin;

    internal long Epoch { get; } = epoch;

    internal int Height { get; } = height;

    /// <summary>Entries of a leaf, children of an inner node.</summary>
    internal int Count { get; private protected set; }

    /// <summary>Keys below this node that exist at the newest revision: what makes counting a range O(log n).</summary>
    internal long LiveCount { get; set; }
}
