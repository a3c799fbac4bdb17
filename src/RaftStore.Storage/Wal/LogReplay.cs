using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Carries the records of a log out in their order, in memory: what is left at the end is the log.</summary>
internal sealed class LogReplay
{
    private readonly long _termMax;
    private readonly List<(EntryId Last, EntryBatch? Batch)> _entries = [];

    /// <summary>Begins with the entry before the first segment.</summary>
    /// <param name="before">That entry.</param>
    /// <param name="termMax">The node's term, which was durable before any entry of it was written.</param>
    /// <param name="markStepBytes">For <see cref="LogExtent"/>.</param>
    internal LogReplay(EntryId before, long termMax, long markStepBytes)
    {
        _termMax = termMax;
        Extent = new LogExtent(before, markStepBytes);
    }

    /// <summary>What the log holds.</summary>
    internal LogExtent Extent { get; }

    /// <summary>Appends a batch.</summary>
    /// <param name="entries">What it holds.</param>
    /// <param name="batch">The batch itself; null where it is not wanted.</param>
    /// <returns>Why it cannot stand here, or null.</returns>
    internal string? Append(EntryRange entries, EntryBatch? batch, long recordBytes)
    {
        EntryId last = Extent.Last;
        if (entries.FirstIndex - 1 != last.Index || entries.Term < last.Term)
        {
            return $"batch {entries} does not follow entry {last}";
        }

        if (entries.Term > _termMax)
        {
            return $"batch {entries} is of a later term than the node's own, {_termMax}, which was durable before any entry of it: the hard state went back";
        }

        Extent.Append(entries, recordBytes);
        _entries.Add((entries.Last, batch));
        return null;
    }

    /// <summary>Cuts the log so that it ends in <paramref name="last"/>.</summary>
    /// <returns>Why it cannot be, or null.</returns>
    internal string? TruncateTo(EntryId last, long recordBytes)
    {
        if (last.Index < 0 || last.Index > Extent.Last.Index)
        {
            return $"the log is cut after entry {last}, but ends in {Extent.Last}";
        }

        // Where the entries up to the cut were purged, only the record itself still knows the term of the last of them.
        int keep = _entries.FindLastIndex(entry => entry.Last.Index <= last.Index) + 1;
        EntryId kept = keep > 0 ? _entries[keep - 1].Last : Extent.Base;
        if (last.Index >= Extent.Base.Index && kept != last)
        {
            return $"the log is cut after entry {last}, which is not the last one of a batch (that before is {kept})";
        }

        _entries.RemoveRange(keep, _entries.Count - keep);
        Extent.TruncateTo(last, recordBytes);
        return null;
    }

    /// <summary>Empties the log; it goes on after <paramref name="last"/>.</summary>
    /// <returns>Why it cannot be, or null.</returns>
    internal string? Reset(EntryId last)
    {
        if (last.Index < 0 || last.Term < 0)
        {
            return $"the log is emptied up to entry {last}, which cannot be";
        }

        _entries.Clear();
        Extent.Reset(last);
        return null;
    }

    /// <summary>Whether the log goes on from the snapshot. Where it does not hold the snapshot's last entry it is discarded, as it would have been had
    /// the process not died between the snapshot's rename and the record that empties the log.</summary>
    /// <param name="error">Why they do not fit together, or null.</param>
    internal bool GoesOnFrom(EntryId snapshot, out string? error)
    {
        error = null;
        if (Extent.Base.Index > snapshot.Index)
        {
            error = $"the log begins after entry {Extent.Base}, but the newest snapshot ends in entry {snapshot}: the entries between are missing";
            return false;
        }

        bool holdsSnapshot = Extent.Base == snapshot || _entries.Exists(entry => entry.Last == snapshot);
        if (!holdsSnapshot && Extent.Base.Index == snapshot.Index)
        {
            error = $"the log begins after entry {Extent.Base}, and the newest snapshot ends in entry {snapshot}: one of them is not this node's";
        }

        return holdsSnapshot;
    }

    /// <summary>The batches that are wanted, after that index.</summary>
    internal List<EntryBatch> After(long index) => [.. _entries.Where(entry => entry.Last.Index > index).Select(entry => entry.Batch!)];
}
