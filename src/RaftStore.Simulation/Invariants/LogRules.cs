using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What the logs in memory may hold.</summary>
internal sealed class LogRules(ClusterInvariants invariants)
{
    /// <summary>Batches at the end of a log that are looked at after every step; the others were looked at when they were there.</summary>
    private const int TailBatches = 12;

    private readonly SortedDictionary<(long FirstIndex, long Term), Known> _known = [];
    private readonly SortedDictionary<long, EntryBatch> _committed = [];
    private readonly SortedDictionary<NodeId, EntryId> _ends = [];

    public void Look(SimulatedMachine machine, bool everything)
    {
        RaftNode core = machine.Node!.Core;
        RaftLog log = core.Log;
        NoteTruncation(machine.Id, log);
        for (int place = everything ? 0 : Math.Max(0, log.Count - TailBatches); place < log.Count; place++)
        {
            EntryBatch batch = log[place];
            EntryId before = place == 0 ? log.Base : log[place - 1].Last;
            CheckMatching(machine.Id, batch, before);
            if (batch.LastIndex <= core.CommitIndex)
            {
                CheckCommitted(machine.Id, batch);
            }
        }
    }

    /// <summary>I3: a committed entry is in every later leader's log.</summary>
    public void BecameLeader(SimulatedMachine machine)
    {
        RaftLog log = machine.Node!.Core.Log;
        foreach ((long firstIndex, EntryBatch committed) in _committed)
        {
            if (firstIndex <= log.Base.Index)
            {
                continue;
            }

            bool isThere = firstIndex <= log.Last.Index && log[log.PlaceOf(firstIndex)].Crc == committed.Crc;
            ClusterInvariants.Check(isThere, $"{machine.Id} leads term {machine.Node.Core.Term} without {committed}, which is committed; its log ends in {log.Last}");
        }
    }

    // I2: same index and term mean the same batch, and the same entry before it; by induction the same prefix.
    private void CheckMatching(NodeId id, EntryBatch batch, EntryId before)
    {
        Known here = new(batch.LastIndex, batch.Crc, before);
        if (!_known.TryAdd((batch.FirstIndex, batch.Term), here))
        {
            Known there = _known[(batch.FirstIndex, batch.Term)];
            ClusterInvariants.Check(there == here, $"{id} holds {batch} with checksum {batch.Crc:x8} after {before}, but elsewhere it ended in {there.LastIndex} with checksum {there.Crc:x8} after {there.Before}");
        }
    }

    // I8, with I2: what is committed at an index is committed there for good, on every node.
    private void CheckCommitted(NodeId id, EntryBatch batch)
    {
        if (!_committed.TryAdd(batch.FirstIndex, batch))
        {
            EntryBatch first = _committed[batch.FirstIndex];
            ClusterInvariants.Check(first.Crc == batch.Crc, $"{id} commits {batch}, where {first} was committed");
        }
    }

    private void NoteTruncation(NodeId id, RaftLog log)
    {
        EntryId end = _ends.GetValueOrDefault(id);
        if (end.Index > log.Base.Index && log.TermAt(end.Index) != end.Term)
        {
            invariants.Saw("conflict truncated");
        }

        _ends[id] = log.Last;
    }

    private readonly record struct Known(long LastIndex, uint Crc, EntryId Before);
}
