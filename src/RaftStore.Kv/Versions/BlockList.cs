namespace RaftStore.Kv.Versions;

/// <summary>The full blocks of a long <see cref="VersionHistory"/>, oldest first; never empty. Headers over a shared array, as there and by
/// the same rules.</summary>
internal sealed class BlockList
{
    private const int FirstCapacity = 4;

    private readonly KeyVersion[][] _blocks;
    private readonly int _start;
    private readonly int _end;

    private BlockList(KeyVersion[][] blocks, int start, int end)
    {
        _blocks = blocks;
        _start = start;
        _end = end;
    }

    /// <summary>How many blocks there are.</summary>
    internal int Count => _end - _start;

    /// <summary>Dropped blocks that this header still keeps in memory; fewer than it retains.</summary>
    internal int DroppedInMemory => _start;

    /// <summary>A block by its place, 0 for the oldest.</summary>
    internal KeyVersion[] this[int place] => _blocks[_start + place];

    /// <summary>The list with one newer block behind it. Applying thread.</summary>
    internal static BlockList Append(BlockList? list, KeyVersion[] block)
    {
        if (list is not null && list._end < list._blocks.Length)
        {
            list._blocks[list._end] = block;
            return new BlockList(list._blocks, list._start, list._end + 1);
        }

        int count = list?.Count ?? 0;
        KeyVersion[][] blocks = new KeyVersion[Math.Max(FirstCapacity, 2 * count)][];
        list?._blocks.AsSpan(list._start, count).CopyTo(blocks);
        blocks[count] = block;
        return new BlockList(blocks, 0, count + 1);
    }

    /// <summary>The list without its oldest block; null where nothing is left. Applying thread.</summary>
    internal BlockList? DropFirst()
    {
        int retained = Count - 1;
        if (retained == 0)
        {
            return null;
        }

        if (_start + 1 < retained)
        {
            return new BlockList(_blocks, _start + 1, _end);
        }

        KeyVersion[][] rest = new KeyVersion[retained + 1][];
        _blocks.AsSpan(_start + 1, retained).CopyTo(rest);
        return new BlockList(rest, 0, retained);
    }
}
