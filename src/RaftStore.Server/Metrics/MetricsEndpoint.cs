using System.Buffers;
using System.Diagnostics;
using System.Text;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Server.Http;
using RaftStore.Server.Peers;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Metrics;

/// <summary><c>/metrics</c>. Names and labels are listed in <c>docs/http-api.md</c>. Any thread.</summary>
internal sealed class MetricsEndpoint(NodeHost host, HttpMetrics http, CommonHeaders common)
{
    /// <summary>Answers a scrape.</summary>
    public void Write(HttpContext context)
    {
        PrometheusText text = new();
        text.Family("raftstore_build_info", "gauge", "Always 1; its label is the version.");
        text.Sample("raftstore_build_info", $"version=\"{ServerVersion.Text}\"", 1);
        text.Single("raftstore_formed", "gauge", "1 once the node belongs to a formed cluster.", host.Node is null ? 0 : 1);
        if (host.Node is { } node)
        {
            WriteRaft(text, node.Status, host.Clock.NowMs);
            WriteWork(text, node.Counters);
            WriteStore(text, node.View);
            WriteMemory(text, node.Status, host.Memory);
        }

        WritePeers(text, host.PeerCounters);
        http.Write(text);
        WriteProcess(text);
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        HttpResponse response = context.Response;
        common.Apply(response);
        response.ContentType = PrometheusText.MediaType;
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
    }

    private static void WriteRaft(PrometheusText text, NodeStatus status, long nowMs)
    {
        text.Family("raftstore_raft_role", "gauge", "1 for the role that the node has.");
        foreach (RaftRole role in Enum.GetValues<RaftRole>())
        {
            text.Sample("raftstore_raft_role", $"role=\"{ClusterEndpoints.RoleName(role)}\"", role == status.Role ? 1 : 0);
        }

        text.Single("raftstore_raft_term", "gauge", "The node's term: it rises with every election.", status.Term);
        text.Single("raftstore_raft_has_leader", "gauge", "1 while the node knows a leader.", status.Leader.IsNone ? 0 : 1);
        text.Single("raftstore_raft_commit_index", "gauge", "The last entry known to be committed.", status.CommitIndex);
        text.Single("raftstore_raft_applied_index", "gauge", "The last entry applied here.", status.AppliedIndex);
        text.Single("raftstore_raft_durable_index", "gauge", "The last entry synced to this node's disk.", status.DurableIndex);
        text.Single("raftstore_raft_unapplied_bytes", "gauge", "Bytes of the log that are not applied yet; beyond 64 MiB new writes are refused.", status.UnappliedBytes);
        text.Single("raftstore_raft_first_index", "gauge", "The first entry kept in memory for followers that are behind.", status.FirstIndex);
        text.Single("raftstore_raft_snapshot_index", "gauge", "The last entry of the newest durable snapshot.", status.SnapshotIndex);
        text.Single("raftstore_raft_members", "gauge", "Voters in the configuration in force.", status.Configuration.Voters.Length);
        text.Single("raftstore_raft_learners", "gauge", "Members without a vote in the configuration in force.", status.Configuration.Learners.Length);
        text.Single("raftstore_quarantined", "gauge", "1 from when the node's state was found to differ from the others' until it is repaired.", status.Divergence is null ? 0 : 1);
        text.Single("raftstore_log_has_space", "gauge", "0 while the log's disk is full and new entries are refused.", status.HasLogSpace ? 1 : 0);
        text.Family("raftstore_log_sync_seconds", "gauge", "Time of a log write with its sync, over the last 1,024 of them.");
        text.Sample("raftstore_log_sync_seconds", "quantile=\"0.5\"", status.SyncLatency.P50Microseconds / 1e6);
        text.Sample("raftstore_log_sync_seconds", "quantile=\"0.99\"", status.SyncLatency.P99Microseconds / 1e6);
        text.Sample("raftstore_log_sync_seconds", "quantile=\"1\"", status.SyncLatency.MaxMicroseconds / 1e6);
        if (status.FreshAsOfMs >= 0)
        {
            text.Single("raftstore_raft_staleness_seconds", "gauge", "Upper bound on how old a stale read here would be.", Math.Max(0, nowMs - status.FreshAsOfMs) / 1e3);
        }
    }

