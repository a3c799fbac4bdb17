using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>Writes a captured state to a snapshot file. Snapshot thread.</summary>
internal sealed class SnapshotSaver(SnapshotStore store, RateLimit rate)
{
    /// <summary>Waits so many milliseconds on the calling thread; null where nobody waits.</summary>
    public Action<long>? Wait { get; set; }

    /// <summary>Writes the file and makes it durable under its final name.</summary>
    /// <returns>Null where the disk is full; whatever was written is gone again.</returns>
    public SnapshotFile? Save(SaveOrder order, long nowMs)
    {
        try
        {
            using SnapshotFileWriter writer = store.Create(order.Metadata);
            order.View.WriteSnapshot(writer, new Pacer(rate, Wait, nowMs).Progress);
            return writer.Commit();
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            return null;
        }
    }

    /// <summary>Keeps one writing at its rate. Time goes on by what was waited: reading a clock is not for this thread's code.</summary>
    private sealed class Pacer(RateLimit rate, Action<long>? wait, long nowMs)
    {
        private long _nowMs = nowMs;
        private long _spent;

        public void Progress(long bytes)
        {
            rate.Spend(bytes - _spent, _nowMs);
            _spent = bytes;
            long waitMs = rate.WaitMs(_nowMs);
            if (waitMs > 0 && wait is not null)
            {
                wait(waitMs);
                _nowMs += waitMs;
            }
        }
    }
}
