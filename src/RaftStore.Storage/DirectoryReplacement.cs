using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Puts another identity, log and snapshots in the place of those that a data directory has, so that a crash leaves either all of
/// the old ones or all of the new ones, and keeps the old ones aside.</summary>
/// <remarks>What is to come is made whole in <c>recovery.tmp</c>, which means nothing. Renaming that to <c>recovery</c> decides: from then on
/// whoever opens the directory first carries the exchange on, name by name, before it looks at anything else. The identity goes last; while it
/// stands in <c>recovery</c>, the exchange is not over. <c>FORMAT.md</c> argues every crash.</remarks>
internal static class DirectoryReplacement
{
    /// <summary>Where the coming content is made.</summary>
    internal const string TemporaryName = PendingName + DurableFiles.TemporarySuffix;

    private const string PendingName = "recovery";
    private const string AsidePrefix = "before-";

    /// <summary>True where an exchange was decided and is not over.</summary>
    internal static bool IsPending(IFileSystem files, string path) => files.FileExists(DurableFiles.Combine(PendingPath(path), IdentityFile.Name));

    /// <summary>Removes what an earlier attempt left that never came to its decision; durable or not, it means nothing.</summary>
    internal static void Discard(IFileSystem files, string path)
    {
        string temporary = DurableFiles.Combine(path, TemporaryName);
        if (files.DirectoryExists(temporary))
        {
            DeleteTree(files, temporary);
        }
    }

    /// <summary>Decides the exchange. What stands in <see cref="TemporaryName"/> is durable.</summary>
    internal static void Decide(IFileSystem files, string path, string lockName)
    {
        // What an earlier exchange left is an empty directory but for its lock, and an empty one gives way to a rename.
        string oldLock = DurableFiles.Combine(PendingPath(path), lockName);
        if (files.FileExists(oldLock))
        {
            files.Delete(oldLock);
        }

        files.Rename(DurableFiles.Combine(path, TemporaryName), PendingPath(path));
        files.SyncDirectory(path);
    }

    /// <summary>Carries a decided exchange to its end, from wherever it stands.</summary>
    /// <param name="names">What is exchanged besides the identity.</param>
    internal static void Finish(IFileSystem files, string path, IReadOnlyList<string> names)
    {
        string identityPath = DurableFiles.Combine(PendingPath(path), IdentityFile.Name);
        ClusterId coming = IdentityFile.Decode(identityPath, DurableFiles.ReadWhole(files, identityPath, IdentityFile.LengthBytesMax)).Cluster;
        string aside = AsidePath(path, coming);
        files.CreateDirectory(aside);
        files.SyncDirectory(path);
        PutMarkAside(files, path, aside);
        foreach (string name in names.Append(IdentityFile.Name))
        {
            Exchange(files, path, aside, name);
        }
    }

    /// <summary>Where the old content is kept once that cluster has taken its place.</summary>
    internal static string AsidePath(string path, ClusterId coming) => DurableFiles.Combine(path, AsidePrefix + coming);

    // It speaks of the old state. Gone before the new one has the old one's place, it is missing only where the exchange goes on at the next opening.
    private static void PutMarkAside(IFileSystem files, string path, string aside)
    {
        string mark = DurableFiles.Combine(path, QuarantineMark.Name);
        if (files.FileExists(mark))
        {
            files.Rename(mark, DurableFiles.Combine(aside, QuarantineMark.Name));
            files.SyncDirectory(aside);
            files.SyncDirectory(path);
        }
    }

    private static void Exchange(IFileSystem files, string path, string aside, string name)
    {
        string coming = DurableFiles.Combine(PendingPath(path), name);
        if (!Exists(files, coming))
        {
            return;
        }

        // The new one is still there, so what has its name is the old one.
        string place = DurableFiles.Combine(path, name);
        if (Exists(files, place))
        {
            files.Rename(place, DurableFiles.Combine(aside, name));
            files.SyncDirectory(aside);
            files.SyncDirectory(path);
        }

        files.Rename(coming, place);
        files.SyncDirectory(path);
        files.SyncDirectory(PendingPath(path));
    }

    private static void DeleteTree(IFileSystem files, string path)
    {
        foreach (string name in files.ListFiles(path))
        {
            files.Delete(DurableFiles.Combine(path, name));
        }

        foreach (string name in files.ListDirectories(path))
        {
            DeleteTree(files, DurableFiles.Combine(path, name));
        }

        files.DeleteDirectory(path);
    }

    private static bool Exists(IFileSystem files, string path) => files.FileExists(path) || files.DirectoryExists(path);

    private static string PendingPath(string path) => DurableFiles.Combine(path, PendingName);
}
