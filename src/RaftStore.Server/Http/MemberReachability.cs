using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Server.Peers;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary>Looks who listens at a member's peer address before the members are changed: an address with a slip in it would make a member
/// that never catches up, and one of another node would be dialled for ever. Any thread.</summary>
internal sealed class MemberReachability(NodeHost host)
{
    /// <summary>Time for the whole look, in milliseconds; the request behind it has a few seconds.</summary>
    private const int TimeoutMs = 2000;

    /// <summary>Whether a new member may be taken in. It has to answer, as a node without data of its own.</summary>
    public async ValueTask<Problem?> CheckNewAsync(MemberRequest request)
    {
        PeerProbe probe = await host.ProbeAsync(request.Peer!, TimeoutMs);
        return probe.Node is { } found
            ? Refusal(JudgeNew(found, request.Name!, request.Instance, host.Cluster), request.Peer!)
            : Unreachable(request, probe.Trouble);
    }

    /// <summary>Whether a member may be put in the place of <paramref name="replaced"/>. It may be started afterwards: while the old one has
    /// its name, the cluster would refuse it. Who answers must be the new one, or still the old one.</summary>
    public async ValueTask<Problem?> CheckReplacementAsync(MemberRequest request, NodeId replaced)
    {
        PeerProbe probe = await host.ProbeAsync(request.Peer!, TimeoutMs);
        return probe.Node is null || IsMember(probe.Node, replaced) ? null : Refusal(JudgeNew(probe.Node, request.Name!, request.Instance, host.Cluster), request.Peer!);
    }

    /// <summary>Whether a member may be said to be at another address. It may be down; but nobody else may answer there.</summary>
    public async ValueTask<Problem?> CheckMovedAsync(NodeId member, string peer)
    {
        PeerProbe probe = await host.ProbeAsync(peer, TimeoutMs);
        return probe.Node is null || IsMember(probe.Node, member) ? null : Refusal(Describe(probe.Node), peer);
    }

    /// <summary>Why that node cannot be taken in, as the end of a sentence; null where it can.</summary>
    public static string? JudgeNew(NodeSighting found, string name, ulong instance, ClusterId cluster) => found switch
    {
        _ when found.Name != name => Describe(found),
        { Stage: NodeStage.Formed } when found.Cluster == cluster => $"{Describe(found)}; it is a member, or was one and has its old data: a new member has an empty data directory",
        { Stage: NodeStage.Formed } => $"{Describe(found)}: stop it, and start {name} with an empty data directory and --join",
        { Stage: NodeStage.Forming } => $"{name} founds a cluster of its own there: start it with an empty data directory and --join instead",
        { Instance: var other } when instance != 0 && other != 0 && other != instance => $"another {name} than the one that asks answers there: correct its --peer-advertise, or stop the other",
        _ => null,
    };

    private static Problem Unreachable(MemberRequest request, string trouble) => new(
        ProblemType.MemberUnreachable,
        $"No node answers at {request.Peer} ({trouble.TrimEnd('.')}), so {request.Name} was not taken in. Start it first (raftstore --name {request.Name} --join URL asks by itself), or correct the address; ?force=true takes it in all the same.");

    private static Problem? Refusal(string? reason, string peer) => reason is null
        ? null
        : new Problem(ProblemType.MemberConflict, $"At {peer}: {reason}. Nothing was changed; ?force=true does it all the same.");

    private static string Describe(NodeSighting found) => found.Stage == NodeStage.Formed
        ? $"{found.Name} (id {found.Id} of cluster {found.Cluster}) answers"
        : $"{found.Name} answers";

    private bool IsMember(NodeSighting found, NodeId member) => found.Stage == NodeStage.Formed && found.Cluster == host.Cluster && found.Id == member;
}
