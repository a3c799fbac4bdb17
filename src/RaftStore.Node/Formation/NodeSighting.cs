using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>How far a node has come.</summary>
public enum NodeStage
{
    /// <summary>It does not say, or by a word that this version does not know.</summary>
    Unknown,

    /// <summary>Its directory is empty, and it waits to be taken into a cluster.</summary>
    Joining,

    /// <summary>Its directory is empty, and it looks for others to found a cluster with, or for a cluster to join.</summary>
    Searching,

    /// <summary>It founds a cluster of fixed founders, perhaps durably already.</summary>
    Forming,

    /// <summary>It belongs to a formed cluster.</summary>
    Formed,
}

/// <summary>What a node says of itself to whoever asks on its peer port.</summary>
public sealed record NodeSighting
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How far it has come.</summary>
    public required NodeStage Stage { get; init; }

    /// <summary>Drawn at each start of its process.</summary>
    public required ulong Life { get; init; }

    /// <summary>Its cluster; none before that is formed.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>Its id there.</summary>
    public NodeId Id { get; init; }

    /// <summary>host:port where it says that peers reach it.</summary>
    public string PeerAddress { get; init; } = "";

    /// <summary>The URL where it says that clients reach it.</summary>
    public string ClientAddress { get; init; } = "";

    /// <summary>The number of its data directory, where it waits to be taken in; 0 otherwise.</summary>
    public ulong Instance { get; init; }

    /// <summary>How many founders it looks for; 0 where it founds no cluster that way.</summary>
    public int Expect { get; init; }

    /// <summary>Its word: the founders it is for; null where it knows too few.</summary>
    public Configuration? Founders { get; init; }

    /// <summary>True where it does not leave <see cref="Founders"/> for another list on its own account.</summary>
    public bool IsFirm { get; init; }
}
