using System.Text;

namespace RaftStore.Raft.Tests.Cluster;

/// <summary>One core driven by hand: time passes, messages arrive and the disk finishes only where the test says so.</summary>
internal sealed class Driver
{
    private readonly Queue<(PersistRequest Request, Message[] Answers)> _writes = new();
    private long _nextRead;

    /// <summary>Starts node <paramref name="id"/> of <paramref name="size"/>, whose durable log has one entry (a batch of its own)
    /// for each of <paramref name="logTerms"/>.</summary>
    public Driver(int size = 3, uint id = 1, long term = 0, uint votedFor = 0, long[]? logTerms = null, RaftOptions? options = null, long commitIndex = 0, Configuration? configuration = null)
    {
        Size = size;
        long[] terms = logTerms ?? [];
        Options = options ?? new RaftOptions { Id = new NodeId(id), Seed = id };
        Raft = new RaftNode(Options, new RaftInitialState
        {
            Configuration = configuration ?? ConfigurationOf(size),
            HardState = new HardState(Math.Max(term, terms.Length == 0 ? 0 : terms[^1]), new NodeId(votedFor)),
            Batches = [.. Batches(1, terms)],
            CommitIndex = commitIndex,
            NowMs = NowMs,
        });
        Take();
    }

    public int Size { get; }

    public RaftOptions Options { get; }

    public RaftNode Raft { get; }

    public NodeId Id => Raft.Id;

    public long NowMs { get; private set; } = 10_000;

    /// <summary>What has left since the last <see cref="Forget"/>.</summary>
    public List<Message> Sent { get; } = [];

    /// <summary>What waits for the disk.</summary>
    public IEnumerable<Message> Waiting => _writes.SelectMany(write => write.Answers);

    public IEnumerable<PersistRequest> Writes => _writes.Select(write => write.Request);

    public List<EntryBatch> Applied { get; } = [];

    public List<ConfirmedRead> Confirmed { get; } = [];

    public List<ReadId> Failed { get; } = [];

    public List<NodeId> SnapshotsWanted { get; } = [];

    public List<InstallSnapshot> Chunks { get; } = [];

    public static Configuration ConfigurationOf(int size)
        => new(Enumerable.Range(1, size).Select(i => new Member(new NodeId((uint)i), $"n{i}", $"127.0.0.1:{7500 + i}", "")));

    public static NodeId Node(uint id) => new(id);

    /// <summary>One batch of one command.</summary>
    public static EntryBatch Batch(long index, long term, string command = "x", long clusterTimeMs = 0)
        => EntryBatch.Seal(new EntryId(index, term), clusterTimeMs, EntryKind.Command, [Encoding.UTF8.GetBytes(command)]);

    /// <summary>A batch for each term, from <paramref name="firstIndex"/> on.</summary>
    public static IEnumerable<EntryBatch> Batches(long firstIndex, params long[] terms) => terms.Select((term, i) => Batch(firstIndex + i, term));

    public static AppendEntries Append(uint from, uint to, long term, EntryId prev, long commit, params EntryBatch[] batches)
        => new(Node(from), Node(to), term, prev, [.. batches], commit);

    /// <summary>Lets time pass and sees what follows.</summary>
    public void Elapse(long ms)
    {
        NowMs += ms;
        Raft.Tick(NowMs);
        Take();
    }

    /// <summary>Lets time pass in steps of 10 ms until the condition holds.</summary>
    public void ElapseUntil(Func<bool> condition, long withinMs = 10_000)
    {
        for (long passed = 0; !condition(); passed += 10)
        {
            Assert.True(passed < withinMs, $"not within {withinMs} ms");
            Elapse(10);
        }
    }

    public void Step(Message message)
    {
        Raft.Step(message);
        Take();
    }

    /// <summary>Steps and returns the only message of that type that left at once.</summary>
    public T StepFor<T>(Message message)
        where T : Message
    {
        Forget();
        Step(message);
        return Only<T>();
    }

    public ProposeResult Propose(params string[] commands)
    {
        ProposeResult result = Raft.Propose([.. commands.Select(command => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(command))]);
        Take();
        return result;
    }

    public MembershipResult Change(MembershipChange change)
    {
        MembershipResult result = Raft.ChangeMembership(change);
        Take();
        return result;
    }

