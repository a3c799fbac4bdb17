using System.Security.Cryptography;
using RaftStore.Kv;
using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>A new cluster of one, made from the state of another: a backup, or what survived of a lost one.</summary>
/// <remarks>It must never be taken for the old one. So its id is new, which keeps every member and every file of the old cluster out; and
/// its revision is raised, so that no revision is ever given out a second time with another content: a client that remembers one which the
/// state did not reach would otherwise believe that nothing had changed.</remarks>
/// <param name="Cluster">Its id.</param>
/// <param name="Name">The name of its only member.</param>
/// <param name="PeerAddress">host:port where later members reach that one.</param>
/// <param name="RaiseBy">By how much the revision is raised: more than the old cluster may have written since.</param>
public sealed record NewCluster(ClusterId Cluster, string Name, string PeerAddress, long RaiseBy)
{
    /// <summary>A week of 1,600 writes a second.</summary>
    public const long RaiseByDefault = 1_000_000_000;

    /// <summary>Revisions are numbers in JSON, of which many readers keep 53 bits.</summary>
    public const long RaiseByMax = 1L << 50;

    /// <summary>The only member's id: ids are never used again within one cluster, and this is another.</summary>
    private static readonly NodeId OnlyMember = new(1);

    /// <summary>One with a random id.</summary>
    public static NewCluster Draw(string name, string peerAddress, long raiseBy = RaiseByDefault)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return new NewCluster(new ClusterId(Math.Max(1, BitConverter.ToUInt64(bytes))), name, peerAddress, raiseBy);
    }

    /// <summary>Makes the data directory of the only member: a snapshot of the state, an empty log, and last the identity, so that a directory
    /// that was not finished is refused by a start.</summary>
    /// <param name="path">An empty directory, or one that does not exist.</param>
    /// <param name="store">The state; it is raised, and of no other use afterwards.</param>
    /// <param name="term">The term of the last entry in it.</param>
    /// <returns>The new revision.</returns>
    /// <exception cref="DataDirectoryException">The directory is not empty.</exception>
    /// <exception cref="StorageIoException">The disk is full or failed; what was begun is refused by a start, and must be removed.</exception>
    public long Write(IFileSystem files, string path, KvStore store, long term)
    {
        using DataDirectory directory = DataDirectory.Open(files, path);
        if (directory.Identity is { } owner)
        {
            throw new DataDirectoryException(path, -1, $"the directory is not empty: it belongs to node {owner.Name} of cluster {owner.Cluster}");
        }

        store.Raise(RaiseBy);
        KvView view = store.Current;
        Configuration members = FoundingList.Create([(Name, PeerAddress)]);
        Invariant.Check(members.IsVoter(OnlyMember), $"the only member of a new cluster got another id than {OnlyMember}");
        SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath, Cluster);
        SnapshotMetadata metadata = new(new EntryId(view.AppliedIndex, Math.Max(1, term)), view.ClusterTimeMs, members, LengthBytes: 0);
        using (SnapshotFileWriter writer = snapshots.Create(metadata))
        {
            view.WriteSnapshot(writer);
            writer.Commit();
        }

        directory.WriteIdentity(new NodeIdentity(Cluster, OnlyMember, Name, FormationState.Formed, members));
        return view.Revision;
    }
}
