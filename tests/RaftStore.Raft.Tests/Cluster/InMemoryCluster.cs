using System.Text;

namespace RaftStore.Raft.Tests.Cluster;

/// <summary>How the network of an <see cref="InMemoryCluster"/> treats messages.</summary>
internal sealed record NetworkConditions(int LossPercent = 0, int DuplicatePercent = 0, int LongDelayPercent = 0);

/// <summary>Several cores on one thread in virtual time: a network that can lose, delay, repeat and cut, and disks that take their
/// time. One seed is one run. Every event is followed by the safety checks.</summary>
internal sealed class InMemoryCluster
{
    private const int TickMs = 10;

    private readonly Prng _prng;
    private readonly PriorityQueue<Action, (long AtMs, long Order)> _events = new();
    private readonly List<TestMember> _members = [];
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];
    private readonly SnapshotTransfers _transfers;
    private readonly Dictionary<ReadId, long> _readFloors = [];
    private readonly Configuration _configuration;
    private readonly RaftOptions _options;
    private readonly SafetyChecker _checker;
    private long _order;
    private long _nextRead;

    public InMemoryCluster(int size, ulong seed, RaftOptions? options = null)
    {
        _prng = new Prng(seed);
        _configuration = new Configuration(Enumerable.Range(1, size).Select(i => new Member(new NodeId((uint)i), $"n{i}", $"127.0.0.1:{7500 + i}", "")));
        options ??= new RaftOptions { Id = new NodeId(1), Seed = 1 };
        foreach (NodeId id in _configuration.VoterIds)
        {
            _members.Add(new TestMember(id, options, _configuration));
        }

        _options = options;
        _checker = new SafetyChecker(_members, _configuration);
        _transfers = new SnapshotTransfers(_prng, Send);
        foreach (TestMember member in _members)
        {
            member.Start(NowMs, _prng.Next());
            ScheduleTick(member, member.LivesLived);
        }
    }

    public long NowMs { get; private set; } = 1000;

    public NetworkConditions Network { get; set; } = new();

    /// <summary>Takes a snapshot whenever that many entries were applied since the last; 0 for never.</summary>
    public int SnapshotEvery { get; set; }

    /// <summary>Disk latency of a write, in milliseconds.</summary>
    public int DiskMs { get; set; } = 1;

    /// <summary>Nodes whose disk does not answer at all.</summary>
    public HashSet<NodeId> HangingDisks { get; } = [];

    /// <summary>Sees every message that leaves, before the network treats it; false drops it.</summary>
    public Func<Message, bool>? Filter { get; set; }

    public long MessagesSent { get; private set; }

    public long EntryBytesSent { get; private set; }

    public int SnapshotsInstalled => _transfers.Installed;

    public long HighestTerm => _checker.HighestTerm;

    /// <summary>Everybody who ever was a member, the founders first.</summary>
    public IReadOnlyList<TestMember> Members => _members;

    /// <summary>Whether an input that makes no sense fails the run. Where members come and go, an answer may reach a leader that does not
    /// expect it any more.</summary>
    public bool AllowsDroppedMessages { get; set; }

    public TestMember this[int id] => _members.Single(member => member.Id.Value == id);

    /// <summary>The established leader of the highest term that can reach a majority, or null.</summary>
    public TestMember? Leader => _members
        .Where(member => member.Raft is { IsEstablishedLeader: true, TransferTarget.IsNone: true } && CanReachMajority(member))
        .OrderByDescending(member => member.Raft!.Term)
        .FirstOrDefault();

    /// <summary>Lets virtual time pass.</summary>
    public void Run(long ms) => RunUntil(() => false, ms, mustHold: false);

    /// <summary>Lets virtual time pass until the condition holds.</summary>
    public void RunUntil(Func<bool> condition, long withinMs, bool mustHold = true)
    {
        long deadlineMs = NowMs + withinMs;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out (long AtMs, long Order) next) || next.AtMs > deadlineMs)
            {
                NowMs = deadlineMs;
                Assert.False(mustHold, $"not within {withinMs} ms: {Describe()}");
                return;
            }

            Action action = _events.Dequeue();
            NowMs = next.AtMs;
            action();
        }
    }

    public TestMember WaitForLeader(long withinMs = 20_000)
    {
        RunUntil(() => Leader is not null, withinMs);
        return Leader!;
    }

    /// <summary>Proposes through whoever leads, again where leadership changed meanwhile, until it is applied everywhere that is up
    /// and connected to the leader.</summary>
    public void Agree(string command, int expectedOn, long withinMs = 20_000)
    {
        long deadlineMs = NowMs + withinMs;
        while (true)
        {
            TestMember leader = WaitForLeader(Math.Max(1, deadlineMs - NowMs));
            if (Propose(leader, command))
            {
                RunUntil(() => CountApplied(command) >= expectedOn, 3000, mustHold: false);
            }

            if (CountApplied(command) >= expectedOn)
            {
                return;
            }

            Assert.True(NowMs < deadlineMs, $"no agreement on {command}: {Describe()}");
        }
    }

    public bool Propose(TestMember member, params string[] commands)
    {
        if (member.Raft is not { } raft)
        {
            return false;
        }

        return Ask(member, _ => raft.Propose([.. commands.Select(command => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(command))])).Status == ProposeStatus.Appended;
    }

    public MembershipResult Change(TestMember member, MembershipChange change) => Ask(member, raft => raft.ChangeMembership(change));

    public TransferStatus Transfer(TestMember member, NodeId target) => Ask(member, raft => raft.TransferLeadership(target));

    public ReadId ReadIndex(TestMember member)
    {
        var id = new ReadId(++_nextRead);
        _readFloors.Add(id, _checker.CommittedIndex);
        member.Raft!.ReadIndex(id);
        Pump(member);
        return id;
    }

    public int CountApplied(string command) => _members.Count(member => member.Commands.Contains(command));

    /// <summary>Everybody up has applied the same commands, and at least <paramref name="count"/>.</summary>
    public bool HaveConverged(int count) => Present is [var first, ..] present && present.All(member =>
        member.IsUp && member.Commands.Count >= count && member.Applied == first.Applied && member.Commands.SequenceEqual(first.Commands));

    /// <summary>Those that belong to the cluster as far as its leader has applied; everybody where nobody leads.</summary>
    public IReadOnlyList<TestMember> Present => Leader?.Raft is { } leader ? [.. _members.Where(member => leader.AppliedConfiguration.IsMember(member.Id))] : _members;

    public void Crash(TestMember member)
    {
        member.Crash();
        _transfers.Forget(member);
    }

    public void Restart(TestMember member)
    {
        Assert.False(member.IsUp);
        member.Start(NowMs, _prng.Next());
        ScheduleTick(member, member.LivesLived);
        Pump(member);
    }

    /// <summary>Cuts a node off from everybody.</summary>
    public void Disconnect(TestMember member) => Partition([member]);

    /// <summary>Cuts the nodes given from all others.</summary>
    public void Partition(IReadOnlyCollection<TestMember> group)
    {
        foreach (TestMember inside in group)
        {
            foreach (TestMember outside in _members.Where(member => !group.Contains(member)))
            {
                Cut(inside, outside);
                Cut(outside, inside);
            }
        }
    }

    /// <summary>Cuts one direction.</summary>
    public void Cut(TestMember from, TestMember to) => _cuts.Add((from.Id, to.Id));

    public void Heal() => _cuts.Clear();

    /// <summary>Reconnects one node with everybody.</summary>
    public void Connect(TestMember member) => _cuts.RemoveWhere(cut => cut.From == member.Id || cut.To == member.Id);

    public string Describe() => string.Join("; ", _members.Select(member => member.Raft is { } raft
        ? $"{member.Id}: {raft.Role} of term {raft.Term}, log to {raft.LastEntry}, commit {raft.CommitIndex}, applied {raft.AppliedIndex}, durable {raft.DurableIndex}"
        : $"{member.Id}: down"));

    /// <summary>Does what the core asks for, until it asks for nothing more.</summary>
    public void Pump(TestMember member)
    {
        while (member.Raft is { } raft)
        {
            Ready ready = raft.TakeReady();
            if (ready.IsEmpty)
            {
                Assert.Empty(ready.MessagesAfterPersist);
                break;
            }

            if (ready.Persist is { } request)
            {
                member.Enqueue(request, [.. ready.MessagesAfterPersist]);
                ScheduleWrite(member, member.LivesLived);
            }

            foreach (Message message in ready.Messages)
            {
                Send(message);
            }

            foreach (EntryBatch batch in ready.Committed)
            {
                _checker.Applied(member, batch, NowMs);
                member.Apply(batch);
            }

            StartNewcomers(raft.AppliedConfiguration);

            foreach (ConfirmedRead read in ready.ConfirmedReads)
            {
                SafetyChecker.ReadConfirmed(member, read, _readFloors[read.Id]);
                member.ConfirmedReads.Add(read);
            }

            member.FailedReads.AddRange(ready.FailedReads.Select(failed => failed.Id));
            TakeSnapshotWhenDue(member);
            ready.SnapshotsWanted.ForEach(follower => _transfers.Begin(member, follower));
            ready.SnapshotChunks.ForEach(chunk => _transfers.Receive(member, chunk));
            if (raft.AppliedConfiguration.WasRemoved(member.Id))
            {
                member.Leave();
                _transfers.Forget(member);
            }
        }

        _checker.Check(member);
    }

    // A process is started for everybody whom a committed entry made a member, with the members of that entry as what it was told.
    private void StartNewcomers(Configuration configuration)
    {
        foreach (Member newcomer in configuration.Members.Where(one => _members.TrueForAll(member => member.Id != one.Id)))
        {
            var member = new TestMember(newcomer.Id, _options, configuration);
            _members.Add(member);
            member.Start(NowMs, _prng.Next());
            ScheduleTick(member, member.LivesLived);
        }
    }

    private T Ask<T>(TestMember member, Func<RaftNode, T> verb)
    {
        T result = verb(member.Raft!);
        Pump(member);
        return result;
    }

    private bool CanReachMajority(TestMember member)
    {
        Configuration configuration = member.Raft!.Configuration;
        return Reaches(configuration.VoterIds) && (!configuration.IsJoint || Reaches(configuration.OutgoingIds));

        bool Reaches(IReadOnlyCollection<NodeId> voters) => voters.Count(voter => voter == member.Id
            || (this[(int)voter.Value].IsUp && !_cuts.Contains((member.Id, voter)) && !_cuts.Contains((voter, member.Id)))) > voters.Count / 2;
    }

    private void Schedule(long inMs, Action action) => _events.Enqueue(action, (NowMs + inMs, _order++));

    private void ScheduleTick(TestMember member, long life) => Schedule(TickMs, () =>
    {
        if (member.IsUp && member.LivesLived == life)
        {
            member.Raft!.Tick(NowMs);
            Pump(member);
            _checker.CheckStaleness(member, NowMs);
            _transfers.Resend(member);
            ScheduleTick(member, life);
        }
    });

    private void ScheduleWrite(TestMember member, long life) => Schedule(HangingDisks.Contains(member.Id) ? TickMs : DiskMs, () =>
    {
        if (!member.IsUp || member.LivesLived != life)
        {
            return;
        }

        if (HangingDisks.Contains(member.Id))
        {
            ScheduleWrite(member, life);
            return;
        }

        (PersistRequest request, Message[] answers) = member.CompleteWrite();
        _checker.Wrote(member, request);
        foreach (Message answer in answers)
        {
            Send(answer);
        }

        Pump(member);
    });

    private void Send(Message message)
    {
        MessagesSent++;
        CheckClaim(message);
        if (message is AppendEntries append)
        {
            EntryBytesSent += append.Batches.Sum(batch => batch.LengthBytes);
        }

        if (Filter is { } filter && !filter(message))
        {
            return;
        }

        bool isRepeated = _prng.NextBetween(1, 100) <= Network.DuplicatePercent;
        for (int copy = 0; copy <= (isRepeated ? 1 : 0); copy++)
        {
            if (_prng.NextBetween(1, 100) <= Network.LossPercent)
            {
                continue;
            }

            int delayMs = _prng.NextBetween(1, 100) <= Network.LongDelayPercent ? _prng.NextBetween(1, 300) : _prng.NextBetween(1, 3);
            Schedule(delayMs, () => Deliver(message));
        }
    }

    private void Deliver(Message message)
    {
        TestMember? receiver = _members.Find(member => member.Id == message.To);
        if (receiver?.Raft is not { } raft || _cuts.Contains((message.From, message.To)))
        {
            return;
        }

        raft.Step(message);
        Assert.True(AllowsDroppedMessages || raft.DroppedMessages == 0, $"node {receiver.Id} drops {message}");
        if (message is InstallSnapshotResponse response)
        {
            _transfers.Answered(receiver, response);
        }

        Pump(receiver);
    }

    // I9: no message claims more than is durable.
    private void CheckClaim(Message message)
    {
        TestDisk disk = _members.Single(member => member.Id == message.From).Disk;
        switch (message)
        {
            case AppendEntriesResponse { Success: true } response:
                Assert.True(response.MatchIndex <= disk.Last.Index || response.MatchIndex <= disk.Snapshot?.Metadata.LastIncluded.Index, $"{response} while the disk ends in {disk.Last}");
                break;
            case VoteResponse { VoteGranted: true } response:
                Assert.True(disk.HardState == new HardState(response.Term, response.To) || disk.HardState.Term > response.Term, $"{response} while the disk holds {disk.HardState}");
                break;
            case VoteRequest request:
                Assert.True(disk.HardState == new HardState(request.Term, request.From) || disk.HardState.Term > request.Term, $"{request} while the disk holds {disk.HardState}");
                break;
        }
    }

    private void TakeSnapshotWhenDue(TestMember member)
    {
        long covered = member.Disk.Snapshot?.Metadata.LastIncluded.Index ?? 0;
        if (SnapshotEvery > 0 && member.Applied.Index - covered >= SnapshotEvery)
        {
            member.Disk.Save(member.TakeSnapshot());
            if (member.WritesUnderWay == 0)
            {
                member.Disk.Purge();
            }
        }
    }
}
