namespace RaftStore.Node.Codec;

/// <summary>What a frame holds; the numbers stand on the wire and never change their meaning.</summary>
internal enum FrameKind : byte
{
    PreVoteRequest = 1,
    PreVoteResponse = 2,
    VoteRequest = 3,
    VoteResponse = 4,
    AppendEntries = 5,
    AppendEntriesResponse = 6,
    Heartbeat = 7,
    HeartbeatResponse = 8,
    ReadIndexRequest = 9,
    ReadIndexResponse = 10,
    InstallSnapshot = 11,
    InstallSnapshotResponse = 12,
    TimeoutNow = 13,
    ForwardRequest = 32,
    ForwardResponse = 33,
    ClusterStatusRequest = 48,
    ClusterStatusResponse = 49,
    AdminRequest = 50,
    AdminResponse = 51,
    StateHash = 52,
    StateRequest = 53,
}

/// <summary>Which connection each kind belongs to.</summary>
internal static class FrameKinds
{
    /// <summary>The channel of a kind, or null for a kind that this version does not know.</summary>
    public static PeerChannel? ChannelOf(FrameKind kind) => kind switch
    {
        FrameKind.AppendEntries or FrameKind.ForwardRequest or FrameKind.ForwardResponse => PeerChannel.Bulk,
        FrameKind.InstallSnapshot => PeerChannel.Snapshot,
        >= FrameKind.PreVoteRequest and <= FrameKind.TimeoutNow => PeerChannel.Control,
        FrameKind.ClusterStatusRequest or FrameKind.ClusterStatusResponse or FrameKind.AdminRequest or FrameKind.AdminResponse or FrameKind.StateHash
            or FrameKind.StateRequest => PeerChannel.Control,
        _ => null,
    };
}
