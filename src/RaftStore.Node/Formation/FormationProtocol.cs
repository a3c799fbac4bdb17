using System.Collections.Immutable;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Formation;

/// <summary>How founders with empty disks become one cluster, once. A pure state machine: it does no I/O, starts no thread and reads
/// no clock; whoever drives it carries the messages and makes identities durable. One thread at a time.</summary>
/// <remarks>
/// <para>A founder is <i>empty</i>, then <i>forming</i> cluster c (its identity says so, durably), then <i>formed</i> (likewise). The
/// first founder by name coordinates. Every founder tells every other its <see cref="FormationStatus"/> again and again.</para>
/// <list type="number">
/// <item>Once every founder has met every other, all with equal lists and none formed, the coordinator draws c and makes itself
/// durably forming.</item>
/// <item>A founder that hears so from the coordinator makes itself durably forming c; its next status is the confirmation.</item>
/// <item>Once every founder has confirmed c, the coordinator makes itself durably formed.</item>
/// <item>A founder forming c that meets a formed one of the same c makes itself durably formed: all had confirmed.</item>
/// </list>
/// <para>Only a formed node votes. <b>Why there are never two formed clusters with a quorum each:</b> let c be formed. Its coordinator
/// was the first to be formed, and every founder of c was durably forming c before that. Let c' be another one, formed by an overlapping
/// list; then every founder of c' was durably forming c' at some time, while it was not formed (a formed node never changes again).
/// A founder that is forming c' is not forming c, so it can become formed in c no more: c is proposed a second time only by messages of
/// a former life of the coordinator, and those are not believed (<see cref="FormationPeer"/>). So whoever confirmed c' was not, and
/// never will be, formed in c. With no disk lost that holds for the coordinator of c itself, and c was never formed. If the
/// coordinator's disk was lost while it alone was formed, one member of c had a vote, which is no quorum of two or more. If another
/// was formed too, it answers «formed», and c' never begins.</para>
/// <para><b>Crashes:</b> a coordinator found forming goes on with its c rather than drawing another. That is safe since c names one list
/// and one coordinator, and leaves fewer ids about: without a lost disk there is only one, ever. A list that was changed meanwhile makes
/// the old c worth nothing; a new one is drawn, which by the argument above is safe as well.</para>
/// <para><b>Lost disks:</b> a founder that is not formed, and meets a formed cluster of another id (or has none itself) with a member of
/// its name, stops: under its old id it might have voted already.</para>
/// </remarks>
public sealed class FormationProtocol
{
    private readonly string _name;
    private readonly Configuration _founders;
    private readonly Func<ulong> _draw;
    private readonly ulong _incarnation;
    private readonly ImmutableArray<FormationPeer> _others;
    private readonly Member _coordinator;

    private NodeIdentity? _identity;
    private NodeIdentity? _writing;
    private long _sequence;

