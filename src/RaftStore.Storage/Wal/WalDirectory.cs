using System.Globalization;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The files of the log's directory: <c>hardstate</c>, <c>durable</c>, and segments named by sixteen hexadecimal digits.
/// They come into being in an order that tells a log that was never begun from one that lost a file.</summary>
internal static class WalDirectory
{
    /// <summary>What to do about a log that cannot be trusted.</summary>
    internal const string Advice = "This node does not start, because it may not vote or answer with a log it cannot trust. What it had acknowledged is on a majority of the members: leave this directory alone and replace the node by a new one";

    private const string SegmentSuffix = ".wal";
    private const int SequenceDigits = 16;

    /// <summary>The path of a segment.</summary>
    internal static string SegmentPath(string directory, long sequence)
        => DurableFiles.Combine(directory, sequence.ToString("x16", CultureInfo.InvariantCulture) + SegmentSuffix);

    /// <summary>The sequences of all segment files, spare ones among them, in ascending order.</summary>
    internal static List<long> ListSegments(IFileSystem files, string directory)
    {
        List<long> sequences = [];
        foreach (string name in files.ListFiles(directory))
        {
            if (name.Length == SequenceDigits + SegmentSuffix.Length
                && name.EndsWith(SegmentSuffix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(0, SequenceDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long sequence)
                && sequence > 0)
            {
                sequences.Add(sequence);
            }
        }

        sequences.Sort();
        return sequences;
    }

    /// <summary>True where a log was begun here: whatever is missing then is lost.</summary>
    internal static bool IsBegun(IFileSystem files, string directory)
        => files.FileExists(DurableFiles.Combine(directory, HardStateFile.Name)) && files.FileExists(DurableFiles.Combine(directory, DurableEndFile.Name));

    /// <summary>Begins an empty log in a directory that exists: term 0, no vote, no entry. Whoever calls it knows that nothing was ever
    /// promised from this directory.</summary>
    /// <exception cref="DataDirectoryException">The directory holds segments.</exception>
    internal static void Begin(IFileSystem files, string directory, ClusterId cluster)
    {
        if (ListSegments(files, directory) is [long first, ..])
        {
            throw new DataDirectoryException(SegmentPath(directory, first), -1, "a segment stands in a directory where no log was begun: it was put there by hand; move it away");
        }

        HardStateFile.Create(files, directory, cluster);
        DurableEndFile.Create(files, directory, cluster);
    }

    /// <summary>Makes sure that the two small files are there, beginning a log where none was.</summary>
    /// <exception cref="DataDirectoryException">A file is missing that no crash can have removed.</exception>
    internal static void BeginWhereEmpty(IFileSystem files, string directory, ClusterId cluster)
    {
        if (!files.DirectoryExists(directory))
        {
            files.CreateDirectory(directory);
        }

        if (IsBegun(files, directory))
        {
            return;
        }

        // hardstate comes first and durable second, each durable before the next step, and segments only after both.
        string hardState = DurableFiles.Combine(directory, HardStateFile.Name);
        string durable = DurableFiles.Combine(directory, DurableEndFile.Name);
        bool hasSegments = ListSegments(files, directory).Count > 0;
        if (!files.FileExists(hardState) && (hasSegments || files.FileExists(durable)))
        {
            throw new DataDirectoryException(hardState, -1, $"the file is missing, and with it this node's term and vote. {Advice}");
        }

        if (hasSegments)
        {
            throw new DataDirectoryException(durable, -1, $"the file is missing, so that lost entries could not be told from entries never written. {Advice}");
        }

        if (files.FileExists(hardState))
        {
            using HardStateFile existing = HardStateFile.Open(files, directory, cluster);
            if (existing.Value != default)
            {
                throw new DataDirectoryException(durable, -1, $"the log is missing, though the node has been in term {existing.Value.Term}. {Advice}");
            }
        }

        Begin(files, directory, cluster);
    }
}
