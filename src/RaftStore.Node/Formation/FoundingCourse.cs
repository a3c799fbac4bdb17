using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Formation;

/// <summary>The course that a node takes until it belongs to a cluster: what follows from what its disk holds and from each conclusion of its
/// search, and what it says of itself to whoever asks on the way. It does no I/O and reads no clock: whoever drives it writes the identities, carries
/// the messages and asks to be taken in. Any thread.</summary>
public sealed class FoundingCourse
{
    private readonly Lock _gate = new();
    private readonly NodeSighting _self;
    private readonly FounderSearch? _search;

    // Under _gate.
    private Configuration? _founders;
    private NodeIdentity? _identity;
    private bool _joins;
    private ulong _instance;
    private NodeSighting? _member;

    /// <summary>Begins where the disk left off.</summary>
    /// <param name="self">The node's name, life and addresses.</param>
    /// <param name="search">Its search; null for one that was told a list of founders, or whom to join.</param>
    /// <param name="identity">What the disk holds; null for an empty one.</param>
    /// <param name="given">The list of founders that it was told; null for none.</param>
    public FoundingCourse(NodeSighting self, FounderSearch? search, NodeIdentity? identity, Configuration? given)
    {
        _self = self;
        _search = search;
        _identity = identity;

        // What is formed answers founders that were away; what is forming goes on with the list that it is durable for.
        bool hasOwnList = identity is not null && (identity.State == FormationState.Formed || search is not null);
        _founders = hasOwnList ? new Configuration(identity!.Founders.Members) : given;
        if (identity is { State: FormationState.Forming })
        {
            search?.Fix(_founders!);
        }
    }

    /// <summary>The list by which founders are answered; null for none.</summary>
    public Configuration? Founders
    {
        get
        {
            lock (_gate)
            {
                return _founders;
            }
        }
    }

    /// <summary>What this node says of itself to one who asks on the peer port. A node that searches knows him from now on.</summary>
    /// <param name="asker">His name.</param>
    /// <param name="askersAddress">Where he says that peers reach him; empty where he does not say.</param>
    /// <param name="nowMs">The monotonic time.</param>
    public NodeSighting Introduce(string asker, string askersAddress, long nowMs)
    {
        lock (_gate)
        {
            if (_member is not null)
            {
                return _member;
            }

            if (_joins)
            {
                return _self with { Stage = NodeStage.Joining, Instance = _instance };
            }

            if (_search is not null && _identity is null)
            {
                (Configuration? word, bool isFirm) = _search.Answer(asker, askersAddress, nowMs);
                return _self with { Stage = NodeStage.Searching, Expect = _search.Expect, Founders = word, IsFirm = isFirm };
            }

            return _founders is null ? _self : _self with { Stage = NodeStage.Forming, Founders = _founders, IsFirm = true };
        }
    }

    /// <summary>What follows from a conclusion of the search.</summary>
    public CourseAction Follow(SearchStep step)
    {
        lock (_gate)
        {
            switch (step.Action)
            {
                case SearchAction.Found when _founders is null:
                    _founders = step.Founders;
                    return CourseAction.Form;
                case SearchAction.Release:
                    return CourseAction.EndFormation;
                case SearchAction.Join when !_joins:
                    return CourseAction.Join;
                case SearchAction.Found or SearchAction.Join or SearchAction.Wait:
                    return CourseAction.GoOn;
                default:
                    throw new InvalidOperationException($"The search asks for {step.Action}, which nobody knows.");
            }
        }
    }

    /// <summary>The formation has ended, as <see cref="CourseAction.EndFormation"/> asked: nothing more of it reaches the disk. Its list is given up,
    /// unless it has reached the disk: from then on it is this node's list for ever.</summary>
    public void FormationEnded()
    {
        lock (_gate)
        {
            _founders = null;
            if (_identity is { State: FormationState.Forming })
            {
                _search?.Fix(_identity.Founders);
            }
        }
    }

    /// <summary>The formation has made that identity durable.</summary>
    public void IdentityWritten(NodeIdentity identity)
    {
        lock (_gate)
        {
            _identity = identity;
            _search?.Fix(identity.Founders);
        }
    }

    /// <summary>From now on this node asks a cluster to take it in.</summary>
    /// <param name="instance">The number of its data directory.</param>
    public void Joining(ulong instance)
    {
        lock (_gate)
        {
            _joins = true;
            _instance = instance;
        }
    }

    /// <summary>From now on this node is that member.</summary>
    public void Entered(ClusterId cluster, NodeId id)
    {
        lock (_gate)
        {
            _member = _self with { Stage = NodeStage.Formed, Cluster = cluster, Id = id };
        }
    }
}

/// <summary>What a node that searches has to do after a conclusion.</summary>
public enum CourseAction
{
    /// <summary>Nothing but the next round; a node that joins has perhaps new addresses to ask at.</summary>
    GoOn,

    /// <summary>Begin the formation of <see cref="FoundingCourse.Founders"/>.</summary>
    Form,

    /// <summary>End the formation under way, and say so by <see cref="FoundingCourse.FormationEnded"/>.</summary>
    EndFormation,

    /// <summary>Ask the cluster to take this node in, and say so by <see cref="FoundingCourse.Joining"/>.</summary>
    Join,
}
