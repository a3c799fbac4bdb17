namespace RaftStore.Storage;

/// <summary>Files that appear under their name whole and durable, or not at all.</summary>
internal static class DurableFiles
{
    /// <summary>What a file is called until it is complete. Such files mean nothing and are removed or overwritten at the next start.</summary>
    internal const string TemporarySuffix = ".tmp";

    /// <summary>The path of a file in a directory, as <see cref="IFileSystem"/> writes it.</summary>
    internal static string Combine(string directory, string name) => directory.EndsWith('/') ? directory + name : directory + "/" + name;

    /// <summary>Makes a directory and those above it that are missing, each durable in the one that holds it: a node whose directory were
    /// gone after a power cut would take itself for a new one, and one whose snapshots were, for one without any.</summary>
    internal static void MakeDirectory(IFileSystem files, string path)
    {
        string? parent = Path.GetDirectoryName(path);
        string holder = parent is null ? "/" : parent.Length == 0 ? "." : parent;
        if (parent is { Length: > 0 } && !files.DirectoryExists(parent))
        {
            MakeDirectory(files, parent);
        }

        files.CreateDirectory(path);
        files.SyncDirectory(holder);
    }

    /// <summary>Puts <paramref name="content"/> under a name, in place of what had it: written to a temporary file, synced, renamed,
    /// the directory synced. A crash leaves the old file or the new one.</summary>
    internal static void Replace(IFileSystem files, string directory, string name, ReadOnlySpan<byte> content)
    {
        string target = Combine(directory, name);
        string temporary = target + TemporarySuffix;
        using (IFile file = CreateAnew(files, temporary))
        {
            file.Write(0, content);
            file.DataSync();
        }

        files.Rename(temporary, target);
        files.SyncDirectory(directory);
    }

    /// <summary>Makes a temporary file, removing one that an earlier process left behind.</summary>
    internal static IFile CreateAnew(IFileSystem files, string path)
    {
        if (files.FileExists(path))
        {
            files.Delete(path);
        }

        return files.Open(path, FileOpenMode.CreateNew);
    }

    /// <summary>Removes what was never finished in a directory; makes nothing durable, since such a file may come back unharmful.</summary>
    internal static void DeleteTemporaries(IFileSystem files, string directory, string? kept = null)
    {
        foreach (string name in files.ListFiles(directory))
        {
            if (name.EndsWith(TemporarySuffix, StringComparison.Ordinal) && name != kept)
            {
                files.Delete(Combine(directory, name));
            }
        }
    }

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="DataDirectoryException">It is longer than <paramref name="lengthBytesMax"/>: it is not what its name says, and
    /// nothing is allocated for it.</exception>
    internal static byte[] ReadWhole(IFileSystem files, string path, int lengthBytesMax)
    {
        using IFile file = files.Open(path, FileOpenMode.Read);
        long length = file.LengthBytes;
        if (length > lengthBytesMax)
        {
            throw new DataDirectoryException(path, lengthBytesMax, $"the file has {length} bytes, and no such file has more than {lengthBytesMax}; it is damaged or not one of this program's");
        }

        byte[] content = new byte[length];
        int count = file.Read(0, content);
        return content[..count];
    }
}