    /// <summary>Begins where the disk left off.</summary>
    /// <param name="name">This node; one of <paramref name="founders"/>.</param>
    /// <param name="founders">What <see cref="FoundingList.Create"/> made of the list this node was started with.</param>
    /// <param name="identity">What the disk holds; null for an empty one.</param>
    /// <param name="draw">Random numbers that nobody can guess or repeat.</param>
    /// <exception cref="ArgumentException">This node is not among the founders, or the identity is another node's.</exception>
    public FormationProtocol(string name, Configuration founders, NodeIdentity? identity, Func<ulong> draw)
    {
        if (founders.FindByName(name) is null)
        {
            throw new ArgumentException($"{name} is not among the founders.", nameof(founders));
        }

        if (identity is not null && !string.Equals(identity.Name, name, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The identity is that of {identity.Name}, not of {name}.", nameof(identity));
        }

        _name = name;
        _founders = founders;
        _identity = identity;
        _draw = draw;
        _incarnation = draw();
        _coordinator = founders.Voters[0];
        _others = [.. founders.Voters.Where(member => !IsMe(member.Name)).Select(member => new FormationPeer(member))];
    }

    /// <summary>The founders other than this node, in order of their names.</summary>
    public IEnumerable<Member> Others => _others.Select(other => other.Member);

    /// <summary>What to tell a founder now.</summary>
    public FormationStatus StatusFor(string peer) => MakeStatus(peer, Find(peer)?.Challenge ?? 0, Find(peer)?.Echo ?? 0);

    /// <summary>Takes what a founder, or somebody who thinks to be one, says.</summary>
    /// <returns>True where the others should hear of this node again at once.</returns>
    public bool Receive(FormationStatus status, long nowMs) =>
        string.Equals(status.To, _name, StringComparison.Ordinal) && Find(status.From) is { } peer && peer.Receive(status, nowMs, _draw);

    /// <summary>The answer to one who is not a founder by this node's list: it shows him in what the lists differ.</summary>
    public FormationStatus AnswerFor(FormationStatus status) =>
        Find(status.From) is null ? MakeStatus(status.From, challenge: 0, status.Challenge) : StatusFor(status.From);

    /// <summary>Notes why a founder cannot be reached, for <see cref="Describe"/> alone.</summary>
    public void NoteTrouble(string peer, string trouble)
    {
        if (Find(peer) is { } known)
        {
            known.Trouble = trouble;
        }
    }

    /// <summary>What to do now. Call it after every <see cref="Receive"/> that returned true, and after <see cref="IdentitySynced"/>.</summary>
    public FormationStep Next()
    {
        if (_writing is not null)
        {
            return new FormationStep(FormationAction.WriteIdentity, _writing);
        }

        if (_identity is { State: FormationState.Formed })
        {
            return new FormationStep(FormationAction.Formed, _identity);
        }

        _writing = JoinFormed() ?? (IsMe(_coordinator.Name) ? Coordinate() : FollowCoordinator());
        if (_writing is not null)
        {
            return new FormationStep(FormationAction.WriteIdentity, _writing);
        }

        return FindReasonToStop() is { } reason ? new FormationStep(FormationAction.Stop, Reason: reason) : new FormationStep(FormationAction.Wait);
    }

    /// <summary>The identity of the last <see cref="FormationAction.WriteIdentity"/> is durable.</summary>
    public void IdentitySynced()
    {
        Invariant.Check(_writing is not null, $"an identity of {_name} was synced that nobody asked for");
        _identity = _writing;
        _writing = null;
    }

    /// <summary>Does what can be done now, until it has to wait, is formed, or has to stop.</summary>
    /// <param name="makeDurable">Makes an identity durable before it returns. Nobody may be told anything meanwhile; where it throws, it is not known
    /// whether the identity is durable, and nothing may follow but the end of the process.</param>
    /// <returns>What has to follow; never <see cref="FormationAction.WriteIdentity"/>.</returns>
    public FormationStep Advance(Action<NodeIdentity> makeDurable)
    {
        FormationStep step = Next();
        while (step.Action == FormationAction.WriteIdentity)
        {
            makeDurable(step.Identity!);
            IdentitySynced();
            step = Next();
        }

        return step;
    }

    /// <summary>What this node waits for, in one sentence.</summary>
    public string Describe(long nowMs) => FormationReport.Describe(_name, _founders, _others, _identity, nowMs);

    private FormationStatus MakeStatus(string to, ulong challenge, ulong echo) => new()
    {
        From = _name,
        To = to,
        Incarnation = _incarnation,
        Sequence = ++_sequence,
        Challenge = challenge,
        Echo = echo,
        Founders = _identity is { State: FormationState.Formed } ? _identity.Founders : _founders,
        Cluster = _identity is { State: FormationState.Formed } ? _identity.Cluster : ConfirmedCluster,
        IsFormed = _identity is { State: FormationState.Formed },
        Met = [.. _others.Where(IsMet).Select(other => other.Member.Name)],
    };

    /// <summary>What this node's disk confirms for the list it was started with. While another identity is being written that is still
    /// true: a confirmation says that its sender was durably forming the cluster, and not that it always will be.</summary>
    private ClusterId ConfirmedCluster =>
        _identity is not null && FoundingList.AreEqual(_identity.Founders, _founders)
            ? _identity.Cluster
            : ClusterId.None;

    private NodeIdentity? JoinFormed()
    {
        if (_identity is null)
        {
            return null;
        }

        foreach (FormationPeer other in _others)
        {
            if (other.Believed is { IsFormed: true } status && status.Cluster == _identity.Cluster)
            {
                return _identity with { State = FormationState.Formed };
            }
        }

        return null;
    }

    private NodeIdentity? Coordinate()
    {
        if (!_others.All(other => IsMet(other) && HasMetEverybody(other.Believed!)))
        {
            return null;
        }

        ClusterId cluster = ConfirmedCluster;
        if (cluster == ClusterId.None)
        {
            return MakeForming(DrawCluster());
        }

        return _others.All(other => other.Believed!.Cluster == cluster) ? _identity! with { State = FormationState.Formed } : null;
    }

    private NodeIdentity? FollowCoordinator()
    {
        FormationPeer coordinator = Find(_coordinator.Name)!;
        bool isAsked = IsMet(coordinator) && coordinator.Believed!.Cluster != ClusterId.None && coordinator.Believed.Cluster != ConfirmedCluster;
        return isAsked ? MakeForming(coordinator.Believed!.Cluster) : null;
    }

    private string? FindReasonToStop()
    {
        foreach (FormationPeer other in _others)
        {
            if (other.Believed is { IsFormed: true } status && status.Founders.FindByName(_name) is not null)
            {
                string mine = _identity is null ? "is empty" : $"belongs to cluster {_identity.Cluster}, which was never formed";
                return $"the data directory of this node {mine}, but the formed cluster {status.Cluster} already has a member named {_name}"
                    + $" (says {other.Member.Name}). A node must not come back without its data: it may have voted. Restore its disk; or"
                    + $" replace {_name} there (kvctl member replace), or remove it, and start this node with --join.";
            }
        }

        return null;
    }

    private NodeIdentity MakeForming(ClusterId cluster) =>
        new(cluster, _founders.FindByName(_name)!.Id, _name, FormationState.Forming, _founders);

    private ClusterId DrawCluster()
    {
        ClusterId cluster;
        do
        {
            cluster = new ClusterId(_draw());
        }
        while (cluster == ClusterId.None);
        return cluster;
    }

    private bool IsMet(FormationPeer other) =>
        other.Believed is { IsFormed: false } status && FoundingList.AreEqual(status.Founders, _founders);

    private bool HasMetEverybody(FormationStatus status) =>
        _founders.Voters.All(member => string.Equals(member.Name, status.From, StringComparison.Ordinal) || status.Met.Contains(member.Name));

    private bool IsMe(string name) => string.Equals(name, _name, StringComparison.Ordinal);

    private FormationPeer? Find(string name)
    {
        foreach (FormationPeer other in _others)
        {
            if (string.Equals(other.Member.Name, name, StringComparison.Ordinal))
            {
                return other;
            }
        }

        return null;
    }
}
