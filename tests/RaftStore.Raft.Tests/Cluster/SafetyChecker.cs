namespace RaftStore.Raft.Tests.Cluster;

/// <summary>The five properties of Figure 3.2 of the thesis, checked over everything that ever happened in one run.</summary>
internal sealed class SafetyChecker(IReadOnlyList<TestMember> members, Configuration founders)
{
    private readonly SortedDictionary<long, Configuration> _configurations = new() { [0] = founders };

    private readonly Dictionary<long, NodeId> _leaders = [];
    private readonly Dictionary<long, (long FirstIndex, long Term, uint Crc)> _committed = [];
    private readonly Dictionary<(long FirstIndex, long Term), (uint Crc, EntryId Before)> _batches = [];
    private readonly Dictionary<NodeId, (long Life, long Term, long Commit)> _lastSeen = [];

    private readonly List<(long AtMs, long Index)> _history = [];

    public long HighestTerm { get; private set; }

    public long CommittedIndex { get; private set; }

    /// <summary>Called after every event, for the member it happened to.</summary>
    public void Check(TestMember member)
    {
        if (member.Raft is not { } raft)
        {
            return;
        }

        HighestTerm = Math.Max(HighestTerm, raft.Term);
        CheckNothingGoesBack(member, raft);
        CheckElectionSafety(member, raft);
        Assert.True(raft.CommitIndex <= raft.LastEntry.Index, $"node {member.Id} commits {raft.CommitIndex} past {raft.LastEntry}");
        Assert.True(raft.AppliedIndex <= Math.Min(raft.CommitIndex, raft.DurableIndex), $"node {member.Id} applied {raft.AppliedIndex}");
        Assert.True(raft.DurableIndex <= member.Disk.Last.Index || raft.DurableIndex == member.Disk.Snapshot?.Metadata.LastIncluded.Index, $"node {member.Id} claims {raft.DurableIndex} durable; its disk ends in {member.Disk.Last}");
        Assert.True(raft.UnappliedBytes >= 0, $"node {member.Id} counts {raft.UnappliedBytes} unapplied bytes");
    }

    /// <summary>State Machine Safety: the same entry at the same index everywhere, and it is durable on a majority.</summary>
    public void Applied(TestMember member, EntryBatch batch, long nowMs)
    {
        if (_committed.TryGetValue(batch.FirstIndex, out (long FirstIndex, long Term, uint Crc) known))
        {
            Assert.True(known == (batch.FirstIndex, batch.Term, batch.Crc), $"node {member.Id} applies {batch.Term} at {batch.FirstIndex}, another applied {known.Term}");
            return;
        }

        _committed.Add(batch.FirstIndex, (batch.FirstIndex, batch.Term, batch.Crc));
        CommittedIndex = Math.Max(CommittedIndex, batch.LastIndex);
        _history.Add((nowMs, CommittedIndex));
        NodeId[] holders = [.. members.Where(other => other.Disk.Holds(batch.Last) || other.Disk.Snapshot?.Metadata.LastIncluded.Index >= batch.LastIndex).Select(other => other.Id)];
        Assert.True(MayCommit(batch.LastIndex, member, holders), $"{batch.Last} is applied on node {member.Id} but durable on {string.Join(',', holders)} alone");
        if (batch.Kind == EntryKind.Configuration)
        {
            foreach (Entry entry in batch)
            {
                _configurations[entry.Id.Index] = ConfigurationCodec.TryDecode(entry.Payload)!;
            }
        }
    }

    // Who committed it counted by the configuration in force in its log, which is that of the entry, or a later one that it held already.
    private bool MayCommit(long index, TestMember member, NodeId[] holders)
    {
        Configuration atEntry = _configurations.Last(known => known.Key <= index).Value;
        IEnumerable<Configuration> later = members.Where(other => other.IsUp && other.Raft!.ConfigurationIndex > index - 1).Select(other => other.Raft!.Configuration);
        return later.Append(atEntry).Append(member.Raft!.AppliedConfiguration).Any(configuration => IsQuorum(configuration, holders));
    }

