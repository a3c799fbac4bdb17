namespace RaftStore.Kv.Versions;

/// <summary>The retained versions of one key that newer ones replaced, oldest first. Immutable to every reader that holds it: a
/// change makes another header over the same arrays.</summary>
/// <remarks>
/// The newest versions lie in one array, which grows with them up to <see cref="BlockVersions"/>; a key with more has the full arrays
/// before it as blocks of that size in a <see cref="BlockList"/>. Nearly every key needs no blocks. The hot one that has a million
/// versions never has more than a block to copy or to allocate, whether it grows or is dropped.
/// <para>Headers share their arrays, and what one of them covers is never written again: appending fills the slot behind the last, which
/// no older header reaches, and dropping moves the start on. Only the applying thread changes anything, and always from the newest
/// header, so no slot is filled twice. That is why a reader may hold a header for as long as it likes and finds every version that
/// was retained when its view was published.</para>
/// <para>A dropped version stays in memory until its block is let go or its array replaced. A lone array is replaced once it holds as
/// many dropped versions as retained ones, and a list of blocks likewise: what was dropped and is still there is less than what is
/// retained and one block, and the copying is O(1) for each version on average.</para>
/// </remarks>
internal sealed class VersionHistory
{
    /// <summary>Versions in a block: 4 KiB of references, little enough to allocate within any entry, while a million versions
    /// make a list of two thousand.</summary>
    internal const int BlockVersions = 512;

    private const int FirstCapacity = 2;

    private readonly BlockList? _blocks;
    private readonly KeyVersion[] _slots;

    // Where the oldest version is: in the first block, or in the slots where there are no blocks.
    private readonly int _start;
    private readonly int _end;

    private VersionHistory(BlockList? blocks, KeyVersion[] slots, int start, int end)
    {
        _blocks = blocks;
        _slots = slots;
        _start = start;
        _end = end;
    }

    /// <summary>How many versions there are; at least one.</summary>
    internal int Count => BlockedVersions + _end - _start;

    internal KeyVersion Oldest => this[0];

    /// <summary>Dropped versions that this header still keeps in memory; fewer than it retains and <see cref="BlockVersions"/>.</summary>
    internal int DroppedInMemory => ((_blocks?.DroppedInMemory ?? 0) * BlockVersions) + _start;

    private int BlockedVersions => (_blocks?.Count ?? 0) * BlockVersions;

    /// <summary>A version by its place, 0 for the oldest.</summary>
    internal KeyVersion this[int place]
    {
        get
        {
            int position = _start + place;
            return position < BlockedVersions ? _blocks![position / BlockVersions][position % BlockVersions] : _slots[position - BlockedVersions];
        }
    }

    /// <summary>The history with one newer version behind it. Applying thread.</summary>
    internal static VersionHistory Append(VersionHistory? history, KeyVersion replaced)
    {
        if (history is null)
        {
            KeyVersion[] first = new KeyVersion[FirstCapacity];
            first[0] = replaced;
            return new VersionHistory(null, first, 0, 1);
        }

        KeyVersion[] slots = history._slots;
        if (history._end < slots.Length)
        {
            slots[history._end] = replaced;
            return new VersionHistory(history._blocks, slots, history._start, history._end + 1);
        }

        if (slots.Length == BlockVersions)
        {
            KeyVersion[] next = new KeyVersion[BlockVersions];
            next[0] = replaced;
            return new VersionHistory(BlockList.Append(history._blocks, slots), next, history._start, 1);
        }

        // There are no blocks yet: all slots behind the first block are as large as a block.
        int count = history._end - history._start;
        VersionHistory grown = history.CopyTo(new KeyVersion[Math.Min(2 * count, BlockVersions)]);
        grown._slots[count] = replaced;
        return new VersionHistory(null, grown._slots, 0, count + 1);
    }

    /// <summary>The history of versions that are already in order.</summary>
    internal static VersionHistory? Of(ReadOnlySpan<KeyVersion> oldestFirst)
    {
        if (oldestFirst.IsEmpty)
        {
            return null;
        }

        BlockList? blocks = null;
        while (oldestFirst.Length > BlockVersions)
        {
            blocks = BlockList.Append(blocks, oldestFirst[..BlockVersions].ToArray());
            oldestFirst = oldestFirst[BlockVersions..];
        }

        KeyVersion[] slots = new KeyVersion[blocks is null ? oldestFirst.Length : BlockVersions];
        oldestFirst.CopyTo(slots);
        return new VersionHistory(blocks, slots, 0, oldestFirst.Length);
    }

    /// <summary>The history without its oldest version; null where nothing is left. Applying thread.</summary>
    internal VersionHistory? DropOldest()
    {
        if (Count == 1)
        {
            return null;
        }

        if (_blocks is not null)
        {
            return _start + 1 < BlockVersions
                ? new VersionHistory(_blocks, _slots, _start + 1, _end)
                : new VersionHistory(_blocks.DropFirst(), _slots, 0, _end);
        }

        int retained = _end - _start - 1;
        VersionHistory rest = new(null, _slots, _start + 1, _end);
        return rest._start < retained ? rest : rest.CopyTo(new KeyVersion[Math.Min(retained + 1, BlockVersions)]);
    }

    /// <summary>The newest version of the history at <paramref name="revision"/>, a tombstone perhaps; null where there was none.</summary>
    internal KeyVersion? At(long revision)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (this[middle].ModRevision <= revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? null : this[low - 1];
    }

    private VersionHistory CopyTo(KeyVersion[] slots)
    {
        _slots.AsSpan(_start, _end - _start).CopyTo(slots);
        return new VersionHistory(null, slots, 0, _end - _start);
    }
}