    private static void WriteWork(PrometheusText text, in NodeCounters counters)
    {
        text.Single("raftstore_raft_campaigns_total", "counter", "Elections that this node stood in.", counters.Campaigns);
        text.Single("raftstore_raft_leader_changes_total", "counter", "Times that another leader, or none, was known than before.", counters.LeaderChanges);
        text.Single("raftstore_raft_proposals_total", "counter", "Commands appended to this node's log as leader.", counters.Proposals);
        text.Single("raftstore_raft_applied_batches_total", "counter", "Sealed batches applied; entries divided by batches is the size of a group commit.", counters.AppliedBatches);
        text.Single("raftstore_raft_applied_entries_total", "counter", "Entries applied.", counters.AppliedEntries);
        text.Single("raftstore_raft_appends_dropped_total", "counter", "AppendEntries not taken because this node's log had no space.", counters.AppendsDropped);
        text.Single("raftstore_reads_confirmed_total", "counter", "Reads told that they may go on.", counters.ConfirmedReads);
        text.Single("raftstore_read_rounds_total", "counter", "Confirmations asked for; each serves every read that waited.", counters.ReadRounds);
        text.Single("raftstore_writes_forwarded_total", "counter", "Writes sent to the leader.", counters.ForwardedWrites);
        text.Single("raftstore_writes_served_for_peers_total", "counter", "Writes proposed for other members.", counters.ForwardedWritesServed);
        text.Single("raftstore_writes_refused_total", "counter", "Writes refused for want of space in a queue, a table, in memory or on the disk.", counters.RefusedWrites);
        text.Single("raftstore_writes_timed_out_total", "counter", "Writes whose time was over.", counters.TimedOutWrites);
        text.Single("raftstore_waiters", "gauge", "Requests waiting for the cluster now.", counters.Waiters);
        text.Single("raftstore_snapshots_taken_total", "counter", "Snapshots written.", counters.SnapshotsTaken);
        text.Single("raftstore_snapshots_sent_total", "counter", "Snapshots that a follower installed.", counters.SnapshotsSent);
        text.Single("raftstore_snapshots_installed_total", "counter", "Snapshots received and installed.", counters.SnapshotsInstalled);
        text.Single("raftstore_snapshots_refused_total", "counter", "Snapshots received that were damaged, and dropped.", counters.SnapshotsRefused);
        text.Single("raftstore_node_frames_sent_total", "counter", "Frames handed to the peer connections.", counters.FramesSent);
        text.Single("raftstore_node_frames_dropped_total", "counter", "Frames that a peer connection did not take, or that found the input queue full.", counters.FramesDropped);
        text.Single("raftstore_node_frames_refused_total", "counter", "Frames that were no frames of a member.", counters.FramesRefused);
    }

    private static void WriteStore(PrometheusText text, KvView view)
    {
        text.Single("raftstore_store_revision", "gauge", "The store's revision.", view.Revision);
        text.Single("raftstore_store_compacted_revision", "gauge", "The oldest revision that can be read.", view.CompactedRevision);
        text.Single("raftstore_store_keys", "gauge", "Live keys.", view.KeyCount);
        text.Single("raftstore_store_bytes", "gauge", "Bytes of keys and values of all versions kept.", view.StoredBytes);
        text.Single("raftstore_store_cluster_time_seconds", "gauge", "Cluster time of the last entry applied.", view.ClusterTimeMs / 1e3);
    }

    private static void WriteMemory(PrometheusText text, NodeStatus status, MemoryWatch? memory)
    {
        text.Single("raftstore_has_memory", "gauge", "0 while the node's memory is nearly used up and it refuses puts as leader.", status.HasMemory ? 1 : 0);
        if (memory is not null)
        {
            text.Single("raftstore_memory_used_bytes", "gauge", "Bytes that the node holds, with garbage that no collection has found yet.", MemoryWatch.UsedBytes);
            text.Single("raftstore_memory_limit_bytes", "gauge", "Bytes that it may hold.", memory.LimitBytes);
        }
    }

    private static void WritePeers(PrometheusText text, PeerCounters counters)
    {
        text.Single("raftstore_peer_connections", "gauge", "Open connections to and from peers.", counters.ConnectionsOpen);
        text.Single("raftstore_peer_sent_bytes_total", "counter", "Bytes written to peers.", counters.BytesSent);
        text.Single("raftstore_peer_received_bytes_total", "counter", "Bytes read from peers.", counters.BytesReceived);
        text.Single("raftstore_peer_frames_dropped_total", "counter", "Frames not sent because a queue was full or a connection was missing.", counters.FramesDropped);
        text.Single("raftstore_peer_frames_refused_total", "counter", "Connections closed because of bytes that were no frame.", counters.FramesRefused);
        text.Single("raftstore_peer_handshakes_refused_total", "counter", "Connections closed because the other side was not who it had to be.", counters.HandshakesRefused);
    }

    private static void WriteProcess(PrometheusText text)
    {
        using Process process = Process.GetCurrentProcess();
        text.Single("process_cpu_seconds_total", "counter", "Processor time used.", process.TotalProcessorTime.TotalSeconds);
        text.Single("process_resident_memory_bytes", "gauge", "Resident memory.", process.WorkingSet64);
        text.Single("process_threads", "gauge", "Threads.", process.Threads.Count);
        text.Single("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970.", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1e3);
        text.Family("dotnet_gc_collections_total", "counter", "Garbage collections, by generation.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample("dotnet_gc_collections_total", $"generation=\"{generation}\"", GC.CollectionCount(generation));
        }

        text.Single("dotnet_gc_heap_bytes", "gauge", "Bytes on the garbage-collected heap after the last collection.", GC.GetGCMemoryInfo().HeapSizeBytes);
        text.Single("dotnet_gc_allocated_bytes_total", "counter", "Bytes allocated on that heap.", GC.GetTotalAllocatedBytes());
        text.Single("dotnet_gc_pause_seconds_total", "counter", "Time in which collections held the process still.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Single("dotnet_threadpool_queue_length", "gauge", "Work items waiting for a pool thread.", ThreadPool.PendingWorkItemCount);
    }
}
