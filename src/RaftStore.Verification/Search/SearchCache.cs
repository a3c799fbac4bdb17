using System.Numerics;

namespace RaftStore.Verification.Search;

/// <summary>The positions that the search has been at: which operations are placed, and what the key then is. From a position that was
/// left without success none comes, so it is not entered again.</summary>
/// <remarks>Positions are kept and compared bit by bit. Operations are placed roughly in the order in which they were sent, so nearly all
/// bits before the first one that is not placed are set, and only the words from there on are kept.</remarks>
internal sealed class SearchCache(long bytesMax)
{
    private const int HeaderWords = 6;
    private const int BlockWords = 1 << 16;

    /// <summary>The first block is small and each is twice as large as the one before, up to the largest: most keys have few positions.</summary>
    private const int FirstBlockWords = 1 << 10;

    private readonly List<ulong[]> _blocks = [];
    private readonly ulong[] _header = new ulong[HeaderWords];
    private (int Block, int Offset)[] _slots = new (int Block, int Offset)[1024];
    private int _count;
    private int _used;
    private long _blockWords;

    /// <summary>Whether no further position fits into the bound.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Remembers a position.</summary>
    /// <param name="placed">A bit for each operation.</param>
    /// <param name="first">The first operation that is not placed.</param>
    /// <param name="last">The last one that is; -1 while there is none.</param>
    /// <returns>Whether it was not there before. Once full it remembers no more and answers true.</returns>
    public bool Add(ulong[] placed, int first, int last, in SearchState state, in OptionalUse use)
    {
        int from = first >> 6;
        int length = Math.Max(0, (last >> 6) - from + 1);
        _header[0] = ((ulong)(uint)first << 32) | (uint)length;
        _header[1] = unchecked(((ulong)state.Value << 1) | (state.IsBound ? 1UL : 0));
        _header[2] = unchecked((ulong)state.RevisionMin);
        _header[3] = ((ulong)(uint)use.Deletes << 32) | (uint)use.Puts;
        _header[4] = ((ulong)(uint)use.PutsIfAbsent << 32) | (uint)use.PutsIfExists;
        _header[5] = unchecked((ulong)state.AnsweredAt);
        ReadOnlySpan<ulong> words = placed.AsSpan(from, length);

        int slot = Find(words);
        if (_slots[slot].Block > 0)
        {
            return false;
        }

        if (HeaderWords + length > BlockWords || (_blockWords * sizeof(ulong)) + (_slots.Length * 16L) > bytesMax)
        {
            IsFull = true;
            return true;
        }

        _slots[slot] = Store(words);
        if (++_count * 2 > _slots.Length)
        {
            Grow();
        }

        return true;
    }

    private static ulong Hash(ReadOnlySpan<ulong> header, ReadOnlySpan<ulong> words)
    {
        unchecked
        {
            ulong hash = 0x9E37_79B9_7F4A_7C15;
            foreach (ulong word in header)
            {
                hash = Mix(hash ^ word);
            }

            foreach (ulong word in words)
            {
                hash = Mix(hash ^ word);
            }

            return hash;
        }
    }

    private static ulong Mix(ulong hash)
    {
        unchecked
        {
            hash = (hash ^ (hash >> 32)) * 0xD6E8_FEB8_6659_FD93;
            return BitOperations.RotateLeft(hash, 27) ^ (hash >> 29);
        }
    }

    private int Find(ReadOnlySpan<ulong> words)
    {
        int slot = (int)(Hash(_header, words) & (ulong)(_slots.Length - 1));
        while (_slots[slot].Block > 0)
        {
            (int block, int offset) = _slots[slot];
            ReadOnlySpan<ulong> kept = _blocks[block - 1].AsSpan(offset);
            if (kept[..HeaderWords].SequenceEqual(_header) && kept.Slice(HeaderWords, words.Length).SequenceEqual(words))
            {
                break;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        return slot;
    }

    private (int Block, int Offset) Store(ReadOnlySpan<ulong> words)
    {
        int needed = HeaderWords + words.Length;
        if (_blocks.Count == 0 || _used + needed > _blocks[^1].Length)
        {
            int doubled = _blocks.Count == 0 ? FirstBlockWords : Math.Min(2 * _blocks[^1].Length, BlockWords);
            _blocks.Add(new ulong[Math.Max(doubled, needed)]);
            _blockWords += _blocks[^1].Length;
            _used = 0;
        }

        int offset = _used;
        Span<ulong> target = _blocks[^1].AsSpan(offset);
        _header.CopyTo(target);
        words.CopyTo(target[HeaderWords..]);
        _used += needed;
        return (_blocks.Count, offset);
    }

    private void Grow()
    {
        (int Block, int Offset)[] old = _slots;
        _slots = new (int Block, int Offset)[old.Length * 2];
        foreach ((int block, int offset) in old)
        {
            if (block == 0)
            {
                continue;
            }

            ReadOnlySpan<ulong> kept = _blocks[block - 1].AsSpan(offset);
            int length = (int)(kept[0] & uint.MaxValue);
            int slot = (int)(Hash(kept[..HeaderWords], kept.Slice(HeaderWords, length)) & (ulong)(_slots.Length - 1));
            while (_slots[slot].Block > 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = (block, offset);
        }
    }
}
