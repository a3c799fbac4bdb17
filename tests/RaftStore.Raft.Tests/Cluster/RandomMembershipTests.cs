namespace RaftStore.Raft.Tests.Cluster;

/// <summary>Seeded runs in which members come, are promoted, replaced and removed, and the leadership is handed over, while messages are
/// lost, cut and reordered and processes crash. The checks of <see cref="SafetyChecker"/> run after every event.</summary>
public sealed class RandomMembershipTests
{
    private const int MembersMax = 7;

    private readonly List<string> _acknowledged = [];
    private readonly SortedSet<string> _seen = [];
    private readonly SortedDictionary<uint, (long Life, long Index)> _configurationIndexes = [];
    private Prng _prng = new(0);
    private InMemoryCluster _cluster = null!;
    private int _nextCommand;
    private long _transferTerm = -1;

    public static TheoryData<int, ulong> Runs()
    {
        var runs = new TheoryData<int, ulong>();
        foreach (int size in (int[])[1, 2, 3, 5])
        {
            for (ulong seed = 1; seed <= 15; seed++)
            {
                runs.Add(size, seed);
            }
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void MembersComeAndGo_AnySeed_SafeThroughoutAndLiveOnceHealed(int size, ulong seed) => Run(size, seed);

    // A run in which nothing happens proves nothing.
    [Fact]
    public void MembersComeAndGo_OverTwentySeeds_EverySituationOccurs()
    {
        for (ulong seed = 101; seed <= 120; seed++)
        {
            _acknowledged.Clear();
            _configurationIndexes.Clear();
            Run(3, seed);
        }

        Assert.Equal(
            (string[])["a change reverted", "a leader manages its own removal", "a learner", "a removed process", "a replacement", "asked to campaign", "elected by transfer", "joint"],
            _seen);
    }

    private void Run(int size, ulong seed)
    {
        _prng = new Prng((seed * 1000) + (ulong)size + 500);
        _cluster = new InMemoryCluster(size, _prng.Next(), new RaftOptions
        {
            Id = new NodeId(1),
            Seed = 0,
            LowerElectionTimeoutMs = 300,
            UpperElectionTimeoutMs = 600,
            HeartbeatIntervalMs = 50,
            CatchUpBytes = _prng.NextBetween(0, 1) * 2000,
        })
        {
            SnapshotEvery = _prng.NextBetween(0, 2) * 15,
            DiskMs = _prng.NextBetween(0, 8),
            Network = new NetworkConditions(_prng.NextBetween(0, 15), _prng.NextBetween(0, 20), _prng.NextBetween(0, 15)),
            AllowsDroppedMessages = true,
            Filter = Look,
        };

        for (int step = 0; step < 300; step++)
        {
            DoSomething();
            _cluster.Run(_prng.NextBetween(1, 80));
            Look();
        }

        Heal();
        _cluster.RunUntil(() => _cluster.Leader is { } leader && !leader.Raft!.Configuration.IsJoint && leader.Raft.AppliedIndex >= leader.Raft.ConfigurationIndex, 60_000);
        _cluster.Agree("the end", expectedOn: 1, withinMs: 60_000);
        _cluster.RunUntil(() => _cluster.HaveConverged(1) && _cluster.CountApplied("the end") >= _cluster.Present.Count, 60_000);
        foreach (string command in _acknowledged)
        {
            Assert.Contains(command, _cluster.Leader!.Commands);
        }
    }

    private bool Look(Message message)
    {
        See(message is TimeoutNow, "asked to campaign");
        _transferTerm = message is VoteRequest { IsTransfer: true } ? message.Term : _transferTerm;

        return true;
    }

    private void Look()
    {
        foreach (TestMember member in _cluster.Members)
        {
            if (member.Raft is not { } raft)
            {
                See(member.HasLeft, "a removed process");
                continue;
            }

            See(raft.Configuration.IsJoint, "joint");
            See(!raft.Configuration.Learners.IsEmpty, "a learner");
            See(raft.Configuration.IsJoint && raft.Configuration.VoterIds.Any(voter => !raft.Configuration.OutgoingIds.Contains(voter))
                && raft.Configuration.OutgoingIds.Any(voter => !raft.Configuration.KeepsVote(voter)), "a replacement");
            See(raft.Role == RaftRole.Leader && !raft.Configuration.KeepsVote(raft.Id), "a leader manages its own removal");
            See(raft.Role == RaftRole.Leader && raft.Term == _transferTerm, "elected by transfer");
            (long life, long index) = _configurationIndexes.GetValueOrDefault(member.Id.Value);
            See(life == member.LivesLived && raft.ConfigurationIndex < index, "a change reverted");
            _configurationIndexes[member.Id.Value] = (member.LivesLived, raft.ConfigurationIndex);
        }
    }

    private void See(bool condition, string situation)
    {
        if (condition)
        {
            _seen.Add(situation);
        }
    }

    private void DoSomething()
    {
        TestMember any = _cluster.Members[_prng.NextBetween(0, _cluster.Members.Count - 1)];
        switch (_prng.NextBetween(0, 19))
        {
            case <= 5:
                Propose();
                break;
            case <= 13:
                ChangeSomething();
                break;
            case 14 when any.IsUp:
                _cluster.Crash(any);
                break;
            case <= 16 when !any.IsUp && !any.HasLeft:
                _cluster.Restart(any);
                break;
            case 17:
                _cluster.Cut(any, _cluster.Members[_prng.NextBetween(0, _cluster.Members.Count - 1)]);
                break;
            case 18 when _prng.NextBetween(0, 2) == 0:
                _cluster.Disconnect(any);
                break;
            case 19:
                _cluster.Heal();
                break;
        }
    }

    // Whoever believes to lead is asked, rightly or not.
    private void ChangeSomething()
    {
        foreach (TestMember member in _cluster.Members.Where(member => member.Raft?.Role == RaftRole.Leader).ToList())
        {
            Configuration configuration = member.Raft!.Configuration;
            NodeId any = configuration.Members[_prng.NextBetween(0, configuration.Members.Length - 1)].Id;
            switch (_prng.NextBetween(0, 5))
            {
                case 0 when configuration.Members.Length < MembersMax:
                    string name = $"m{configuration.NextId}";
                    NodeId replaced = _prng.NextBetween(0, 2) == 0 ? any : NodeId.None;
                    _cluster.Change(member, new AddLearner(name, name, "", _prng.NextBetween(0, 3) > 0, replaced, 0));
                    break;
                case 1 when configuration.Members.Length > 1:
                    _cluster.Change(member, new RemoveMember(any, Force: false));
                    break;
                case 2:
                    _cluster.Change(member, new PromoteLearner(any));
                    break;
                case 3:
                    _cluster.Change(member, new UpdateMember(any, null, $"http://c{_prng.NextBetween(0, 9)}", null));
                    break;
                case 4:
                    _cluster.Transfer(member, _prng.NextBetween(0, 1) == 0 ? any : NodeId.None);
                    break;
            }
        }
    }

    private void Propose()
    {
        foreach (TestMember member in _cluster.Members.Where(member => member.Raft?.Role == RaftRole.Leader).ToList())
        {
            _cluster.Propose(member, [.. Enumerable.Range(0, _prng.NextBetween(1, 3)).Select(_ => $"c{++_nextCommand}")]);
        }

        foreach (TestMember member in _cluster.Members.Where(member => member.Raft is { IsEstablishedLeader: true }))
        {
            _acknowledged.AddRange(member.Commands.Skip(Math.Max(0, member.Commands.Count - 5)));
        }
    }

    private void Heal()
    {
        _cluster.Heal();
        _cluster.Network = new NetworkConditions();
        foreach (TestMember member in _cluster.Members.Where(member => !member.IsUp && !member.HasLeft).ToList())
        {
            _cluster.Restart(member);
        }
    }
}
