using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What the logs in memory may hold.</summary>
internal sealed class LogRules(ClusterInvariants invariants, ConfigurationRules configurations)
{
    private readonly Dictionary<(long FirstIndex, long Term), Known> _known = [];
    private readonly Dictionary<EntryId, EntryBatch> _byEnd = [];
    private readonly SortedDictionary<long, Committed> _committed = [];
    private readonly Dictionary<NodeId, Seen> _seen = [];

    public void Look(SimulatedMachine machine, bool everything)
    {
        RaftNode core = machine.Node!.Core;
        RaftLog log = core.Log;
        if (!_seen.TryGetValue(machine.Id, out Seen? seen))
        {
            _seen.Add(machine.Id, seen = new Seen());
        }

        NoteTruncation(seen, log, core.DurableIndex);
        CheckDurable(seen, machine, core);
        for (int place = everything ? 0 : FirstToLookAt(seen.Looked, log); place < log.Count; place++)
        {
            CheckMatching(machine.Id, log[place], place == 0 ? log.Base : log[place - 1].Last);
        }

        seen.Looked = log.Last;

        // What was once found committed here stays so, and was looked at with all before it: only another commit index brings more.
        EntryId commit = new(core.CommitIndex, log.TermAt(core.CommitIndex));
        if ((everything || seen.Commit != commit) && CheckCommitted(machine.Id, commit, core.Term))
        {
            seen.Commit = commit;
        }
    }

    /// <summary>I3: a committed entry is in every later leader's log. Who is elected late, in a term older than that of the commit, need not have it:
    /// nobody follows it any more.</summary>
    public void BecameLeader(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        RaftLog log = core.Log;
        foreach ((long firstIndex, Committed committed) in _committed)
        {
            if (firstIndex <= log.Base.Index || committed.Term >= core.Term)
            {
                continue;
            }

            bool isThere = firstIndex <= log.Last.Index && log[log.PlaceOf(firstIndex)].Crc == committed.Batch.Crc;
            ClusterInvariants.Check(isThere, $"{machine.Id} leads term {core.Term} without {committed.Batch}, which is committed since term {committed.Term}; its log ends in {log.Last}");
        }
    }

    // What was the end of this log at the last look, where it is still there, was looked at with all before it.
    private static int FirstToLookAt(EntryId looked, RaftLog log)
    {
        if (looked == log.Last)
        {
            return log.Count;
        }

        return looked.Index > log.Base.Index && log.HoldsBoundary(looked) ? log.PlaceOf(looked.Index) + 1 : 0;
    }

    // I2: same index and term mean the same batch, and the same entry before it; by induction the same prefix.
    private void CheckMatching(NodeId id, EntryBatch batch, EntryId before)
    {
        Known here = new(batch.LastIndex, batch.Crc, before);
        if (_known.TryAdd((batch.FirstIndex, batch.Term), here))
        {
            _byEnd[batch.Last] = batch;
        }
        else
        {
            Known there = _known[(batch.FirstIndex, batch.Term)];
            ClusterInvariants.Check(there == here, $"{id} holds {batch} with checksum {batch.Crc:x8} after {before}, but elsewhere it ended in {there.LastIndex} with checksum {there.Crc:x8} after {there.Before}");
        }
    }

    // I8, with I2: what is committed at an index is committed there for good, on every node. Back from the commit index, batch by batch, to what
    // is known to be committed already: some of them may have left this node's memory. False where nobody holds an entry that ends there.
    private bool CheckCommitted(NodeId id, EntryId end, long term)
    {
        bool isKnown = _byEnd.ContainsKey(end);
        List<EntryBatch> news = [];
        while (_byEnd.TryGetValue(end, out EntryBatch? batch))
        {
            if (_committed.TryGetValue(batch.FirstIndex, out Committed? first))
            {
                ClusterInvariants.Check(first.Batch.Crc == batch.Crc, $"{id} commits {batch}, where {first.Batch} was committed");
                break;
            }

            _committed.Add(batch.FirstIndex, new Committed(batch, term));
            news.Add(batch);
            end = _known[(batch.FirstIndex, batch.Term)].Before;
        }

        for (int place = news.Count - 1; place >= 0; place--)
        {
            if (news[place].Kind == EntryKind.Configuration)
            {
                configurations.Commit(news[place], term);
            }
        }

        return isKnown;
    }

    // I9, where it is hardest: entries were replaced while they were still being written. What counts as durable now must be what stands on the
    // platter, and not what it stands in the place of.
    private void CheckDurable(Seen seen, SimulatedMachine machine, RaftNode core)
    {
        if (!seen.IsTruncatedWhileWriting || core.DurableIndex <= core.AppliedIndex || machine.IsDamaged)
        {
            return;
        }

        EntryId durable = new(core.DurableIndex, core.Log.TermAt(core.DurableIndex));
        long onPlatter = invariants.TermOnPlatter(machine, durable.Index);
        ClusterInvariants.Check(onPlatter == durable.Term, $"{machine.Id} takes {durable} for durable, where its platter holds {(onPlatter < 0 ? "nothing" : $"term {onPlatter}")}");
        if (durable == core.LastEntry)
        {
            seen.IsTruncatedWhileWriting = false;
        }
    }

    private void NoteTruncation(Seen seen, RaftLog log, long durableIndex)
    {
        EntryId end = seen.End;
        if (end == log.Last)
        {
            return;
        }

        if (end.Index > log.Base.Index && log.TermAt(end.Index) != end.Term)
        {
            invariants.Saw("conflict truncated");
            if (durableIndex < log.Last.Index)
            {
                seen.IsTruncatedWhileWriting = true;
            }
        }

        seen.End = log.Last;
    }

    /// <summary>What was seen of one member's log.</summary>
    private sealed class Seen
    {
        /// <summary>Where it ended.</summary>
        public EntryId End { get; set; }

        /// <summary>Up to where it was compared with the others.</summary>
        public EntryId Looked { get; set; }

        /// <summary>Up to where what it takes for committed was.</summary>
        public EntryId Commit { get; set; }

        /// <summary>True from when entries were replaced that were not durable yet, until the last one is.</summary>
        public bool IsTruncatedWhileWriting { get; set; }
    }

    private sealed record Committed(EntryBatch Batch, long Term);

    private readonly record struct Known(long LastIndex, uint Crc, EntryId Before);
}
