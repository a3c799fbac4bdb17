using RaftStore.Kv;
using RaftStore.Node.Pump;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>Puts a snapshot together that a leader sends, and loads it aside, a block at a time. The file gets its final name only when it has been loaded:
/// one that cannot be, because it was damaged on the way or made of a damaged memory, never stands in the way of a start. Snapshot thread.</summary>
internal sealed class SnapshotReceiver(SnapshotStore store, InputQueue reports)
{
    /// <summary>Bytes loaded in one piece of work.</summary>
    private const int LoadBytes = 1 << 20;

    private InstallSnapshot? _loading;
    private SnapshotFileReader? _reader;
    private KvSnapshotLoader? _loader;
    private bool _replaces;

    /// <summary>True while a received snapshot is being loaded.</summary>
    public bool IsLoading => _loading is not null;

    /// <summary>Takes a chunk and reports how far the file is complete.</summary>
    public void Take(ReceiveOrder order)
    {
        InstallSnapshot chunk = order.Chunk;
        if (_loading is InstallSnapshot loading)
        {
            // The file is here, but its length would say that it is installed. One byte less keeps its sender patient, and
            // makes what it repeats one byte long.
            if (loading.Snapshot.LastIncluded == chunk.Snapshot.LastIncluded)
            {
                Report(chunk, chunk.Snapshot.LengthBytes - 1);
            }

            return;
        }

        if (!order.Replaces && chunk.Snapshot.LastIncluded.Index <= store.Latest?.Metadata.LastIncluded.Index)
        {
            // Repeated while it was loaded: it is here, and its sender hears that when it is installed.
            return;
        }

        try
        {
            long held = store.Receive(chunk.Snapshot, chunk.OffsetBytes, chunk.Data.Span);
            if (held < chunk.Snapshot.LengthBytes)
            {
                Report(chunk, held);
                return;
            }

            BeginLoading(chunk, order.Replaces);
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            // No answer: the sender repeats it, and gives up when that lasts.
        }
    }

    /// <summary>Loads the next blocks; hands the store to the pump after the last, when the file is durable under its final name.</summary>
    public bool LoadNext()
    {
        if (_loading is not InstallSnapshot loading)
        {
            return false;
        }

        try
        {
            if (LoadBlocks() is KvStore loaded)
            {
                EndLoading();
                store.CompleteReceived(loading.Snapshot, _replaces);
                reports.AddEvent(new SnapshotLoaded(loading.From, loading.Term, loading.Snapshot, loaded));
            }
        }
        catch (Exception damage) when (damage is DataDirectoryException or FormatException)
        {
            Refuse(loading, damage);
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            // Dropped. The sender repeats its last byte, and is told then that nothing of it is here any more.
        }

        return true;
    }

    private void BeginLoading(InstallSnapshot last, bool replaces)
    {
        try
        {
            _reader = store.OpenReceived(last.Snapshot);
        }
        catch (DataDirectoryException damage)
        {
            Refuse(last, damage);
            return;
        }

        _loader = new KvSnapshotLoader();
        _loading = last;
        _replaces = replaces;
    }

    /// <returns>The store after the last block, else null.</returns>
    private KvStore? LoadBlocks()
    {
        for (int loaded = 0; loaded < LoadBytes;)
        {
            ReadOnlyMemory<byte> block = _reader!.ReadBlock();
            if (block.IsEmpty)
            {
                return _loader!.Complete();
            }

            _loader!.Add(block.Span);
            loaded += block.Length;
        }

        return null;
    }

    private void EndLoading()
    {
        _reader?.Dispose();
        _reader = null;
        _loader = null;
        _loading = null;
    }

    /// <summary>Damaged on the way or by this disk, or the sender's memory is: dropped, and fetched anew.</summary>
    private void Refuse(InstallSnapshot chunk, Exception damage)
    {
        EndLoading();
        store.DropReceived();
        reports.AddEvent(new RefusedSnapshot(chunk.From, chunk.Snapshot.LastIncluded, (damage as DataDirectoryException)?.Diagnosis ?? damage.Message));
        Report(chunk, 0);
    }

    private void Report(InstallSnapshot chunk, long nextOffset)
        => reports.AddEvent(new ReceiveProgress(chunk.From, chunk.Term, chunk.Snapshot.LastIncluded, nextOffset));
}
