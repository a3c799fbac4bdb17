namespace RaftStore.Kv.Versions;

/// <summary>The retained versions of one key that newer ones replaced, oldest first. Immutable to every reader that holds it: a
/// change makes another header over the same array.</summary>
/// <remarks>
/// Headers share their array, and what one of them covers is never written again: appending fills the slot behind the last, which
/// no older header reaches, and dropping moves the start on. Only the applying thread changes anything, and always from the newest
/// header, so no slot is filled twice. That is why a reader may hold a header for as long as it likes and finds every version that
/// was retained when its view was published.
/// <para>A dropped version stays in memory until its array is replaced, so an array is replaced once it holds as many dropped
/// versions as retained ones: memory at most doubles, and the copying is O(1) for each version on average.</para>
/// </remarks>
internal sealed class VersionHistory
{
    private const int FirstCapacity = 2;

    private readonly KeyVersion[] _slots;
    private readonly int _start;
    private readonly int _end;

    private VersionHistory(KeyVersion[] slots, int start, int end)
    {
        _slots = slots;
        _start = start;
        _end = end;
    }

    /// <summary>The versions, oldest first.</summary>
    internal ReadOnlySpan<KeyVersion> Versions => _slots.AsSpan(_start, _end - _start);

    internal KeyVersion Oldest => _slots[_start];

    /// <summary>Dropped versions that this header's array still keeps in memory; fewer than it retains.</summary>
    internal int DroppedInMemory => _start;

    /// <summary>The history with one newer version behind it. Applying thread.</summary>
    internal static VersionHistory Append(VersionHistory? history, KeyVersion replaced)
    {
        if (history is null)
        {
            KeyVersion[] first = new KeyVersion[FirstCapacity];
            first[0] = replaced;
            return new VersionHistory(first, 0, 1);
        }

        if (history._end < history._slots.Length)
        {
            history._slots[history._end] = replaced;
            return new VersionHistory(history._slots, history._start, history._end + 1);
        }

        int count = history._end - history._start;
        VersionHistory grown = history.CopyTo(new KeyVersion[2 * count]);
        grown._slots[count] = replaced;
        return new VersionHistory(grown._slots, 0, count + 1);
    }

    /// <summary>The history of versions that are already in order.</summary>
    internal static VersionHistory? Of(ReadOnlySpan<KeyVersion> oldestFirst) =>
        oldestFirst.IsEmpty ? null : new VersionHistory(oldestFirst.ToArray(), 0, oldestFirst.Length);

    /// <summary>The history without its oldest version; null where nothing is left. Applying thread.</summary>
    internal VersionHistory? DropOldest()
    {
        int retained = _end - _start - 1;
        if (retained == 0)
        {
            return null;
        }

        VersionHistory rest = new(_slots, _start + 1, _end);
        return rest._start < retained ? rest : rest.CopyTo(new KeyVersion[retained + 1]);
    }

    /// <summary>The newest version of the history at <paramref name="revision"/>, a tombstone perhaps; null where there was none.</summary>
    internal KeyVersion? At(long revision)
    {
        int low = _start;
        int high = _end;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_slots[middle].ModRevision <= revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == _start ? null : _slots[low - 1];
    }

    private VersionHistory CopyTo(KeyVersion[] slots)
    {
        Versions.CopyTo(slots);
        return new VersionHistory(slots, 0, _end - _start);
    }
}
