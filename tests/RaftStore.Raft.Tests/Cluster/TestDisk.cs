namespace RaftStore.Raft.Tests.Cluster;

/// <summary>What one node's disk holds: it changes only when a request is completed, and it alone survives a crash.</summary>
internal sealed class TestDisk
{
    private readonly List<EntryBatch> _batches = [];

    public HardState HardState { get; set; }

    /// <summary>The last entry of <see cref="Snapshot"/>, after which the log goes on.</summary>
    public EntryId Base { get; private set; }

    public TestSnapshot? Snapshot { get; private set; }

    public long CommitIndex { get; private set; }

    public IReadOnlyList<EntryBatch> Batches => _batches;

    public EntryId Last => _batches.Count == 0 ? Base : _batches[^1].Last;

    /// <summary>Puts a log there as if it had been written earlier.</summary>
    public void Preload(IEnumerable<EntryBatch> batches) => _batches.AddRange(batches);

    public void Complete(PersistRequest request)
    {
        if (request.HardState is { } hardState)
        {
            Assert.True(hardState.Term >= HardState.Term, $"the durable term fell from {HardState.Term} to {hardState.Term}");
            Assert.True(
                hardState.Term > HardState.Term || HardState.VotedFor.IsNone || HardState.VotedFor == hardState.VotedFor,
                $"a second durable vote in term {hardState.Term}: {HardState.VotedFor}, then {hardState.VotedFor}");
            HardState = hardState;
        }

        if (request.ResetTo is { } resetTo)
        {
            Assert.True(Snapshot is not null && Snapshot.Metadata.LastIncluded.Index >= resetTo.Index, $"reset to {resetTo} without its snapshot");
            _batches.Clear();
            Base = resetTo;
        }

        if (request.TruncateFrom is { } from)
        {
            Assert.Equal(from, _batches.Find(batch => batch.LastIndex >= from)?.FirstIndex ?? from);
            _batches.RemoveAll(batch => batch.FirstIndex >= from);
        }

        foreach (EntryBatch batch in request.Batches)
        {
            Assert.Equal(Last.Index + 1, batch.FirstIndex);
            Assert.True(batch.Term >= Last.Term && batch.Term <= HardState.Term, $"batch of term {batch.Term} after {Last} in durable term {HardState.Term}");
            _batches.Add(batch);
        }

        CommitIndex = Math.Max(CommitIndex, request.CommitIndex);
    }

    /// <summary>A snapshot was written or received, and is durable.</summary>
    public void Save(TestSnapshot snapshot)
    {
        if (Snapshot is null || Snapshot.Metadata.LastIncluded.Index < snapshot.Metadata.LastIncluded.Index)
        {
            Snapshot = snapshot;
        }
    }

    /// <summary>Drops the part of the log that the snapshot covers.</summary>
    public void Purge()
    {
        if (Snapshot is { } snapshot && Holds(snapshot.Metadata.LastIncluded))
        {
            _batches.RemoveAll(batch => batch.LastIndex <= snapshot.Metadata.LastIncluded.Index);
            Base = snapshot.Metadata.LastIncluded;
        }
    }

    /// <summary>True where the durable log, or its snapshot, holds that entry.</summary>
    public bool Holds(EntryId entry)
        => entry == Base || _batches.Exists(batch => batch.FirstIndex <= entry.Index && entry.Index <= batch.LastIndex && batch.Term == entry.Term);

    /// <summary>What a start would find: a log that does not hold the snapshot's last entry is not of its future.</summary>
    public RaftInitialState Recover(Configuration configuration, long nowMs)
    {
        EntryId snapshotLast = Snapshot?.Metadata.LastIncluded ?? EntryId.Zero;
        if (Base != snapshotLast)
        {
            List<EntryBatch> suffix = Holds(snapshotLast) ? _batches.FindAll(batch => batch.FirstIndex > snapshotLast.Index) : [];
            _batches.Clear();
            _batches.AddRange(suffix);
            Base = snapshotLast;
        }

        return new RaftInitialState
        {
            Configuration = Snapshot?.Metadata.Configuration ?? configuration,
            HardState = HardState,
            SnapshotLast = snapshotLast,
            SnapshotClusterTimeMs = Snapshot?.Metadata.ClusterTimeMs ?? 0,
            Batches = [.. _batches],
            CommitIndex = CommitIndex,
            NowMs = nowMs,
        };
    }
}

/// <summary>A snapshot: the commands applied so far.</summary>
internal sealed record TestSnapshot(SnapshotMetadata Metadata, IReadOnlyList<string> Commands);
