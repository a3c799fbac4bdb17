using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What the log holds, without its bytes: where it begins and ends, which term each entry has, and how many bytes of
/// records came after any entry. Terms change rarely, so runs of them are kept; lengths are kept at marks a step apart.</summary>
internal sealed class LogExtent
{
    private readonly long _markStepBytes;
    private readonly List<(long FirstIndex, long Term)> _terms = [];
    private readonly List<(long LastIndex, long TotalBytes)> _marks = [];
    private long _totalBytes;
    private long _purgedTotalBytes;

    /// <summary>An empty log.</summary>
    /// <param name="before">The entry before its first.</param>
    /// <param name="markStepBytes">How exact <see cref="LengthBytes"/> is.</param>
    internal LogExtent(EntryId before, long markStepBytes)
    {
        _markStepBytes = markStepBytes;
        Base = before;
        Last = before;
    }

    /// <summary>The entry before the first.</summary>
    internal EntryId Base { get; private set; }

    /// <summary>The last entry, or <see cref="Base"/>.</summary>
    internal EntryId Last { get; private set; }

    /// <summary>Bytes of records after the last purge.</summary>
    internal long LengthBytes => _totalBytes - _purgedTotalBytes;

    /// <summary>A batch was appended in a record of that length.</summary>
    internal void Append(EntryRange entries, long recordBytes)
    {
        if (_terms.Count == 0 || _terms[^1].Term != entries.Term)
        {
            _terms.Add((entries.FirstIndex, entries.Term));
        }

        Last = entries.Last;
        _totalBytes += recordBytes;
        if (_marks.Count == 0 || _totalBytes - _marks[^1].TotalBytes >= _markStepBytes)
        {
            _marks.Add((Last.Index, _totalBytes));
        }
    }

    /// <summary>The log was cut, by a record of that length, so that it ends in <paramref name="last"/>.</summary>
    internal void TruncateTo(EntryId last, long recordBytes)
    {
        while (_terms.Count > 0 && _terms[^1].FirstIndex > last.Index)
        {
            _terms.RemoveAt(_terms.Count - 1);
        }

        if (last.Index <= Base.Index)
        {
            Base = last;
        }

        Last = last;
        _totalBytes += recordBytes;

        // The bytes of what was cut are still on disk, and go when its last surviving predecessor is purged.
        while (_marks.Count > 0 && _marks[^1].LastIndex >= last.Index)
        {
            _marks.RemoveAt(_marks.Count - 1);
        }

        _marks.Add((last.Index, _totalBytes));
    }

    /// <summary>The log was emptied and goes on after <paramref name="last"/>.</summary>
    internal void Reset(EntryId last)
    {
        _terms.Clear();
        _marks.Clear();
        Base = last;
        Last = last;
        _purgedTotalBytes = _totalBytes;
    }

    /// <summary>Entries up to <paramref name="index"/> are of no use any more.</summary>
    internal void Purge(long index)
    {
        if (index <= Base.Index)
        {
            return;
        }

        Base = index >= Last.Index ? Last : IdAt(index);
        int dead = _terms.FindLastIndex(run => run.FirstIndex <= Base.Index + 1);
        if (dead > 0)
        {
            _terms.RemoveRange(0, dead);
        }

        if (Base == Last)
        {
            _marks.Clear();
            _purgedTotalBytes = _totalBytes;
            return;
        }

        int mark = _marks.FindLastIndex(entry => entry.LastIndex <= index);
        if (mark >= 0)
        {
            _purgedTotalBytes = _marks[mark].TotalBytes;
            _marks.RemoveRange(0, mark + 1);
        }
    }

    /// <summary>The id of an entry of the log, or of <see cref="Base"/>.</summary>
    internal EntryId IdAt(long index)
    {
        Invariant.Check(index >= Base.Index && index <= Last.Index, $"index {index} is not between {Base} and {Last}, where the log is");
        return index == Base.Index ? Base : new EntryId(index, _terms.FindLast(run => run.FirstIndex <= index).Term);
    }
}
