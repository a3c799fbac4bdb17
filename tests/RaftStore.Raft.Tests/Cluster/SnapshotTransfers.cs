namespace RaftStore.Raft.Tests.Cluster;

/// <summary>Sends snapshots in chunks from leaders to followers, over a network that may lose any of them.</summary>
internal sealed class SnapshotTransfers(Prng prng, Action<Message> send)
{
    private const int ChunkBytes = 64;

    private readonly SortedDictionary<(uint From, uint To), TestSnapshot> _sending = [];
    private readonly SortedDictionary<uint, (EntryId Snapshot, long Bytes)> _receiving = [];

    /// <summary>How many took the place of a follower's state.</summary>
    public int Installed { get; private set; }

    /// <summary>The leader captures its state now and sends the first chunk.</summary>
    public void Begin(TestMember leader, NodeId follower)
    {
        _sending[(leader.Id.Value, follower.Value)] = leader.TakeSnapshot();
        SendChunk(leader, follower, 0);
    }

    /// <summary>The process died: what it sent or received is forgotten.</summary>
    public void Forget(TestMember member)
    {
        _receiving.Remove(member.Id.Value);
        foreach ((uint From, uint To) key in Of(member))
        {
            _sending.Remove(key);
        }
    }

    /// <summary>Called with every tick: goes on where chunks were lost.</summary>
    public void Resend(TestMember leader)
    {
        foreach ((uint From, uint To) key in Of(leader))
        {
            if (leader.Raft!.Role != RaftRole.Leader)
            {
                _sending.Remove(key);
            }
            else if (prng.NextBetween(0, 9) == 0)
            {
                SendChunk(leader, new NodeId(key.To), 0);
            }
        }
    }

    /// <summary>A chunk that the core let through.</summary>
    public void Receive(TestMember member, InstallSnapshot chunk)
    {
        (EntryId snapshot, long bytes) = _receiving.GetValueOrDefault(member.Id.Value);
        if (snapshot != chunk.Snapshot.LastIncluded)
        {
            bytes = 0;
        }

        if (chunk.OffsetBytes == bytes)
        {
            bytes += chunk.Data.Length;
        }

        _receiving[member.Id.Value] = (chunk.Snapshot.LastIncluded, bytes);
        if (bytes < chunk.Snapshot.LengthBytes)
        {
            send(new InstallSnapshotResponse(member.Id, chunk.From, member.Raft!.Term, chunk.Snapshot.LastIncluded, bytes));
            return;
        }

        _receiving.Remove(member.Id.Value);
        bool isStillSent = _sending.TryGetValue((chunk.From.Value, member.Id.Value), out TestSnapshot? sent) && sent.Metadata.LastIncluded == chunk.Snapshot.LastIncluded;
        if (isStillSent && member.Install(sent!))
        {
            Installed++;
        }
    }

    /// <summary>A follower's answer arrived at the leader.</summary>
    public void Answered(TestMember leader, InstallSnapshotResponse response)
    {
        (uint, uint) key = (leader.Id.Value, response.From.Value);
        if (!_sending.TryGetValue(key, out TestSnapshot? snapshot) || snapshot.Metadata.LastIncluded != response.LastIncluded)
        {
            return;
        }

        if (response.NextOffsetBytes == snapshot.Metadata.LengthBytes)
        {
            _sending.Remove(key);
            leader.Raft!.SnapshotDelivered(response.From);
        }
        else if (leader.Raft!.Role == RaftRole.Leader)
        {
            SendChunk(leader, response.From, response.NextOffsetBytes);
        }
    }

    private List<(uint From, uint To)> Of(TestMember member) => [.. _sending.Keys.Where(key => key.From == member.Id.Value)];

    private void SendChunk(TestMember leader, NodeId follower, long offset)
    {
        TestSnapshot snapshot = _sending[(leader.Id.Value, follower.Value)];
        long length = Math.Min(ChunkBytes, snapshot.Metadata.LengthBytes - offset);
        send(new InstallSnapshot(leader.Id, follower, leader.Raft!.Term, snapshot.Metadata, offset, new byte[length]));
    }
}
