using System.Text;

namespace RaftStore.Raft.Tests.Scenarios;

/// <summary>How a scenario's transcript words what a core asked for.</summary>
internal static class Transcript
{
    public static string Of(PersistRequest request)
    {
        var parts = new List<string>();
        if (request.HardState is { } hardState)
        {
            parts.Add($"term {hardState.Term} vote {(hardState.VotedFor.IsNone ? "nobody" : hardState.VotedFor)}");
        }

        if (request.ResetTo is { } entry)
        {
            parts.Add($"log restarts after {entry}");
        }

        if (request.TruncateFrom is { } index)
        {
            parts.Add($"truncate from {index}");
        }

        parts.AddRange(request.Batches.Select(Of));
        return $"write #{request.Token.Value}: {string.Join(", ", parts)}";
    }

    public static string Of(EntryBatch batch)
    {
        var entries = new List<string>();
        foreach (Entry entry in batch)
        {
            entries.Add(entry.Kind switch
            {
                EntryKind.NoOp => "no-op",
                EntryKind.Command => Encoding.UTF8.GetString(entry.Payload),
                EntryKind.Configuration => Of(ConfigurationCodec.TryDecode(entry.Payload)!),
                _ => throw new InvalidOperationException($"unknown kind {entry.Kind}"),
            });
        }

        return $"{batch.FirstIndex}/{batch.Term} {string.Join(' ', entries)}";
    }

    /// <summary>Voters, those before the change after «was», and learners after «+».</summary>
    public static string Of(Configuration configuration)
    {
        string outgoing = configuration.IsJoint ? $" was {string.Join(',', configuration.OutgoingIds)}" : "";
        string learners = configuration.Learners.IsEmpty ? "" : $" + {string.Join(',', configuration.Learners.Select(learner => learner.Id))}";
        return $"members({string.Join(',', configuration.VoterIds)}{outgoing}{learners})";
    }

    public static string Of(Message message) => $"{message.From} → {message.To}: " + message switch
    {
        PreVoteRequest request => $"PreVoteRequest for term {request.Term}, last {request.LastLog}",
        PreVoteResponse response => $"PreVoteResponse {(response.VoteGranted ? "granted for" : "refused, in")} term {response.Term}",
        VoteRequest request => $"VoteRequest term {request.Term}, last {request.LastLog}{(request.IsTransfer ? ", by transfer" : "")}",
        TimeoutNow timeout => $"TimeoutNow term {timeout.Term}",
        VoteResponse response => $"VoteResponse term {response.Term} {(response.VoteGranted ? "granted" : "refused")}",
        AppendEntries append => $"AppendEntries term {append.Term}, prev {append.PrevLog}, [{string.Join(", ", append.Batches.Select(Of))}], commit {append.LeaderCommit}",
        AppendEntriesResponse { Success: true } response => $"AppendEntriesResponse term {response.Term}, match {response.MatchIndex}",
        AppendEntriesResponse response => $"AppendEntriesResponse term {response.Term}, refused after {response.PrevLogIndex}, hint {response.Hint}",
        Heartbeat heartbeat => $"Heartbeat term {heartbeat.Term}, commit {heartbeat.LeaderCommit}, round {heartbeat.ReadRound}",
        HeartbeatResponse response => $"HeartbeatResponse term {response.Term}, round {response.ReadRound}, applied {response.AppliedIndex}",
        ReadIndexRequest request => $"ReadIndexRequest term {request.Term}, read {request.Id.Value}",
        ReadIndexResponse response => $"ReadIndexResponse term {response.Term}, read {response.Id.Value}, index {response.Index}",
        InstallSnapshot chunk => $"InstallSnapshot term {chunk.Term}, snapshot {chunk.Snapshot.LastIncluded}, bytes {chunk.OffsetBytes} to {chunk.OffsetBytes + chunk.Data.Length} of {chunk.Snapshot.LengthBytes}",
        InstallSnapshotResponse response => $"InstallSnapshotResponse term {response.Term}, snapshot {response.LastIncluded}, has {response.NextOffsetBytes} bytes",
        _ => throw new InvalidOperationException($"unknown message {message}"),
    };

    public static string Of(RaftNode node) => $"{node.Id}: {node.Role} of term {node.Term}, leader {(node.Leader.IsNone ? "unknown" : node.Leader)}, "
        + $"last {node.LastEntry}, durable {node.DurableIndex}, commit {node.CommitIndex}, applied {node.AppliedIndex}";
}
