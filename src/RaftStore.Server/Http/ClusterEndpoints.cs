using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/cluster</c> and <c>/v1/status</c>. Any thread.</summary>
internal sealed class ClusterEndpoints(NodeHost host, ServerSettings settings, CommonHeaders common)
{
    private readonly long _startedMs = Environment.TickCount64;

    /// <summary>Answers <c>GET /v1/cluster</c>: what the leader knows of every member, or without one what this node knows.</summary>
    public async ValueTask<Problem?> ClusterAsync(HttpContext context, RequestTarget target)
    {
        if (new QueryReader(target.Query) is var query && query.Next())
        {
            return KvParameterNames.Unknown(query.Name);
        }

        if (host.Node is not { } node)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        ClusterView view = await node.DescribeClusterAsync(host.Clock.NowMs + settings.RequestTimeoutMs);
        common.Apply(context.Response);
        WriteJson(context.Response, json => WriteCluster(json, view));
        return null;
    }

    /// <summary>Answers <c>GET /v1/status</c>: this node alone.</summary>
    public Problem? Status(HttpContext context, RequestTarget target)
    {
        long at = -1;
        QueryReader query = new(target.Query);
        while (query.Next())
        {
            if (query.Name is not "at")
            {
                return KvParameterNames.Unknown(query.Name);
            }

            if (at >= 0 || !long.TryParse(query.Value, NumberStyles.None, CultureInfo.InvariantCulture, out at))
            {
                return new Problem(ProblemType.InvalidParameter, "'at' must be one applied index.");
            }
        }

        if (host.Node is not { } node)
        {
            common.Apply(context.Response);
            WriteJson(context.Response, WriteForming);
            return null;
        }

        NodeStatus status = node.Status;
        KvView view = node.View;
        StateHash? hash = FindHash(node.RecordedHashes, view, at);
        if (at >= 0 && hash is null)
        {
            return new Problem(ProblemType.HashNotRecorded, $"This node remembers no state hash at index {at}: it records one at every 1,000th applied index and keeps the last few.");
        }

        common.Apply(context.Response, view.Revision);
        WriteJson(context.Response, json => WriteStatus(json, status, view, hash));
        return null;
    }

    private static StateHash? FindHash(IReadOnlyList<StateHash> recorded, KvView view, long at)
    {
        if (at < 0)
        {
            return recorded.Count == 0 ? null : recorded[^1];
        }

        foreach (StateHash hash in recorded)
        {
            if (hash.Index == at)
            {
                return hash;
            }
        }

        return at == view.AppliedIndex ? new StateHash(at, view.Hash) : null;
    }

    private void WriteCluster(Utf8JsonWriter json, ClusterView view)
    {
        json.WriteString("clusterId"u8, host.Cluster.ToString());
        json.WriteString("leader"u8, view.Members.FirstOrDefault(member => !view.Leader.IsNone && member.Member.Id == view.Leader)?.Member.Name);
        json.WriteNumber("term"u8, view.Term);
        json.WriteNumber("commitIndex"u8, view.CommitIndex);
        json.WriteStartArray("members"u8);
        foreach (ClusterMemberView member in view.Members)
        {
            WriteMember(json, view, member);
        }

        json.WriteEndArray();
    }

    private void WriteMember(Utf8JsonWriter json, ClusterView view, ClusterMemberView member)
    {
        string client = host.Members?.Find(member.Member.Id)?.ClientAddress is { Length: > 0 } told ? told : member.Member.ClientAddress;
        json.WriteStartObject();
        json.WriteString("id"u8, member.Member.Id.ToString());
        json.WriteString("name"u8, member.Member.Name);
        json.WriteString("role"u8, member.IsVoter ? "voter"u8 : "learner"u8);
        json.WriteString("peer"u8, member.Member.PeerAddress);
        json.WriteString("client"u8, client);
        WriteKnown(json, "matchIndex"u8, member.MatchIndex);
        WriteKnown(json, "appliedIndex"u8, member.AppliedIndex);
        WriteKnown(json, "lag"u8, member.MatchIndex < 0 ? -1 : Math.Max(0, view.CommitIndex - member.MatchIndex));
        json.WriteBoolean("healthy"u8, IsHealthy(view, member));
        WriteKnown(json, "lastContactMs"u8, member.LastContactMs);
        if (member.Snapshot is { } snapshot)
        {
            json.WriteStartObject("snapshot"u8);
            json.WriteNumber("heldBytes"u8, snapshot.HeldBytes);
            json.WriteNumber("bytes"u8, snapshot.LengthBytes);
            json.WriteEndObject();
        }

        if (!member.IsVoter)
        {
            json.WriteBoolean("caughtUp"u8, member.IsCaughtUp);
            json.WriteBoolean("promotesItself"u8, member.Member.PromotesItself);
            json.WriteString("replaces"u8, member.Member.Replaces.IsNone ? null : member.Member.Replaces.ToString());
        }

        json.WriteEndObject();
    }

    /// <summary>Healthy is who answered the leader within the time after which a follower would have campaigned.</summary>
    private bool IsHealthy(ClusterView view, ClusterMemberView member) =>
        view.FromLeader && (member.Member.Id == view.Leader || (member.LastContactMs >= 0 && member.LastContactMs <= settings.LowerElectionTimeoutMs));

