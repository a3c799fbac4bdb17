using System.Globalization;
using System.Text;
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
/// <param name="Founders">The founding configuration, in force until a snapshot or an entry brings another; of a node that joined later, the
/// members it was told then, itself among them.</param>
public sealed record NodeIdentity(ClusterId Cluster, NodeId Node, string Name, FormationState State, Configuration Founders)
{
    /// <summary>The number by which the directory of a node that joined has claimed its id; 0 for a founder.</summary>
    public ulong Instance { get; init; }
}

/// <summary>A node's data directory, locked while this object lives. Holds <c>identity.json</c>, <c>LOCK</c>, <c>wal/</c> and
/// <c>snapshots/</c>; mode 0700.</summary>
public sealed class DataDirectory : IDisposable
{
    private const string LockName = "LOCK";
    private const string InstanceName = "instance";
    private const string WalName = "wal";
    private const string SnapshotsName = "snapshots";

    /// <summary>Sixteen digits and the end of the line.</summary>
    private const int InstanceBytes = 17;

    /// <summary>What a freshly made ext4 volume holds; a volume may be given to a node as it is.</summary>
    private const string LostAndFound = "lost+found";

    /// <summary>EPERM, ENOENT (nothing can be made there), EACCES, EEXIST (a file has that name), ENOTDIR, EROFS: the setting is wrong, and the disk is not.</summary>
    private static readonly int[] MisplacedErrnos = [1, 2, 13, 17, 20, 30];

    private readonly IFileSystem _files;
    private readonly IDisposable _lock;

    private DataDirectory(IFileSystem files, string path, IDisposable held, NodeIdentity? identity)
    {
        _files = files;
        _lock = held;
        Path = path;
        Identity = identity;
    }

