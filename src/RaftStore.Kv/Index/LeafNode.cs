using System.Runtime.CompilerServices;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Index;

/// <summary>The lowest nodes of the tree: keys in byte order, with their versions.</summary>
internal sealed class LeafNode(long epoch) : TreeNode(epoch, height: 1)
{
    private SlotBuffer _slots;

    /// <summary>The keys, in order.</summary>
    internal ReadOnlySpan<VersionedKey> Slots => ((ReadOnlySpan<VersionedKey>)_slots)[..Count];

    /// <summary>The same leaf, owned by another epoch.</summary>
    internal LeafNode Copy(long epoch) => new(epoch) { _slots = _slots, Count = Count, LiveCount = LiveCount };

    /// <summary>The place of the first key that is not below <paramref name="key"/>; <see cref="TreeNode.Count"/> where all are below.</summary>
    /// <param name="found">True where that key is <paramref name="key"/> itself.</param>
    internal int LowerBound(ReadOnlySpan<byte> key, out bool found)
    {
        ReadOnlySpan<VersionedKey> slots = Slots;
        int low = 0;
        int high = slots.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            int order = slots[middle].Newest.Key.SequenceCompareTo(key);
            if (order == 0)
            {
                found = true;
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        found = false;
        return low;
    }

    internal void Insert(int place, VersionedKey entry)
    {
        Span<VersionedKey> all = _slots;
        all[place..Count].CopyTo(all[(place + 1)..]);
        all[place] = entry;
        Count++;
        LiveCount += entry.IsLive ? 1 : 0;
    }

    internal void Replace(int place, VersionedKey entry)
    {
        LiveCount += (entry.IsLive ? 1 : 0) - (_slots[place].IsLive ? 1 : 0);
        _slots[place] = entry;
    }

    internal void RemoveAt(int place)
    {
        Span<VersionedKey> all = _slots;
        LiveCount -= all[place].IsLive ? 1 : 0;
        all[(place + 1)..Count].CopyTo(all[place..]);
        Count--;
        all[Count] = default;
    }

    /// <summary>Replaces everything the leaf holds.</summary>
    internal void Fill(ReadOnlySpan<VersionedKey> entries)
    {
        Span<VersionedKey> all = _slots;
        entries.CopyTo(all);
        all[entries.Length..].Clear();
        Count = entries.Length;
        LiveCount = 0;
        foreach (ref readonly VersionedKey entry in entries)
        {
            LiveCount += entry.IsLive ? 1 : 0;
        }
    }

    // Inline, so that a leaf is one object and copying it one block move.
    [InlineArray(Capacity)]
    private struct SlotBuffer
    {
        private VersionedKey _first;
    }
}
