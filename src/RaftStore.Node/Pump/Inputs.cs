using RaftStore.Node.Forwarding;
using RaftStore.Node.Membership;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Pump;

/// <summary>Another member's writes, and why they must be refused, if they must.</summary>
internal sealed record ForwardArrival(ForwardRequest Request, RefusalReason Refusal);

/// <summary>The log writer finished something.</summary>
internal sealed record LogFinished(LogCompletion Completion);

/// <summary>A peer's connection was made or lost.</summary>
internal sealed record PeerChange(NodeId Peer, PeerChannel Channel, bool IsConnected);

/// <summary>The process has little memory left, or enough of it again.</summary>
internal sealed record MemoryReport(bool IsLow);

/// <summary>A caller wants the state as it is now, to write it somewhere.</summary>
internal sealed record StateCapture(TaskCompletionSource<CapturedState?> Answer);

/// <summary>A caller asks about the cluster.</summary>
internal sealed record ClusterInquiry(TaskCompletionSource<ClusterView> Answer, long DeadlineMs);

/// <summary>A caller wants something done for the cluster.</summary>
internal sealed record AdminInquiry(AdminAction Action, TaskCompletionSource<AdminOutcome> Answer, long DeadlineMs);