    public TransferStatus Transfer(uint target)
    {
        TransferStatus status = Raft.TransferLeadership(Node(target));
        Take();
        return status;
    }

    /// <summary>Lets everybody in <paramref name="followers"/> answer heartbeats and hold the whole log, again and again, for that long.</summary>
    public void KeepUp(long ms, params uint[] followers)
    {
        for (long passed = 0; passed < ms; passed += 50)
        {
            foreach (uint follower in followers)
            {
                Acknowledge(follower, Raft.LastEntry.Index);
                Step(new HeartbeatResponse(Node(follower), Id, Raft.Term, 0, NowMs, Raft.CommitIndex));
            }

            Sync();
            Elapse(50);
        }
    }

    public ReadId ReadIndex()
    {
        var id = new ReadId(++_nextRead);
        Raft.ReadIndex(id);
        Take();
        return id;
    }

    /// <summary>The disk finishes everything, the oldest first.</summary>
    public void Sync()
    {
        while (_writes.Count > 0)
        {
            SyncOne();
        }
    }

    /// <summary>The disk finishes the oldest request.</summary>
    public void SyncOne()
    {
        (PersistRequest request, Message[] answers) = _writes.Dequeue();
        Raft.Persisted(request.Token);
        Sent.AddRange(answers);
        Take();
    }

    public void Forget() => Sent.Clear();

    public T Only<T>()
        where T : Message
        => Assert.Single(Sent.OfType<T>());

    public IEnumerable<T> SentTo<T>(uint to)
        where T : Message
        => Sent.OfType<T>().Where(message => message.To == Node(to));

    /// <summary>Lets it time out and be elected by everybody; its no-op is durable on all and applied.</summary>
    public Driver Elected(bool noOpCommitted = true)
    {
        ElapseUntil(() => Raft.Role != RaftRole.Follower);
        foreach (uint voter in Others())
        {
            Step(new PreVoteResponse(Node(voter), Id, Raft.Term + 1, true));
        }

        Sync();
        foreach (uint voter in Others())
        {
            Step(new VoteResponse(Node(voter), Id, Raft.Term, true));
        }

        Assert.Equal(RaftRole.Leader, Raft.Role);
        if (noOpCommitted)
        {
            Sync();
            AcknowledgeAll();
            Assert.True(Raft.IsEstablishedLeader);
        }

        Forget();
        return this;
    }

    /// <summary>Every follower acknowledges all entries.</summary>
    public void AcknowledgeAll()
    {
        foreach (uint voter in Others())
        {
            Acknowledge(voter, Raft.LastEntry.Index);
        }
    }

    public void Acknowledge(uint from, long matchIndex)
        => Step(new AppendEntriesResponse(Node(from), Id, Raft.Term, true, Math.Max(0, matchIndex - 1), matchIndex, EntryId.Zero));

    public void Refuse(uint from, long prevLogIndex, EntryId hint)
        => Step(new AppendEntriesResponse(Node(from), Id, Raft.Term, false, prevLogIndex, 0, hint));

    /// <summary>Makes it a follower of <paramref name="leader"/>.</summary>
    public Driver Following(uint leader, long term)
    {
        Step(new Heartbeat(Node(leader), Id, term, 0, 0, -1, 0, 0));
        Sync();
        Forget();
        return this;
    }

    public IEnumerable<uint> Others() => Enumerable.Range(1, Size).Select(i => (uint)i).Where(i => Node(i) != Id);

    public MemberProgress ProgressOf(uint id) => Raft.Progress.Single(member => member.Id == Node(id));

    /// <summary>Does what the core asks for, but leaves writes to <see cref="Sync"/>.</summary>
    public void Take()
    {
        while (true)
        {
            Ready ready = Raft.TakeReady();
            if (ready.IsEmpty)
            {
                return;
            }

            if (ready.Persist is { } request)
            {
                _writes.Enqueue((request, [.. ready.MessagesAfterPersist]));
            }

            Sent.AddRange(ready.Messages);
            Applied.AddRange(ready.Committed);
            Confirmed.AddRange(ready.ConfirmedReads);
            Failed.AddRange(ready.FailedReads.Select(failed => failed.Id));
            SnapshotsWanted.AddRange(ready.SnapshotsWanted);
            Chunks.AddRange(ready.SnapshotChunks);
        }
    }
}
