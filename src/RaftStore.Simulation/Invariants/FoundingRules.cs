using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What may never be seen while machines that know a name and a number found a cluster: one sentence a rule.</summary>
internal sealed class FoundingRules(World world)
{
    /// <summary>Whom a node has not heard of for so long it may have forgotten, in microseconds; clocks run fast.</summary>
    private const long RememberedUs = FounderSearch.ForgottenAfterMs * 1000 / 2;

    private readonly SortedDictionary<string, NodeIdentity> _durable = new(StringComparer.Ordinal);
    private readonly SortedDictionary<ulong, Founded> _formed = [];
    private readonly SortedDictionary<string, Moment> _firm = new(StringComparer.Ordinal);
    private readonly List<(string Asker, int AskersLife, string Asked, int AskedsLife, long AtUs)> _asks = [];

    /// <summary>A machine has become firm for a list.</summary>
    public void BecameFirm(Seeker seeker) => _firm[seeker.Name] = new Moment(seeker.Life, world.Events.NowUs);

    /// <summary>A machine that searches was asked by another, and knows it from now on.</summary>
    public void Asked(string asker, int askersLife, Seeker asked) => _asks.Add((asker, askersLife, asked.Name, asked.Life, world.Events.NowUs));

    /// <summary>The disk of a machine is empty again.</summary>
    public void Wiped(Seeker seeker) => _durable.Remove(seeker.Name);

    /// <summary>People give a cluster up beside which another one is: its disks are emptied at the same time.</summary>
    public void GivenUp(ClusterId cluster) => _formed.Remove(cluster.Value);

    /// <summary>Who joins has never founded.</summary>
    public void Joins(Seeker seeker)
        => ClusterInvariants.Check(!_durable.ContainsKey(seeker.Name), $"{seeker.Name} asks to be taken in, though its disk holds the founding of a cluster");

    /// <summary>A disk holds that identity for certain.</summary>
    public void Found(Seeker seeker, NodeIdentity? identity)
    {
        NodeIdentity? before = _durable.GetValueOrDefault(seeker.Name);
        if (identity is null)
        {
            ClusterInvariants.Check(before is null, $"the disk of {seeker.Name} was {before} for certain, and is empty");
            return;
        }

        CheckList(seeker, identity);
        ClusterInvariants.Check(
            before is null || FoundingList.AreEqual(before.Founders, identity.Founders),
            $"{seeker.Name} was durably founding {Describe(before?.Founders)}, and gives that up for {Describe(identity.Founders)}");
        ClusterInvariants.Check(
            before is not { State: FormationState.Formed } || (identity.State == FormationState.Formed && identity.Cluster == before.Cluster),
            $"{seeker.Name} was formed in cluster {before?.Cluster}, and is {identity.State} in {identity.Cluster} now");
        _durable[seeker.Name] = identity;
        if (identity.State == FormationState.Formed)
        {
            NoteFormed(seeker.Name, identity);
        }
    }

    /// <summary>Whether a cluster has ever been formed on the disks of a majority of its founders.</summary>
    public bool HasMajority(ClusterId cluster) => _formed.TryGetValue(cluster.Value, out Founded? founded) && founded.HasMajority;

    private void CheckList(Seeker seeker, NodeIdentity identity)
    {
        Configuration list = identity.Founders;
        int expected = world.Profile.Machines;
        ClusterInvariants.Check(list.Voters.Length == expected && list.Members.Length == expected, $"{seeker.Name} founds a cluster of {Describe(list)}, and {expected} were expected");
        ClusterInvariants.Check(
            list.Voters.Select(member => member.Id).Distinct().Count() == expected && list.Voters.Select(member => member.PeerAddress).Distinct().Count() == expected,
            $"two founders of {Describe(list)} share an id or an address");
        ClusterInvariants.Check(
            list.FindByName(seeker.Name) is { } self && self.Id == identity.Node && self.PeerAddress == seeker.Machine.Address && identity.Name == seeker.Name,
            $"{seeker.Name} is {identity.Name} with the id {identity.Node} on its disk, of {Describe(list)}");
    }

    private void NoteFormed(string name, NodeIdentity identity)
    {
        if (!_formed.TryGetValue(identity.Cluster.Value, out Founded? founded))
        {
            _formed.Add(identity.Cluster.Value, founded = new Founded(identity.Cluster, identity.Founders));
        }

        ClusterInvariants.Check(FoundingList.AreEqual(founded.List, identity.Founders), $"cluster {identity.Cluster} has the founders {Describe(founded.List)}, and at {name} {Describe(identity.Founders)}");
        founded.Formed.Add(name);
        if (founded.HasMajority)
        {
            foreach (Founded other in _formed.Values.Where(other => other != founded && other.HasMajority))
            {
                CheckApart(founded, other);
            }
        }
    }

    // Two clusters are founded only by machines of which none could know of any other's list.
    private void CheckApart(Founded one, Founded other)
    {
        ClusterInvariants.Check(
            !one.List.Voters.Any(member => other.List.FindByName(member.Name) is not null),
            $"two clusters are founded: {one.Cluster} by {Describe(one.List)}, and {other.Cluster} by {Describe(other.List)}");
        CheckNeverAsked(one, other);
        CheckNeverAsked(other, one);
        world.Invariants.Saw("two clusters founded by machines that never met");
    }

    private void CheckNeverAsked(Founded one, Founded other)
    {
        foreach ((string asker, int askersLife, string asked, int askedsLife, long atUs) in _asks)
        {
            bool isBetween = one.List.FindByName(asker) is not null && other.List.FindByName(asked) is not null;
            bool knew = isBetween && _firm.TryGetValue(asker, out Moment mine) && _firm.TryGetValue(asked, out Moment theirs)
                && mine.Life == askersLife && theirs.Life == askedsLife && atUs < mine.AtUs && mine.AtUs - atUs < RememberedUs;
            ClusterInvariants.Check(!knew, $"two clusters are founded, {one.Cluster} by {Describe(one.List)} and {other.Cluster} by {Describe(other.List)}, though {asker} had asked {asked} before it was firm");
        }
    }

    private static string Describe(Configuration? list) => list is null ? "nobody" : string.Join(',', list.Voters.Select(member => $"{member.Id}={member.Name}"));

    private readonly record struct Moment(int Life, long AtUs);

    private sealed record Founded(ClusterId Cluster, Configuration List)
    {
        public SortedSet<string> Formed { get; } = new(StringComparer.Ordinal);

        public bool HasMajority => Formed.Count > List.Voters.Length / 2;
    }
}
