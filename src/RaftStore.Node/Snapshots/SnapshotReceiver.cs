using RaftStore.Kv;
using RaftStore.Node.Pump;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>Puts a snapshot together that a leader sends, verifies it, and loads it aside, a block at a time. Snapshot thread.</summary>
internal sealed class SnapshotReceiver(SnapshotStore store, InputQueue reports)
{
    /// <summary>Bytes loaded in one piece of work.</summary>
    private const int LoadBytes = 1 << 20;

    private InstallSnapshot? _loading;
    private SnapshotFileReader? _reader;
    private KvSnapshotLoader? _loader;

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

    /// <summary>Loads the next blocks; hands the store to the pump after the last.</summary>
    public bool LoadNext()
    {
        if (_loading is not InstallSnapshot loading)
        {
            return false;
        }

        int loaded = 0;
        while (loaded < LoadBytes)
        {
            ReadOnlyMemory<byte> block = _reader!.ReadBlock();
            if (block.IsEmpty)
            {
                _reader.Dispose();
                _reader = null;
                _loading = null;
                KvStore loadedStore = _loader!.Complete();
                _loader = null;
                reports.AddEvent(new SnapshotLoaded(loading.From, loading.Term, loading.Snapshot, loadedStore));
                return true;
            }

            _loader!.Add(block.Span);
            loaded += block.Length;
        }

        return true;
    }

    private void BeginLoading(InstallSnapshot last, bool replaces)
    {
        SnapshotFile file;
        try
        {
            file = store.CompleteReceived(last.Snapshot, replaces);
        }
        catch (DataDirectoryException)
        {
            // Damaged on the way or by this disk, and dropped: it is fetched anew.
            Report(last, 0);
            return;
        }

        _reader = store.OpenContent(file);
        _loader = new KvSnapshotLoader();
        _loading = last;
    }

    private void Report(InstallSnapshot chunk, long nextOffset)
        => reports.AddEvent(new ReceiveProgress(chunk.From, chunk.Term, chunk.Snapshot.LastIncluded, nextOffset));
}
