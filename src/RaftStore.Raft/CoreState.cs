namespace RaftStore.Raft;

/// <summary>What a node has in every role: Figure 2's state on all servers, and what the disk and the outside are to be told
/// of it. Roles change it through the methods here only, so that a change is never made without being written.</summary>
internal sealed class CoreState
{
    /// <summary>Bytes of entries that one <see cref="Ready"/> hands out to be applied, at most (a larger batch alone): some
    /// milliseconds of work, so that heartbeats and votes never wait long behind it.</summary>
    private const long CommittedBytesMax = 4L << 20;

    private readonly ConfigurationLog _configurations;

    public CoreState(RaftOptions options, RaftInitialState initial)
    {
        Options = options;
        _configurations = new ConfigurationLog(initial.SnapshotLast.Index, initial.Configuration);
        HardState = initial.HardState;
        NowMs = initial.NowMs;
        Log = new RaftLog(initial.SnapshotLast, initial.SnapshotClusterTimeMs, options.CatchUpBytes);
        foreach (EntryBatch batch in initial.Batches)
        {
            Log.Append(batch);
            _configurations.Appended(batch);
        }

        Invariant.Check(Log.Last.Term <= HardState.Term, $"the log ends in {Log.Last}, above the durable term {HardState.Term}");
        Durability = new DurabilityTracker(Log.Last.Index);
        Outbox = new Outbox(Durability, Log.Last.Index);
        CommitIndex = initial.SnapshotLast.Index;
        CommitTo(initial.CommitIndex);
        Freshness = new Freshness(initial.NowMs);
        Election = new ElectionTimer(options, this);
    }

    public RaftOptions Options { get; }

    public NodeId Id => Options.Id;

    /// <summary>The members in force: those of the last configuration in the log, committed or not.</summary>
    public Configuration Configuration => _configurations.Current;

    /// <summary>The entry that brought <see cref="Configuration"/>.</summary>
    public long ConfigurationIndex => _configurations.CurrentIndex;

    /// <summary>True where this node has a vote in the configuration in force.</summary>
    public bool IsVoter => Configuration.IsVoter(Id);

    /// <summary>True where this node may campaign: it has a vote, or had one in the last configuration it knows to be committed. Until the
    /// configuration that removes it has committed, it may hold the only log with which a leader can be elected (thesis §4.2.2 and its
    /// Figure 4.6); it counts its own vote no more than that configuration does.</summary>
    public bool MayCampaign => MayLead && (IsVoter || (ConfigurationIndex > CommitIndex && ConfigurationAt(CommitIndex).IsVoter(Id)));

    public HardState HardState { get; private set; }

    public long Term => HardState.Term;

    public RaftLog Log { get; }

    public DurabilityTracker Durability { get; }

    public Outbox Outbox { get; }

    public Freshness Freshness { get; }

    public ElectionTimer Election { get; }

    /// <summary>The last entry known to be committed; always the end of a batch, and never past the last entry.</summary>
    public long CommitIndex { get; private set; }

    /// <summary>The monotonic time of the last tick, in milliseconds.</summary>
    public long NowMs { get; set; }

    /// <summary>False once this node may neither campaign nor lead.</summary>
    public bool MayLead { get; set; } = true;

    /// <summary>While true nothing is handed out to be applied.</summary>
    public bool KeepsCommitted { get; set; }

    /// <summary>Messages that made no sense.</summary>
    public long DroppedMessages { get; set; }

    /// <summary>True where this node's own disk has owed an answer for so long that it can neither lead nor be elected
    /// usefully: it could not even make its vote durable.</summary>
    public bool IsDiskStuck => Durability.OldestRequestMs is >= 0 and long since && NowMs - since > Options.UpperElectionTimeoutMs;

    /// <summary>How often entries were taken out of the log, for others or for a snapshot.</summary>
    public long Truncations { get; private set; }

    /// <summary>Goes on to a higher term, in which nobody has this node's vote yet.</summary>
    public void RaiseTerm(long term)
    {
        Invariant.Check(term > Term, $"term {term} after term {Term}");
        Persist(new HardState(term, NodeId.None));
    }

    /// <summary>Gives this node's vote of the current term (thesis §3.4: first come, first served, one per term).</summary>
    public void Vote(NodeId candidate)
    {
        Invariant.Check(HardState.VotedFor.IsNone || HardState.VotedFor == candidate, $"second vote in term {Term}: {HardState.VotedFor}, then {candidate}");
        if (HardState.VotedFor != candidate)
        {
            Persist(HardState with { VotedFor = candidate });
        }
    }

