using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Directions in which nothing passes while this stands in the way. Several may stand in one direction.</summary>
public sealed class Obstacle(IReadOnlyList<(NodeId From, NodeId To)> directions)
{
    /// <summary>The directions; one may be named twice.</summary>
    public IReadOnlyList<(NodeId From, NodeId To)> Directions => directions;

    /// <summary>True while it stands.</summary>
    public bool IsRaised { get; internal set; }

    /// <summary>Both directions between each of the one and each of the others.</summary>
    public static Obstacle Between(IReadOnlyCollection<NodeId> ones, IReadOnlyCollection<NodeId> others)
    {
        List<(NodeId, NodeId)> directions = [];
        foreach (NodeId one in ones)
        {
            foreach (NodeId other in others)
            {
                directions.Add((one, other));
                directions.Add((other, one));
            }
        }

        return new Obstacle(directions);
    }
}
