using RaftStore.Node;
using RaftStore.Node.Cluster;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>I12: every queue, table and buffer is within its bound. Runs here are too short to fill the larger ones, so each is also held against
/// what it must agree with: what counts one thing twice, or never lets go of it, is found long before the bound is.</summary>
internal static class BoundRules
{
    /// <summary>What a log's disk can have ready: the segment in use, the spares that are kept, and one beyond them.</summary>
    private static readonly long LogBytesMax = (SimulatedMachine.Wal.RecycledSegmentsMax + 2) * SimulatedMachine.Wal.SegmentBytes;

    /// <summary>A pump has run.</summary>
    public static void Check(SimulatedMachine machine)
    {
        Node.Node node = machine.Node!;
        CheckCore(machine.Id, node.Core);
        CheckInput(machine.Id, node.InputLoad, node.PumpLoad, node.Options);
        CheckPump(machine.Id, node.PumpLoad);
        Check(machine.Id, "chunks of a snapshot that wait", node.SnapshotWorker.WaitingChunks, SnapshotWorker.ChunksMax);
        foreach (Progress follower in node.Core.Followers)
        {
            CheckWindow(machine.Id, follower, node.Core.Options);
        }
    }

    private static void CheckCore(NodeId id, RaftNode core)
    {
        RaftLog log = core.Log;
        Check(id, "bytes of applied entries that are kept", log.AppliedBytes, core.Options.CatchUpBytes);
        Check(id, "messages that wait for term and vote", core.HeldMessages, Raft.Outbox.HeldMax);
        Check(id, "reads that wait for a confirmation", core.ReadsWaiting, core.Options.PendingReadsMax);

        // The leader refuses proposals by this number, so it must come back to nothing with the entries that it counts. What it takes office with,
        // its first entry and configurations it takes without asking.
        bool isAllApplied = log.AppliedIndex == log.Last.Index;
        ClusterInvariants.Check((log.UnappliedBytes == 0) == isAllApplied && log.UnappliedBytes >= 0, $"{id} has applied {log.AppliedIndex} of a log up to {log.Last} and counts {log.UnappliedBytes} bytes unapplied");
        if (core.Role == RaftRole.Leader)
        {
            Check(id, "bytes not applied", log.UnappliedBytes, core.Options.UnappliedBytesMax + EntryBatch.LengthBytesMax);
        }
    }

    private static void CheckWindow(NodeId id, Progress follower, RaftOptions options)
    {
        InflightWindow window = follower.Inflight;
        bool isWithin = window.Count <= options.InflightMessagesMax && window.Bytes >= 0 && (window.Bytes <= options.InflightBytesMax || window.Count == 1);
        ClusterInvariants.Check(
            isWithin && (window.Count == 0) == (window.Bytes == 0) && (window.Count == 0 || follower.State == ProgressState.Replicate),
            $"{id} has {window.Count} messages of {window.Bytes} bytes on the way to {follower.Id}, which it sends to as {follower.State}; {options.InflightMessagesMax} of {options.InflightBytesMax} are the most");
    }

    // Between two runs everybody who was let in waits in exactly one place.
    private static void CheckInput(NodeId id, InputLoad input, PumpLoad pump, NodeOptions options)
    {
        Check(id, "callers who wait", input.Waiters, options.WaitersMax);
        Check(id, "bytes of commands that are held", input.HeldBytes, options.InputBytesMax);
        Check(id, "bytes of frames that wait", input.FrameBytes, InputQueue.FrameBytesMax);
        Check(id, "questions that wait", input.Inquiries, InputQueue.InquiriesMax);
        ClusterInvariants.Check(input.Waiters == pump.Writes + pump.Reads, $"{id} counts {input.Waiters} callers who wait, and holds {pump.Writes} writes and {pump.Reads} reads");
        ClusterInvariants.Check(pump.Writes > 0 || input.HeldBytes == 0, $"{id} holds {input.HeldBytes} bytes of commands for nobody");
    }

    private static void CheckPump(NodeId id, PumpLoad pump)
    {
        Check(id, "groups of confirmed reads", pump.ConfirmedGroups, ReadPath.ConfirmedGroupsMax);
        Check(id, "questions about the cluster", pump.Inquiries, ClusterInquiries.QuestionsMax);
        Check(id, "senders of forwarded writes", pump.ForwardSenders, ForwardGate.SendersMax);
        Check(id, "bytes on their way to the log", pump.LogBytes, LogBytesMax);
    }

    private static void Check(NodeId id, string what, long count, long most)
    {
        if (count < 0 || count > most)
        {
            throw new SimulationFailureException($"{id} counts {count} {what}, and {most} are the most");
        }
    }
}