    private static bool IsQuorum(Configuration configuration, NodeId[] holders)
        => configuration.VoterIds.Count(holders.Contains) * 2 > configuration.VoterIds.Length
            && (!configuration.IsJoint || configuration.OutgoingIds.Count(holders.Contains) * 2 > configuration.OutgoingIds.Length);

    /// <summary>Log Matching over all durable logs: same index and term, same batch and same entry before it, hence the same
    /// prefix. Called for what was just written.</summary>
    public void Wrote(TestMember member, PersistRequest request)
    {
        if (request.Batches.Count == 0)
        {
            return;
        }

        int place = member.Disk.Batches.Count - request.Batches.Count;
        EntryId before = place == 0 ? member.Disk.Base : member.Disk.Batches[place - 1].Last;
        foreach (EntryBatch batch in request.Batches)
        {
            (uint Crc, EntryId Before) found = (batch.Crc, before);
            if (!_batches.TryAdd((batch.FirstIndex, batch.Term), found))
            {
                Assert.True(_batches[(batch.FirstIndex, batch.Term)] == found, $"node {member.Id} holds another batch at {batch.FirstIndex} of term {batch.Term}");
            }

            before = batch.Last;
        }
    }

    /// <summary>A read that began now may not be given a lower index than this.</summary>
    public static void ReadConfirmed(TestMember member, ConfirmedRead read, long floor)
        => Assert.True(read.Index >= floor, $"node {member.Id} may read at {read.Index}, but {floor} was applied somewhere before the read began");

    /// <summary>Staleness is an upper bound: everything applied anywhere before that moment is applied here.</summary>
    public void CheckStaleness(TestMember member, long nowMs)
    {
        long stalenessMs = member.Raft!.StalenessMs(nowMs);
        if (stalenessMs < 0)
        {
            return;
        }

        int place = _history.FindLastIndex(moment => moment.AtMs < nowMs - stalenessMs);
        long index = place < 0 ? 0 : _history[place].Index;
        Assert.True(member.Applied.Index >= index, $"node {member.Id} applied {member.Applied} and calls that {stalenessMs} ms old, but {index} was applied before");
    }

    /// <summary>Leader Completeness: what was ever committed is in the log of a leader of a later term.</summary>
    private void CheckLeaderCompleteness(TestMember member, RaftNode raft)
        => Assert.True(raft.LastEntry.Index >= CommittedIndex, $"node {member.Id} leads term {raft.Term} with {raft.LastEntry}, but {CommittedIndex} is committed");

    private void CheckElectionSafety(TestMember member, RaftNode raft)
    {
        if (raft.Role != RaftRole.Leader)
        {
            return;
        }

        if (!_leaders.TryGetValue(raft.Term, out NodeId leader))
        {
            _leaders.Add(raft.Term, member.Id);
            Assert.Equal(new HardState(raft.Term, member.Id), member.Disk.HardState);
            CheckLeaderCompleteness(member, raft);
        }
        else
        {
            Assert.True(leader == member.Id, $"nodes {leader} and {member.Id} both lead term {raft.Term}");
        }
    }

    private void CheckNothingGoesBack(TestMember member, RaftNode raft)
    {
        if (_lastSeen.TryGetValue(member.Id, out (long Life, long Term, long Commit) seen) && seen.Life == member.LivesLived)
        {
            Assert.True(raft.Term >= seen.Term, $"the term of node {member.Id} fell from {seen.Term} to {raft.Term}");
            Assert.True(raft.CommitIndex >= seen.Commit, $"the commit index of node {member.Id} fell from {seen.Commit} to {raft.CommitIndex}");
        }

        _lastSeen[member.Id] = (member.LivesLived, raft.Term, raft.CommitIndex);
    }
}
