namespace RaftStore.Raft;

/// <summary>Says whether a message could come from an honest member. Peers are not trusted to be free of bugs: what fails here is
/// dropped and counted, and no arithmetic below sees a number that could overflow it.</summary>
internal static class MessageChecks
{
    /// <summary>Terms, indexes and times above this are nonsense; sums of two of them still fit.</summary>
    private const long Highest = 1L << 60;

    /// <summary>True where the message makes sense in itself, whatever this node's state.</summary>
    public static bool IsSane(Message message) => IsTerm(message) && message switch
    {
        PreVoteRequest request => IsEntry(request.LastLog),
        VoteRequest request => IsEntry(request.LastLog),
        PreVoteResponse or VoteResponse or ReadIndexRequest or TimeoutNow => true,
        AppendEntries append => IsSane(append),
        AppendEntriesResponse response => IsNumber(response.PrevLogIndex) && IsNumber(response.MatchIndex) && IsEntry(response.Hint),
        Heartbeat heartbeat => IsNumber(heartbeat.LeaderCommit) && IsNumber(heartbeat.ReadRound) && IsNumberOrNone(heartbeat.EchoedStampMs)
            && IsNumber(heartbeat.QuorumAgeMs) && IsNumber(heartbeat.CommitAtEcho),
        HeartbeatResponse response => IsNumber(response.ReadRound) && IsNumberOrNone(response.StampMs) && IsNumber(response.AppliedIndex),
        ReadIndexResponse response => IsNumberOrNone(response.Index),
        InstallSnapshot chunk => IsSane(chunk),
        InstallSnapshotResponse response => IsEntry(response.LastIncluded) && IsNumber(response.NextOffsetBytes),
        _ => false,
    };

    // Only who has never seen a term can speak in term 0, and all it can say there is that it grants no pre-vote.
    private static bool IsTerm(Message message) => message.Term <= Highest && message.Term >= (message is PreVoteResponse ? 0 : 1);

    private static bool IsSane(AppendEntries append)
    {
        if (!IsEntry(append.PrevLog) || append.PrevLog.Term > append.Term || !IsNumber(append.LeaderCommit))
        {
            return false;
        }

        if (append.Batches.IsDefaultOrEmpty)
        {
            return true;
        }

        EntryId previous = append.PrevLog;
        long clusterTimeMs = 0;
        foreach (EntryBatch batch in append.Batches)
        {
            if (batch.FirstIndex != previous.Index + 1 || batch.Term < previous.Term || batch.ClusterTimeMs < clusterTimeMs)
            {
                return false;
            }

            previous = batch.Last;
            clusterTimeMs = batch.ClusterTimeMs;
        }

        return previous.Term <= append.Term && IsNumber(previous.Index);
    }

    private static bool IsSane(InstallSnapshot chunk)
    {
        SnapshotMetadata snapshot = chunk.Snapshot;
        return snapshot.LastIncluded.Index > 0 && IsEntry(snapshot.LastIncluded) && snapshot.LastIncluded.Term <= chunk.Term
            && IsNumber(snapshot.ClusterTimeMs) && IsNumber(snapshot.LengthBytes) && IsNumber(chunk.OffsetBytes)
            && chunk.OffsetBytes + chunk.Data.Length <= snapshot.LengthBytes;
    }

    // Index 0 is the place before the first entry and has term 0; nothing else has.
    private static bool IsEntry(EntryId entry) => IsNumber(entry.Index) && IsNumber(entry.Term) && (entry.Index == 0) == (entry.Term == 0);

    private static bool IsNumber(long value) => value is >= 0 and <= Highest;

    private static bool IsNumberOrNone(long value) => value == -1 || IsNumber(value);
}
