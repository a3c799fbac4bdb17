using System.Text;

namespace RaftStore.Raft.Tests.Cluster;

/// <summary>One member: the core, its disk, and a state machine that keeps a list of the commands applied.</summary>
internal sealed class TestMember(NodeId id, RaftOptions options, Configuration configuration)
{
    private readonly Queue<(PersistRequest Request, Message[] Answers)> _writes = new();
    private readonly List<string> _commands = [];
    private long _appliedClusterTimeMs;

    public NodeId Id { get; } = id;

    public TestDisk Disk { get; } = new();

    /// <summary>The core; null while the process is down.</summary>
    public RaftNode? Raft { get; private set; }

    public bool IsUp => Raft is not null;

    /// <summary>True once it has applied an entry by which it is no member any more: its process has ended for good.</summary>
    public bool HasLeft { get; private set; }

    public EntryId Applied { get; private set; }

    /// <summary>Every command applied, in order.</summary>
    public IReadOnlyList<string> Commands => _commands;

    public int WritesUnderWay => _writes.Count;

    public List<ConfirmedRead> ConfirmedReads { get; } = [];

    public List<ReadId> FailedReads { get; } = [];

    /// <summary>How often it was started; what was scheduled for an earlier life counts for nothing.</summary>
    public long LivesLived { get; private set; }

    public void Start(long nowMs, ulong seed)
    {
        LivesLived++;
        RaftInitialState initial = Disk.Recover(configuration, nowMs);
        _commands.Clear();
        Applied = initial.SnapshotLast;
        _appliedClusterTimeMs = initial.SnapshotClusterTimeMs;
        if (Disk.Snapshot is { } snapshot)
        {
            _commands.AddRange(snapshot.Commands);
        }

        var seeded = new RaftOptions
        {
            Id = Id,
            Seed = seed,
            LowerElectionTimeoutMs = options.LowerElectionTimeoutMs,
            UpperElectionTimeoutMs = options.UpperElectionTimeoutMs,
            HeartbeatIntervalMs = options.HeartbeatIntervalMs,
            UnappliedBytesMax = options.UnappliedBytesMax,
            CatchUpBytes = options.CatchUpBytes,
            AppendBytesMax = options.AppendBytesMax,
            InflightBytesMax = options.InflightBytesMax,
            InflightMessagesMax = options.InflightMessagesMax,
            PendingReadsMax = options.PendingReadsMax,
        };
        Raft = new RaftNode(seeded, initial);
    }

    /// <summary>The process ends, since it is no member any more.</summary>
    public void Leave()
    {
        HasLeft = true;
        Crash();
    }

    /// <summary>The process dies: what the disk had not completed is gone.</summary>
    public void Crash()
    {
        Raft = null;
        _writes.Clear();
        _commands.Clear();
        Applied = EntryId.Zero;
    }

    public void Enqueue(PersistRequest request, Message[] answers) => _writes.Enqueue((request, answers));

    /// <summary>The disk finishes the oldest request; the answers waited for it.</summary>
    public (PersistRequest Request, Message[] Answers) CompleteWrite()
    {
        (PersistRequest request, Message[] answers) = _writes.Dequeue();
        Disk.Complete(request);
        Raft!.Persisted(request.Token);
        return (request, answers);
    }

    public void Apply(EntryBatch batch)
    {
        Assert.True(batch.FirstIndex == Applied.Index + 1, $"node {Id} applies {batch.FirstIndex} after {Applied}");
        Assert.True(Disk.Holds(batch.Last), $"node {Id} applies {batch.Last}, which is not durable there");
        Assert.True(batch.ClusterTimeMs >= _appliedClusterTimeMs, $"cluster time goes back at {batch.Last}");
        foreach (Entry entry in batch)
        {
            if (entry.Kind == EntryKind.Command)
            {
                _commands.Add(Encoding.UTF8.GetString(entry.Payload));
            }
        }

        Applied = batch.Last;
        _appliedClusterTimeMs = batch.ClusterTimeMs;
    }

    /// <summary>Writes a snapshot of what is applied.</summary>
    public TestSnapshot TakeSnapshot()
    {
        int length = Encoding.UTF8.GetByteCount(string.Join('\n', _commands));
        return new TestSnapshot(new SnapshotMetadata(Applied, _appliedClusterTimeMs, Raft!.AppliedConfiguration, Math.Max(length, 1)), [.. _commands]);
    }

    /// <summary>A received snapshot takes the place of the state, where it is newer.</summary>
    public bool Install(TestSnapshot snapshot)
    {
        // The file is durable before the core hears of it.
        Disk.Save(snapshot);
        if (!Raft!.InstallSnapshot(snapshot.Metadata))
        {
            return false;
        }

        Assert.True(snapshot.Metadata.LastIncluded.Index > Applied.Index, $"applied goes back from {Applied} to {snapshot.Metadata.LastIncluded}");
        _commands.Clear();
        _commands.AddRange(snapshot.Commands);
        Applied = snapshot.Metadata.LastIncluded;
        _appliedClusterTimeMs = snapshot.Metadata.ClusterTimeMs;
        return true;
    }
}
