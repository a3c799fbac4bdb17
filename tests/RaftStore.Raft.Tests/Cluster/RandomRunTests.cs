namespace RaftStore.Raft.Tests.Cluster;

/// <summary>Seeded runs in which everything goes wrong at once: loss, repetition, delay and reordering of messages, cuts in one and
/// both directions, crashes at any moment, slow and hanging disks. The checks of <see cref="SafetyChecker"/> run after every
/// event; in the end everything is healed, and the cluster must agree again within a bound.</summary>
public sealed class RandomRunTests
{
    private readonly List<string> _acknowledged = [];
    private Prng _prng = new(0);
    private InMemoryCluster _cluster = null!;
    private int _nextCommand;

    public static TheoryData<int, ulong> Runs()
    {
        var runs = new TheoryData<int, ulong>();
        for (int size = 1; size <= 7; size++)
        {
            for (ulong seed = 1; seed <= 16; seed++)
            {
                runs.Add(size, seed);
            }
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void EverythingAtOnce_AnySeed_SafeThroughoutAndLiveOnceHealed(int size, ulong seed)
    {
        _prng = new Prng((seed * 1000) + (ulong)size);
        _cluster = new InMemoryCluster(size, _prng.Next(), SmallBounds())
        {
            SnapshotEvery = _prng.NextBetween(0, 2) * 15,
            DiskMs = _prng.NextBetween(0, 12),
            Network = new NetworkConditions(_prng.NextBetween(0, 30), _prng.NextBetween(0, 50), _prng.NextBetween(0, 30)),
        };

        for (int step = 0; step < 250; step++)
        {
            DoSomething();
            _cluster.Run(_prng.NextBetween(1, 60));
        }

        Heal();
        _cluster.Agree("the end", size, withinMs: 60_000);
        _cluster.RunUntil(() => _cluster.HaveConverged(1), 20_000);
        foreach (string command in _acknowledged)
        {
            Assert.Contains(command, _cluster[1].Commands);
        }

        foreach (TestMember member in _cluster.Members)
        {
            _cluster.ReadIndex(member);
            Assert.Equal(0, member.Raft!.UnappliedBytes);
        }

        _cluster.RunUntil(() => _cluster.Members.All(member => member.ConfirmedReads.Count > 0), 5000);
    }

    /// <summary>Windows so small that every bound is met.</summary>
    private RaftOptions SmallBounds() => new()
    {
        Id = new NodeId(1),
        Seed = 0,
        LowerElectionTimeoutMs = 300,
        UpperElectionTimeoutMs = 600,
        HeartbeatIntervalMs = 50,
        UnappliedBytesMax = 2000,
        CatchUpBytes = _prng.NextBetween(0, 1) * 500,
        AppendBytesMax = 200,
        InflightBytesMax = 400,
        InflightMessagesMax = _prng.NextBetween(1, 4),
        PendingReadsMax = 8,
    };

    private void DoSomething()
    {
        TestMember member = Any();
        switch (_prng.NextBetween(0, 19))
        {
            case <= 9:
                Propose();
                break;
            case <= 12 when member.IsUp:
                _cluster.ReadIndex(member);
                break;
            case 13 when member.IsUp:
                _cluster.Crash(member);
                break;
            case <= 15 when !member.IsUp:
                _cluster.Restart(member);
                break;
            case 16:
                _cluster.Cut(member, Any());
                break;
            case 17 when _prng.NextBetween(0, 2) == 0:
                _cluster.Disconnect(member);
                break;
            case 18:
                _cluster.Heal();
                break;
            case 19 when !_cluster.HangingDisks.Remove(member.Id) && _prng.NextBetween(0, 3) == 0:
                _cluster.HangingDisks.Add(member.Id);
                break;
        }
    }

    private void Propose()
    {
        // Whoever believes to lead, the right one or not; what it applies itself is acknowledged to its client.
        foreach (TestMember member in _cluster.Members)
        {
            if (member.Raft?.Role == RaftRole.Leader)
            {
                _cluster.Propose(member, [.. Enumerable.Range(0, _prng.NextBetween(1, 3)).Select(_ => $"c{++_nextCommand}")]);
            }
        }

        foreach (TestMember member in _cluster.Members.Where(member => member.Raft is { IsEstablishedLeader: true }))
        {
            _acknowledged.AddRange(member.Commands.Skip(Math.Max(0, member.Commands.Count - 5)));
        }
    }

    private TestMember Any() => _cluster[_prng.NextBetween(1, _cluster.Members.Count)];

    private void Heal()
    {
        _cluster.Heal();
        _cluster.HangingDisks.Clear();
        _cluster.Network = new NetworkConditions();
        foreach (TestMember member in _cluster.Members.Where(member => !member.IsUp))
        {
            _cluster.Restart(member);
        }
    }
}
