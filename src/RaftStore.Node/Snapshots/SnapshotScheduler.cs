using RaftStore.Node.Divergence;
using RaftStore.Node.Pump;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>The pump's side of snapshots: decides when to take one, to whom to send it, and what to do when one has come. Pump thread.</summary>
internal sealed class SnapshotScheduler
{
    /// <summary>After a snapshot failed for want of space, the next try waits this long.</summary>
    private const long RetryMs = 30_000;

    private readonly PumpContext _context;
    private readonly Applier _applier;
    private readonly LogState _log;
    private readonly SnapshotWorker _worker;

    // Followers that a snapshot is being sent to, all in one term.
    private readonly List<(NodeId Peer, long Term)> _sending = [];
    private SnapshotMetadata? _saving;
    private long _latestIndex;
    private long _latestBytes;
    private long _notBeforeMs = long.MinValue;
    private bool _isLatestDamaged;

    public SnapshotScheduler(PumpContext context, Applier applier, LogState log, SnapshotWorker worker, SnapshotFile? latest)
    {
        _context = context;
        _applier = applier;
        _log = log;
        _worker = worker;
        _latestIndex = latest?.Metadata.LastIncluded.Index ?? 0;
        _latestBytes = latest?.Metadata.LengthBytes ?? 0;
    }

    /// <summary>The last entry of the newest durable snapshot; 0 for none.</summary>
    public long LatestIndex => _latestIndex;

    /// <summary>True where the log has grown long enough for a snapshot (its length stays within twice the snapshot's), or where the newest is of no use.</summary>
    public bool IsDue => (_isLatestDamaged || _log.LengthBytes > Math.Max(_context.Options.SnapshotLogBytes, _latestBytes))
        && _saving is null && _applier.Last.Index > _latestIndex && _context.NowMs >= _notBeforeMs;

    /// <summary>Takes a snapshot where it is due. Never of a state that is known to be wrong: the log is right, and would be lost for it.</summary>
    public void SaveWhenDue()
    {
        if (_context.Divergence is null && IsDue)
        {
            Save();
        }
    }

    /// <summary>The state as it is now, and what it stands for.</summary>
    public CapturedState Capture() => new(_applier.Store.Current, new SnapshotMetadata(_applier.Last, _applier.ClusterTimeMs, _context.Core.AppliedConfiguration, LengthBytes: 0));

    /// <summary>A follower needs entries that are no longer in memory.</summary>
    public void Wanted(NodeId peer) => Send(peer, _context.Core.FirstIndex - 1);

    /// <summary>A member asks for this leader's state. It asks again where it gets none; what is on its way to it begins anew, and goes on
    /// where the member says.</summary>
    public void Take(StateRequest request)
    {
        bool canSend = request.LeastIndex <= _applier.Last.Index && (request.LeastIndex <= _latestIndex || _context.NowMs >= _notBeforeMs);
        if (_context.IsLeader && request.Term == _context.Core.Term && _context.Core.Configuration.IsMember(request.From) && canSend)
        {
            Send(request.From, request.LeastIndex);
        }
    }

    private void Send(NodeId peer, long leastIndex)
    {
        long term = _context.Core.Term;
        long comingIndex = _saving?.LastIncluded.Index ?? 0;
        if (_latestIndex < leastIndex && comingIndex < leastIndex)
        {
            Save();
        }

        CancelOtherTerms();
        _sending.RemoveAll(sending => sending.Peer == peer);
        _sending.Add((peer, term));
        _worker.Enqueue(new SendOrder(peer, term, leastIndex));
    }

    /// <summary>A chunk that the core let through.</summary>
    public void Take(InstallSnapshot chunk) => _worker.Enqueue(new ReceiveOrder(chunk));

    /// <summary>A follower's answer; the core has seen it too.</summary>
    public void Take(InstallSnapshotResponse response)
    {
        if (_sending.Count > 0 && response.Term == _context.Core.Term)
        {
            _worker.Enqueue(new SendAnswer(response));
        }
    }

    /// <summary>A snapshot connection is new.</summary>
    public void PeerConnected(NodeId peer)
    {
        if (_sending.Exists(sending => sending.Peer == peer))
        {
            _worker.Enqueue(new ResendOrder(peer));
        }
    }

