using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Applies committed entries to the state machine, in order, and lets the writes that wait for them know. Pump thread, but
/// for <see cref="Store"/>.</summary>
internal sealed class Applier
{
    private readonly WritePath _writes;
    private readonly Tallies _tallies;
    private volatile KvStore _store;

    public Applier(NodeStart start, WritePath writes, Tallies tallies)
    {
        _store = start.Store;
        _writes = writes;
        _tallies = tallies;
        Last = start.Initial.SnapshotLast;
        ClusterTimeMs = start.Initial.SnapshotClusterTimeMs;
        Invariant.Check(start.Store.Current.AppliedIndex == Last.Index, $"the store is at index {start.Store.Current.AppliedIndex}, the snapshot ends at {Last}");
    }

    /// <summary>The state machine; another one after a snapshot was installed. Any thread.</summary>
    public KvStore Store => _store;

    /// <summary>The last entry applied: always the last one of its batch.</summary>
    public EntryId Last { get; private set; }

    /// <summary>The cluster time of that entry's batch, in milliseconds.</summary>
    public long ClusterTimeMs { get; private set; }

    /// <summary>Applies batches and makes their effect visible at once, before any of their writers is told.</summary>
    public void Apply(List<EntryBatch> batches)
    {
        if (batches.Count == 0)
        {
            return;
        }

        KvStore store = _store;
        foreach (EntryBatch batch in batches)
        {
            foreach (Entry entry in batch)
            {
                // What is no command moves the applied index and cluster time on, and nothing else.
                ReadOnlySpan<byte> command = entry.Kind == EntryKind.Command ? entry.Payload : default;
                KvResult result = store.Apply(entry.Id.Index, batch.ClusterTimeMs, command);
                _writes.EntryApplied(entry.Id, result);
            }

            Last = batch.Last;
            ClusterTimeMs = batch.ClusterTimeMs;
            _tallies.AppliedEntries += batch.Count;
        }

        _tallies.AppliedBatches += batches.Count;
        store.Publish();
        _writes.StatePublished();
    }

    /// <summary>Puts a store that was loaded aside in the place of this one. It reaches further, or as far where this one is wrong.</summary>
    public void Install(KvStore store, SnapshotMetadata metadata)
    {
        Invariant.Check(metadata.LastIncluded.Index >= Last.Index, $"a snapshot of {metadata.LastIncluded} over a state at {Last}");
        Invariant.Check(store.Current.AppliedIndex == metadata.LastIncluded.Index, $"a state at {store.Current.AppliedIndex} in a snapshot of {metadata.LastIncluded}");
        _store = store;
        Last = metadata.LastIncluded;
        ClusterTimeMs = metadata.ClusterTimeMs;
        _writes.SnapshotInstalled(Last.Index);
    }
}
