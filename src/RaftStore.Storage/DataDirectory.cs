using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>How far a node has come with forming its cluster.</summary>
public enum FormationState
{
    /// <summary>The cluster id is drawn and written down, but not every founder is known to have done so: nobody may vote.</summary>
    Forming,

    /// <summary>Every founder has it: the node votes.</summary>
    Formed,
}

/// <summary>Who a data directory belongs to; what <c>identity.json</c> holds.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Node">The member in it.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">Whether the cluster is formed.</param>
/// <param name="Founders">The founding configuration, in force until a snapshot or an entry brings another.</param>
public sealed record NodeIdentity(ClusterId Cluster, NodeId Node, string Name, FormationState State, Configuration Founders);

/// <summary>A node's data directory, locked while this object lives. Holds <c>identity.json</c>, <c>LOCK</c>, <c>wal/</c> and
/// <c>snapshots/</c>; mode 0700.</summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>Locks the directory, making it where it does not exist, and reads its identity.</summary>
    /// <exception cref="DataDirectoryException">Locked by another process, of a newer format, damaged, or not a data directory
    /// of ours though it is not empty.</exception>
    public static DataDirectory Open(IFileSystem files, string path) => throw new NotImplementedException();

    /// <summary>The directory.</summary>
    public string Path => throw new NotImplementedException();

    /// <summary>Where the log lives.</summary>
    public string WalPath => throw new NotImplementedException();

    /// <summary>Where the snapshots live.</summary>
    public string SnapshotPath => throw new NotImplementedException();

    /// <summary>Null while the directory is empty.</summary>
    public NodeIdentity? Identity => throw new NotImplementedException();

    /// <summary>Makes an identity durable.</summary>
    public void WriteIdentity(NodeIdentity identity) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