    /// <summary>Locks the directory, making it where it does not exist, and reads its identity.</summary>
    /// <exception cref="DataDirectoryException">Locked by another process, of a newer format, damaged, or not a data directory
    /// of ours though it is not empty. Nothing was created or changed in it.</exception>
    public static DataDirectory Open(IFileSystem files, string path)
    {
        try
        {
            return OpenOrMake(files, path);
        }
        catch (StorageIoException failure) when (Array.IndexOf(MisplacedErrnos, failure.Errno) >= 0)
        {
            throw new DataDirectoryException(path, -1, $"the directory cannot be used: {failure.Message}. Name one that this user may read and write (--data)");
        }
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Where the log lives.</summary>
    public string WalPath => DurableFiles.Combine(Path, WalName);

    /// <summary>Where the snapshots live.</summary>
    public string SnapshotPath => DurableFiles.Combine(Path, SnapshotsName);

    /// <summary>The mark of a node whose state is known to be wrong; it outlives the node's process.</summary>
    public QuarantineMark Quarantine => new(_files, Path);

    /// <summary>Null while the directory is empty.</summary>
    public NodeIdentity? Identity { get; private set; }

    /// <summary>Where a whole data directory may be made that is to take this one's place; it means nothing until <see cref="TakeReplacement"/>.</summary>
    public string ReplacementPath => DurableFiles.Combine(Path, DirectoryReplacement.TemporaryName);

    /// <summary>Where what stood here is kept, once a cluster of that id has taken its place.</summary>
    public string AsidePath(ClusterId coming) => DirectoryReplacement.AsidePath(Path, coming);

    /// <summary>Removes what is under <see cref="ReplacementPath"/>, if anything: an earlier attempt that never came to its decision.</summary>
    /// <exception cref="StorageIoException">Some of it may still be there; it means nothing.</exception>
    public void DiscardReplacement() => DirectoryReplacement.Discard(_files, Path);

    /// <summary>Puts what was made under <see cref="ReplacementPath"/> in the place of identity, log and snapshots, which are kept aside. A
    /// crash leaves the old or the new: an exchange that was begun is finished by the next <see cref="Open"/>.</summary>
    /// <exception cref="StorageIoException">It is not known which of both is durable.</exception>
    public void TakeReplacement()
    {
        DirectoryReplacement.Decide(_files, Path, LockName);
        DirectoryReplacement.Finish(_files, Path, [WalName, SnapshotsName]);
        Identity = ReadIdentity(_files, Path);
    }

    /// <summary>Makes an identity durable.</summary>
    /// <remarks>Before a node is written down as formed its log is begun, so that a log that is missing later is known to be lost:
    /// without it the node would vote a second time in a term in which it has voted.</remarks>
    /// <exception cref="StorageIoException">It is not known whether the old identity or the new one is durable.</exception>
    public void WriteIdentity(NodeIdentity identity)
    {
        if (identity.State == FormationState.Formed && Identity?.State != FormationState.Formed)
        {
            if (Identity is null)
            {
                DurableFiles.Replace(_files, Path, IdentityFile.Name, IdentityFile.Encode(identity with { State = FormationState.Forming }));
            }

            BeginLog(identity.Cluster);
        }

        DurableFiles.Replace(_files, Path, IdentityFile.Name, IdentityFile.Encode(identity));
        Identity = identity;
    }

    /// <summary>The number by which this directory claims an id when its node joins a cluster. Drawn once and durable before it is
    /// returned: a node that dies while it joins asks again under the same number, and one whose disk was replaced cannot.</summary>
    /// <exception cref="DataDirectoryException">The file that holds it is damaged.</exception>
    public ulong DrawInstance(Func<ulong> draw)
    {
        string path = DurableFiles.Combine(Path, InstanceName);
        if (_files.FileExists(path))
        {
            byte[] text = DurableFiles.ReadWhole(_files, path, InstanceBytes);
            return text.Length == InstanceBytes && ulong.TryParse(text.AsSpan(..^1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong known) && known != 0
                ? known
                : throw new DataDirectoryException(path, 0, "it does not hold sixteen hexadecimal digits: the file was damaged or edited. This node has not joined yet, so remove the directory and start it again");
        }

        ulong drawn = Math.Max(1, draw());
        DurableFiles.Replace(_files, Path, InstanceName, Encoding.ASCII.GetBytes(drawn.ToString("x16", CultureInfo.InvariantCulture) + "\n"));
        return drawn;
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static DataDirectory OpenOrMake(IFileSystem files, string path)
    {
        if (files.DirectoryExists(path))
        {
            // Before the lock, which would make a file: a directory that is refused stays as it was found.
            if (!DirectoryReplacement.IsPending(files, path))
            {
                _ = ReadIdentity(files, path);
            }
        }
        else
        {
            DurableFiles.MakeDirectory(files, path.TrimEnd('/'));
        }

        IDisposable held = files.TryLock(DurableFiles.Combine(path, LockName)) ?? throw new DataDirectoryException(
            path, -1, "another process uses this data directory: end that one first, or give this node a directory of its own (--data)");
        try
        {
            // Read again under the lock: another process may have changed it meanwhile. The names are made durable before anything is
            // built on them, since the process that wrote them may have died before it could.
            files.SyncDirectory(path);
            if (DirectoryReplacement.IsPending(files, path))
            {
                DirectoryReplacement.Finish(files, path, [WalName, SnapshotsName]);
            }

            return new DataDirectory(files, path, held, ReadIdentity(files, path));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private void BeginLog(ClusterId cluster)
    {
        _files.CreateDirectory(WalPath);
        _files.CreateDirectory(SnapshotPath);
        _files.SyncDirectory(Path);
        WalDirectory.Begin(_files, WalPath, cluster);
    }

    private static NodeIdentity? ReadIdentity(IFileSystem files, string path)
    {
        string identityPath = DurableFiles.Combine(path, IdentityFile.Name);
        if (!files.FileExists(identityPath))
        {
            CheckEmpty(files, path);
            return null;
        }

        NodeIdentity identity = IdentityFile.Decode(identityPath, DurableFiles.ReadWhole(files, identityPath, IdentityFile.LengthBytesMax));
        string walPath = DurableFiles.Combine(path, WalName);
        if (identity.State == FormationState.Formed && !(files.DirectoryExists(walPath) && WalDirectory.IsBegun(files, walPath)))
        {
            throw new DataDirectoryException(walPath, -1,
                $"the log of node «{identity.Name}» is missing. Without it the node has forgotten its votes and its entries, so it may not take part again under this identity: put the directory back as it was, or replace this node by a new one");
        }

        return identity;
    }

    private static void CheckEmpty(IFileSystem files, string path)
    {
        string? foreign = files.ListFiles(path).FirstOrDefault(name => name is not LockName and not InstanceName and not (InstanceName + DurableFiles.TemporarySuffix) and not (IdentityFile.Name + DurableFiles.TemporarySuffix))
            ?? files.ListDirectories(path).FirstOrDefault(name => name != LostAndFound);
        if (foreign is not null)
        {
            throw new DataDirectoryException(path, -1,
                $"the directory is not empty (it holds «{foreign}») and has no {IdentityFile.Name}, so it is not the data directory of a node: name an empty directory, or one that does not exist");
        }
    }
}
