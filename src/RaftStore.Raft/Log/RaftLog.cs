namespace RaftStore.Raft;

/// <summary>The part of the log that is in memory: everything not applied, and a window of applied batches behind it for
/// followers that are behind. The unit is the sealed batch.</summary>
/// <remarks>
/// Within a state: the batches are contiguous from <see cref="Base"/> on, their terms and cluster times never fall,
/// <see cref="Base"/> ≤ applied ≤ last, and applied is the end of a batch.
/// Between two states: a batch that was applied is never truncated, and only applied ones are evicted.
/// </remarks>
internal sealed class RaftLog
{
    private readonly long _catchUpBytes;

    // A ring: batch i of Count stands at (_head + i) mod length.
    private EntryBatch[] _ring = new EntryBatch[64];
    private int _head;
    private long _appliedBytes;

    /// <summary>An empty log after <paramref name="start"/>, all of which is applied.</summary>
    public RaftLog(EntryId start, long clusterTimeMs, long catchUpBytes)
    {
        Base = start;
        AppliedIndex = start.Index;
        BaseClusterTimeMs = clusterTimeMs;
        _catchUpBytes = catchUpBytes;
    }

    /// <summary>The entry just before the first one in memory. It is applied, hence committed: every later leader has it.</summary>
    public EntryId Base { get; private set; }

    /// <summary>The cluster time of the batch that <see cref="Base"/> ends, in milliseconds.</summary>
    public long BaseClusterTimeMs { get; private set; }

    /// <summary>How many batches are in memory.</summary>
    public int Count { get; private set; }

    /// <summary>The last entry.</summary>
    public EntryId Last => Count == 0 ? Base : this[Count - 1].Last;

    /// <summary>The cluster time of the last batch, in milliseconds.</summary>
    public long LastClusterTimeMs => Count == 0 ? BaseClusterTimeMs : this[Count - 1].ClusterTimeMs;

    /// <summary>The last entry that was handed out to be applied.</summary>
    public long AppliedIndex { get; private set; }

    /// <summary>Bytes of the batches after <see cref="AppliedIndex"/>; 0 where everything is applied.</summary>
    public long UnappliedBytes { get; private set; }

    /// <summary>Bytes of the applied batches that are kept.</summary>
    public long AppliedBytes => _appliedBytes;

    /// <summary>The batch at that place, 0 being the oldest in memory.</summary>
    public EntryBatch this[int place] => _ring[(_head + place) & (_ring.Length - 1)];

    /// <summary>The place of the batch that holds <paramref name="index"/>, or <see cref="Count"/> where the log ends before it.
    /// The index lies after <see cref="Base"/>.</summary>
    public int PlaceOf(long index)
    {
        Invariant.Check(index > Base.Index, $"entry {index} is not in memory, which begins after {Base}");
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (this[middle].LastIndex < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The term of the entry at <paramref name="index"/>; -1 where it is not in memory and is not <see cref="Base"/>.</summary>
    public long TermAt(long index)
    {
        if (index <= Base.Index)
        {
            return index == Base.Index ? Base.Term : -1;
        }

        if (index > Last.Index)
        {
            return -1;
        }

        // Terms rise along the log: mostly all that is in memory is of one.
        return this[0].Term == Last.Term ? Last.Term : this[PlaceOf(index)].Term;
    }

    /// <summary>True where this log holds that entry, and the entry is the last one of its batch (or <see cref="Base"/>).</summary>
    public bool HoldsBoundary(EntryId entry) => entry.Index >= Base.Index && LastBoundary(entry.Index, entry.Term) == entry;

    /// <summary>The last end of a batch that lies at or before <paramref name="index"/> and has at most that term; null where it
    /// is older than what is in memory.</summary>
    public EntryId? LastBoundary(long index, long term)
    {
        // Indexes and terms both rise along the log, so the batches that qualify are a prefix of it.
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            EntryBatch batch = this[middle];
            if (batch.LastIndex <= index && batch.Term <= term)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low > 0)
        {
            return this[low - 1].Last;
        }

        return Base.Index <= index && Base.Term <= term ? Base : null;
    }

    /// <summary>Adds a batch at the end.</summary>
    /// <exception cref="RaftInvariantException">It does not follow the last one.</exception>
    public void Append(EntryBatch batch)
    {
        Invariant.Check(batch.FirstIndex == Last.Index + 1, $"batch from {batch.FirstIndex} after entry {Last}");
        Invariant.Check(batch.Term >= Last.Term, $"batch of term {batch.Term} after entry {Last}");
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + Count) & (_ring.Length - 1)] = batch;
        Count++;
        UnappliedBytes += batch.LengthBytes;
    }

    /// <summary>Removes every entry from <paramref name="index"/> on, which begins a batch.</summary>
    /// <exception cref="RaftInvariantException">It does not begin a batch, or is applied.</exception>
    public void TruncateFrom(long index)
    {
        Invariant.Check(index > AppliedIndex, $"truncation from {index}, but {AppliedIndex} is applied");
        int place = PlaceOf(index);
        Invariant.Check(place < Count && this[place].FirstIndex == index, $"truncation from {index}, which begins no batch of the log that ends in {Last}");
        while (Count > place)
        {
            Count--;
            int slot = (_head + Count) & (_ring.Length - 1);
            UnappliedBytes -= _ring[slot].LengthBytes;
            _ring[slot] = null!;
        }
    }

    /// <summary>Marks everything up to <paramref name="index"/> applied and evicts the oldest applied batches beyond the catch-up
    /// window. An index that ends no batch in memory, or lies at or below the applied one, is a bug.</summary>
    public void ApplyTo(long index)
    {
        Invariant.Check(index > AppliedIndex && index <= Last.Index, $"applying to {index} after {AppliedIndex} in a log that ends in {Last}");
        for (int place = PlaceOf(AppliedIndex + 1); place < Count && this[place].LastIndex <= index; place++)
        {
            EntryBatch batch = this[place];
            UnappliedBytes -= batch.LengthBytes;
            _appliedBytes += batch.LengthBytes;
            AppliedIndex = batch.LastIndex;
        }

        Invariant.Check(AppliedIndex == index, $"applying to {index}, but the batch ends in {AppliedIndex}");
        while (_appliedBytes > _catchUpBytes && Base.Index < AppliedIndex)
        {
            EvictOldest();
        }
    }

    /// <summary>Forgets everything: the log goes on after <paramref name="entry"/>, which a snapshot holds.</summary>
    public void Reset(EntryId entry, long clusterTimeMs)
    {
        Invariant.Check(entry.Index > AppliedIndex, $"reset to {entry}, but {AppliedIndex} is applied");
        Array.Clear(_ring);
        _head = 0;
        Count = 0;
        Base = entry;
        BaseClusterTimeMs = clusterTimeMs;
        AppliedIndex = entry.Index;
        UnappliedBytes = 0;
        _appliedBytes = 0;
    }

    private void EvictOldest()
    {
        EntryBatch oldest = _ring[_head];
        Base = oldest.Last;
        BaseClusterTimeMs = oldest.ClusterTimeMs;
        _appliedBytes -= oldest.LengthBytes;
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
    }

    private void Grow()
    {
        var larger = new EntryBatch[_ring.Length * 2];
        for (int place = 0; place < Count; place++)
        {
            larger[place] = this[place];
        }

        _ring = larger;
        _head = 0;
    }
}
