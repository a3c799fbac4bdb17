using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>A snapshot file that is kept outside of any data directory: a backup.</summary>
/// <param name="Cluster">The cluster whose state it is.</param>
/// <param name="Metadata">The last entry included, the members, the length.</param>
/// <param name="Facts">What it holds.</param>
public sealed record KeptSnapshot(ClusterId Cluster, SnapshotMetadata Metadata, KvSnapshotFacts Facts)
{
    /// <summary>Reads every byte of the file and checks every checksum in it, the state hash too, holding one version at a time.</summary>
    /// <exception cref="DataDirectoryException">It is damaged; the offset is given.</exception>
    /// <exception cref="StorageIoException">It cannot be read.</exception>
    public static KeptSnapshot Check(IFileSystem files, string path)
    {
        (SnapshotFileReader reader, KvSnapshotFacts facts) = Read(files, path, new KvSnapshotLoader(checksOnly: true), loader => loader.Check());
        if (facts.AppliedIndex != reader.Metadata.LastIncluded.Index || facts.ClusterTimeMs != reader.Metadata.ClusterTimeMs)
        {
            throw new DataDirectoryException(path, -1, $"the snapshot says that it ends in entry {reader.Metadata.LastIncluded}, and holds the state at entry {facts.AppliedIndex}");
        }

        return new KeptSnapshot(reader.Cluster, reader.Metadata, facts);
    }

    /// <summary>Builds the store that the file holds.</summary>
    /// <exception cref="DataDirectoryException">It is damaged; the offset is given.</exception>
    /// <exception cref="StorageIoException">It cannot be read.</exception>
    public static KvStore Load(IFileSystem files, string path) => Read(files, path, new KvSnapshotLoader(), loader => loader.Complete()).Result;

    private static (SnapshotFileReader Reader, T Result) Read<T>(IFileSystem files, string path, KvSnapshotLoader loader, Func<KvSnapshotLoader, T> complete)
    {
        try
        {
            using SnapshotFileReader reader = SnapshotFileReader.OpenKept(files, path);
            for (ReadOnlyMemory<byte> block = reader.ReadBlock(); !block.IsEmpty; block = reader.ReadBlock())
            {
                loader.Add(block.Span);
            }

            return (reader, complete(loader));
        }
        catch (FormatException exception)
        {
            throw new DataDirectoryException(path, -1, exception.Message);
        }
    }
}