    /// <summary>What the worker has done.</summary>
    public void Take(SnapshotSaved saved)
    {
        Saved(saved.Metadata);
        _context.Tallies.SnapshotsTaken++;
        HaveDurable(saved.Metadata);
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(SnapshotNotSaved failed)
    {
        Saved(failed.Metadata);
        _notBeforeMs = _context.NowMs + RetryMs;
    }

    /// <summary>The newest snapshot on this node's disk is damaged. What it stands for is in memory, and is written anew.</summary>
    public void Take(SnapshotDamaged damaged)
    {
        _context.DamagedSnapshot = new DamagedSnapshot(damaged.Metadata.LastIncluded, damaged.Reason);
        if (damaged.Metadata.LastIncluded.Index == _latestIndex)
        {
            _latestIndex = 0;
            _isLatestDamaged = true;
        }
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(ChunkReady chunk)
    {
        if (_context.IsLeader && _context.Core.Term == chunk.Term)
        {
            _context.Outbox.Send(chunk.Peer, PeerChannel.Snapshot, chunk.Frame);
            _context.SnapshotTransfers[chunk.Peer] = chunk.Progress;
        }
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(SendEnded ended)
    {
        _context.SnapshotTransfers.Remove(ended.Peer);
        if (_sending.RemoveAll(sending => sending.Peer == ended.Peer && sending.Term == ended.Term) == 0 || ended.Term != _context.Core.Term)
        {
            return;
        }

        if (ended.IsInstalled)
        {
            _context.Tallies.SnapshotsSent++;
            _context.Core.SnapshotDelivered(ended.Peer);
        }
        else if (_context.IsLeader)
        {
            _context.Core.SnapshotAbandoned(ended.Peer);
        }
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(ReceiveProgress progress)
    {
        if (progress.Term == _context.Core.Term)
        {
            Answer(progress.Sender, progress.LastIncluded, progress.NextOffsetBytes);
        }
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(SnapshotLoaded loaded)
    {
        // The file is durable under its final name, whatever becomes of its content.
        HaveDurable(loaded.Metadata, purges: false);
        if (_context.Core.InstallSnapshot(loaded.Metadata))
        {
            _context.Tallies.SnapshotsInstalled++;
            _applier.Install(loaded.Store, loaded.Metadata);
        }

        _log.Purge(Math.Min(_latestIndex, _applier.Last.Index));
    }

    /// <inheritdoc cref="Take(SnapshotSaved)"/>
    public void Take(RefusedSnapshot refused)
    {
        _context.Tallies.SnapshotsRefused++;
        _context.RefusedSnapshot = refused;
    }

    /// <summary>A snapshot of the leader's state takes the place of this node's state, which is wrong; it reaches at least as far. Nothing else changes but
    /// what a snapshot beyond the commit index brings with it.</summary>
    public void Replace(SnapshotLoaded loaded)
    {
        SnapshotMetadata snapshot = loaded.Metadata;
        _latestIndex = snapshot.LastIncluded.Index;
        _latestBytes = snapshot.LengthBytes;
        _isLatestDamaged = false;
        if (!_context.Core.InstallSnapshot(snapshot))
        {
            _context.Core.ReplaceState(snapshot);
            if (loaded.Sender == _context.Core.Leader)
            {
                Answer(loaded.Sender, snapshot.LastIncluded, snapshot.LengthBytes);
            }
        }

        _context.Tallies.SnapshotsInstalled++;
        _applier.Install(loaded.Store, snapshot);
        _log.Purge(_latestIndex);
    }

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        CancelOtherTerms();
        if (_sending.Count > 0)
        {
            _worker.Poke();
        }
    }

    /// <summary>What was begun as leader of another term ends: the core does not wait for it any more.</summary>
    private void CancelOtherTerms()
    {
        if (_sending.Count > 0 && (!_context.IsLeader || _sending[0].Term != _context.Core.Term))
        {
            _sending.Clear();
            _context.SnapshotTransfers.Clear();
            _worker.Enqueue(new CancelSends());
        }
    }

    private void Save()
    {
        CapturedState captured = Capture();
        _saving = captured.Metadata;
        _worker.Enqueue(new SaveOrder(captured.View, captured.Metadata));
    }

    // A follower may have wanted a newer one while this was written: then that is still being taken.
    private void Saved(SnapshotMetadata metadata) => _saving = _saving?.LastIncluded == metadata.LastIncluded ? null : _saving;

    private void HaveDurable(SnapshotMetadata metadata, bool purges = true)
    {
        if (metadata.LastIncluded.Index > _latestIndex)
        {
            _latestIndex = metadata.LastIncluded.Index;
            _latestBytes = metadata.LengthBytes;
            _isLatestDamaged = false;
        }

        if (purges)
        {
            _log.Purge(_latestIndex);
        }
    }

    private void Answer(NodeId sender, EntryId lastIncluded, long nextOffset)
        => _context.Outbox.Send(new InstallSnapshotResponse(_context.Self, sender, _context.Core.Term, lastIncluded, nextOffset));
}