    private void WriteForming(Utf8JsonWriter json)
    {
        json.WriteString("name"u8, settings.Name);
        json.WriteString("phase"u8, "forming"u8);
        json.WriteString("detail"u8, host.PhaseDetail);
        json.WriteNumber("uptimeMs"u8, Environment.TickCount64 - _startedMs);
        json.WriteString("version"u8, ServerVersion.Text);
    }

    private void WriteStatus(Utf8JsonWriter json, NodeStatus status, KvView view, StateHash? hash)
    {
        json.WriteString("id"u8, status.Id.ToString());
        json.WriteString("name"u8, settings.Name);
        json.WriteString("clusterId"u8, host.Cluster.ToString());
        json.WriteString("phase"u8, host.Phase == NodePhase.Stopping ? "stopping"u8 : status.Divergence is null ? "running"u8 : "quarantined"u8);
        json.WriteString("role"u8, status.Configuration.IsLearner(status.Id) ? "learner" : RoleName(status.Role));
        json.WriteNumber("term"u8, status.Term);
        json.WriteString("leader"u8, status.Leader.IsNone ? null : status.Configuration.Find(status.Leader)?.Name);
        json.WriteNumber("commitIndex"u8, status.CommitIndex);
        json.WriteNumber("appliedIndex"u8, status.AppliedIndex);
        json.WriteNumber("durableIndex"u8, status.DurableIndex);
        json.WriteNumber("firstIndex"u8, status.FirstIndex);
        json.WriteNumber("snapshotIndex"u8, status.SnapshotIndex);
        json.WriteNumber("revision"u8, view.Revision);
        json.WriteNumber("compactedRevision"u8, view.CompactedRevision);
        json.WriteNumber("keys"u8, view.KeyCount);
        json.WriteNumber("bytes"u8, view.StoredBytes);
        json.WriteNumber("uptimeMs"u8, Environment.TickCount64 - _startedMs);
        json.WriteString("version"u8, ServerVersion.Text);
        json.WriteBoolean("hasLogSpace"u8, status.HasLogSpace);
        json.WriteBoolean("hasMemory"u8, status.HasMemory);
        if (host.Memory is { } memory)
        {
            json.WriteStartObject("memory"u8);
            json.WriteNumber("usedBytes"u8, MemoryWatch.UsedBytes);
            json.WriteNumber("limitBytes"u8, memory.LimitBytes);
            json.WriteEndObject();
        }

        json.WriteStartObject("syncLatency"u8);
        json.WriteNumber("p50Us"u8, status.SyncLatency.P50Microseconds);
        json.WriteNumber("p99Us"u8, status.SyncLatency.P99Microseconds);
        json.WriteNumber("maxUs"u8, status.SyncLatency.MaxMicroseconds);
        json.WriteEndObject();
        if (status.Divergence is { } divergence)
        {
            json.WriteStartObject("divergence"u8);
            json.WriteNumber("index"u8, divergence.Index);
            json.WriteString("ownHash"u8, divergence.OwnHash);
            json.WriteString("otherHash"u8, divergence.OtherHash);
            json.WriteBoolean("hasMajority"u8, divergence.HasMajority);
            json.WriteEndObject();
        }

        if (status.Divergence is not null && status.Repair is { Stage: not RepairStage.None } repair)
        {
            json.WriteStartObject("repair"u8);
            json.WriteString("stage"u8, StageName(repair.Stage));
            json.WriteNumber("snapshotIndex"u8, repair.Index);
            json.WriteNumber("receivedBytes"u8, repair.ReceivedBytes);
            json.WriteNumber("lengthBytes"u8, repair.LengthBytes);
            json.WriteEndObject();
        }

        if (hash is { } recorded)
        {
            json.WriteStartObject("stateHash"u8);
            json.WriteNumber("index"u8, recorded.Index);
            json.WriteString("hash"u8, recorded.Hash);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("stateHash"u8);
        }
    }

    /// <summary>The role as status and metrics show it.</summary>
    public static string RoleName(RaftRole role) => role switch
    {
        RaftRole.Follower => "follower",
        RaftRole.PreCandidate => "pre-candidate",
        RaftRole.Candidate => "candidate",
        RaftRole.Leader => "leader",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role."),
    };

    /// <summary>How far a repair has come, as status and the repair itself show it.</summary>
    public static ReadOnlySpan<byte> StageName(RepairStage stage) => stage switch
    {
        RepairStage.None or RepairStage.Waiting => "waiting"u8,
        RepairStage.Receiving => "receiving"u8,
        RepairStage.Loading => "loading"u8,
        RepairStage.Lifting => "lifting"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "Not a stage."),
    };

    private static void WriteKnown(Utf8JsonWriter json, ReadOnlySpan<byte> name, long value)
    {
        if (value < 0)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteNumber(name, value);
        }
    }

    private static void WriteJson(HttpResponse response, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        response.ContentType = MediaTypes.Json;
        response.ContentLength = buffer.WrittenCount;
        response.BodyWriter.Write(buffer.WrittenSpan);
    }
}