    /// <summary>Appends a batch to the log; it is written with the next request.</summary>
    public void Append(EntryBatch batch)
    {
        Invariant.Check(batch.Term <= Term, $"batch of term {batch.Term} in term {Term}");
        Log.Append(batch);
        _configurations.Appended(batch);
        Outbox.Persist(batch);
    }

    /// <summary>Removes the entries from <paramref name="index"/> on, which conflict with the leader's.</summary>
    /// <exception cref="RaftInvariantException">One of them is committed.</exception>
    public void TruncateFrom(long index)
    {
        Invariant.Check(index > CommitIndex, $"truncation from {index}, but {CommitIndex} is committed");
        Truncations++;
        Log.TruncateFrom(index);
        _configurations.TruncatedFrom(index);
        Durability.Truncated(index);
        Outbox.Truncate(index);
    }

    /// <summary>Marks entries up to <paramref name="index"/> committed; a lower value changes nothing, and one past the last entry
    /// or inside a batch counts as the last end of a batch before it.</summary>
    /// <remarks>Only the leader of the current term may pass an index it counted itself (thesis §3.6.2).</remarks>
    public void CommitTo(long index)
    {
        if (index > CommitIndex)
        {
            CommitIndex = Math.Max(CommitIndex, Log.LastBoundary(index, long.MaxValue)?.Index ?? 0);
        }
    }

    /// <summary>The configuration after that entry, which is not below the applied one.</summary>
    public Configuration ConfigurationAt(long index) => _configurations.At(index);

    /// <summary>Adds the batches that are next in line to be applied: committed, and durable here.</summary>
    public void HandOutCommitted(List<EntryBatch> committed)
    {
        long last = Math.Min(CommitIndex, Durability.DurableIndex);
        if (last <= Log.AppliedIndex || KeepsCommitted)
        {
            return;
        }

        long bytes = 0;
        for (int place = Log.PlaceOf(Log.AppliedIndex + 1); place < Log.Count && Log[place].LastIndex <= last; place++)
        {
            EntryBatch batch = Log[place];
            bytes += batch.LengthBytes;
            if (committed.Count > 0 && bytes > CommittedBytesMax)
            {
                break;
            }

            committed.Add(batch);
        }

        if (committed.Count > 0)
        {
            ApplyTo(committed[^1].LastIndex);
        }
    }

    /// <summary>A durable snapshot of the entries up to <paramref name="last"/>, which are committed, takes the place of the applied state.</summary>
    public void ReplaceState(EntryId last)
    {
        Invariant.Check(last.Index >= Log.AppliedIndex, $"a state up to {last} in place of one at {Log.AppliedIndex}");
        Invariant.Check(last.Index <= CommitIndex, $"a state up to {last} in place of one at {Log.AppliedIndex}, where {CommitIndex} is committed");
        Invariant.Check(Log.HoldsBoundary(last), $"a state up to {last}, where no batch of this log ends");
        Durability.Covered(last.Index);
        if (last.Index > Log.AppliedIndex)
        {
            ApplyTo(last.Index);
        }
    }

    /// <summary>Puts a snapshot in the place of everything up to its last entry.</summary>
    /// <returns>True where the log did not hold that entry and was discarded; false where its suffix stays.</returns>
    public bool Install(SnapshotMetadata snapshot)
    {
        EntryId last = snapshot.LastIncluded;
        bool keepsSuffix = Log.HoldsBoundary(last);
        _configurations.Installed(last.Index, snapshot.Configuration, keepsSuffix);
        if (keepsSuffix)
        {
            Durability.Covered(last.Index);
            Log.ApplyTo(last.Index);
        }
        else
        {
            // What is still being written belongs to the discarded log and may not count (thesis §5.3).
            Truncations++;
            Durability.Truncated(last.Index + 1);
            Durability.Covered(last.Index);
            Log.Reset(last, snapshot.ClusterTimeMs);
            Outbox.Reset(last);
        }

        CommitIndex = last.Index;
        return !keepsSuffix;
    }

    // Those entries were handed out to be applied, or are in a state that took their place.
    private void ApplyTo(long index)
    {
        Log.ApplyTo(index);
        _configurations.AppliedTo(index);
        Freshness.Applied(index);
    }

    private void Persist(HardState hardState)
    {
        HardState = hardState;
        Outbox.Persist(hardState);
    }
}
