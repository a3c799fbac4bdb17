using RaftStore.Node.Codec;
using RaftStore.Node.Pump;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>Every snapshot that this leader is sending; the followers take turns, a chunk each. Snapshot thread.</summary>
internal sealed class SnapshotSenders(NodeOptions options, SnapshotStore store, RateLimit rate, InputQueue reports)
{
    private readonly List<SnapshotSend> _sends = [];
    private int _turn;

    /// <summary>True where a chunk can be sent now.</summary>
    public bool CanSend(long nowMs) => rate.IsOpen(nowMs) && _sends.Exists(send => send.CanSend);

    /// <summary>Begins to send the newest snapshot; reports failure where that would be of no use.</summary>
    public void Begin(SendOrder order, long nowMs)
    {
        _sends.RemoveAll(send => send.Peer == order.Peer);
        if (store.Latest is not SnapshotFile file || file.Metadata.LastIncluded.Index < order.LeastIndex)
        {
            reports.AddEvent(new SendEnded(order.Peer, order.Term, IsInstalled: false));
            return;
        }

        _sends.Add(new SnapshotSend(order.Peer, order.Term, file, options.SnapshotChunkBytes, nowMs));
    }

    /// <summary>A follower's answer.</summary>
    public void Take(InstallSnapshotResponse response, long nowMs)
    {
        int place = _sends.FindIndex(send => send.Peer == response.From && send.File.Metadata.LastIncluded == response.LastIncluded);
        if (place < 0)
        {
            return;
        }

        _sends[place].Answered(response.NextOffsetBytes, nowMs);
        if (_sends[place].IsInstalled)
        {
            End(place, isInstalled: true);
        }
        else if (_sends[place] is { IsRefused: true, IsVerified: false } refused)
        {
            Verify(refused);
        }
    }

    // What this node's disk has damaged would be refused for ever.
    private void Verify(SnapshotSend refused)
    {
        try
        {
            using SnapshotFileReader content = store.OpenContent(refused.File);
            while (!content.ReadBlock().IsEmpty)
            {
            }

            refused.IsVerified = true;
        }
        catch (DataDirectoryException damage)
        {
            store.Distrust(refused.File);
            reports.AddEvent(new SnapshotDamaged(refused.File.Metadata, damage.Diagnosis));
            for (int i = _sends.Count - 1; i >= 0; i--)
            {
                if (_sends[i].File == refused.File)
                {
                    End(i, isInstalled: false);
                }
            }
        }
    }

    /// <summary>The connection to a follower is new: what was on the way is gone.</summary>
    public void Resend(NodeId peer, long nowMs) => _sends.Find(send => send.Peer == peer)?.Resend(nowMs);

    /// <summary>This node leads no longer.</summary>
    public void Cancel()
    {
        _sends.Clear();
        DropOldFiles();
    }

    /// <summary>There is a newer snapshot; older ones go where nobody is being sent them.</summary>
    public void SnapshotWritten() => DropOldFiles();

    /// <summary>Sends the next chunk of the next follower in turn, where its window and the rate allow it.</summary>
    public bool SendNext(long nowMs)
    {
        for (int i = _sends.Count - 1; i >= 0; i--)
        {
            _sends[i].ResendWhenDue(nowMs);
            if (_sends[i].IsHopeless(nowMs))
            {
                End(i, isInstalled: false);
            }
        }

        for (int tried = 0; tried < _sends.Count && rate.IsOpen(nowMs); tried++)
        {
            SnapshotSend send = _sends[_turn++ % _sends.Count];
            _turn %= _sends.Count;
            if (send.CanSend)
            {
                SendChunk(send, nowMs);
                return true;
            }
        }

        return false;
    }

    private void SendChunk(SnapshotSend send, long nowMs)
    {
        int bytes = send.NextBytes;
        long offset = send.NextOffset;
        Envelope envelope = new(options.Cluster, options.Raft.Id, send.Peer, send.Term);
        PeerFrame frame = SnapshotChunkCodec.Encode(envelope, send.Metadata, offset, bytes, target => Read(send.File, offset, target));
        rate.Spend(bytes, nowMs);
        send.Sent(bytes, nowMs);
        reports.AddEvent(new ChunkReady(send.Peer, send.Term, frame, send.Progress));
    }

    private void Read(SnapshotFile file, long offset, Span<byte> target)
    {
        int read = store.ReadRaw(file, offset, target);
        Invariant.Check(read == target.Length, $"{file.FileName} ends {target.Length - read} bytes before its length of {file.Metadata.LengthBytes}");
    }

    private void End(int place, bool isInstalled)
    {
        SnapshotSend send = _sends[place];
        _sends.RemoveAt(place);
        reports.AddEvent(new SendEnded(send.Peer, send.Term, isInstalled));
        DropOldFiles();
    }

    private void DropOldFiles()
    {
        if (_sends.TrueForAll(send => send.File.FileName == store.Latest?.FileName))
        {
            store.DeleteOlder();
        }
    }
}
