using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using RaftStore.Kv.Snapshots;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>A version with another value than the one that was written.</summary>
/// <param name="Key">Its key.</param>
/// <param name="ModRevision">Its revision.</param>
internal sealed record FalseVersion(string Key, long ModRevision)
{
    /// <summary>What a false value begins with; none that a client writes does.</summary>
    public const byte Mark = (byte)'w';

    /// <summary>True for a value that nobody wrote.</summary>
    public static bool IsFalse(string? value) => value is { Length: > 0 } && value[0] == Mark;
}

/// <summary>Rewrites a snapshot so that one value in it is another, and every checksum is right, the state hash too: nothing that a node can
/// look at by itself tells it from a true one.</summary>
internal static class FalseSnapshot
{
    /// <summary>Rewrites the newest snapshot in a data directory that nobody uses.</summary>
    /// <returns>What was altered; null where there is no snapshot, or not the key in it whose value lasts.</returns>
    public static FalseVersion? Rewrite(IFileSystem files, string dataPath)
    {
        using DataDirectory directory = DataDirectory.Open(files, dataPath);
        ClusterId cluster = directory.Identity!.Cluster;
        SnapshotStore store = SnapshotStore.Open(files, directory.SnapshotPath, cluster);
        if (store.Latest is not { } latest)
        {
            return null;
        }

        byte[] content = Read(store, latest);
        if (Alter(content) is not { } altered)
        {
            return null;
        }

        files.Delete($"{directory.SnapshotPath}/{latest.FileName}");
        SnapshotStore emptied = SnapshotStore.Open(files, directory.SnapshotPath, cluster);
        using SnapshotFileWriter writer = emptied.Create(latest.Metadata);
        writer.Write(content);
        writer.Commit();
        return altered;
    }

    private static byte[] Read(SnapshotStore store, SnapshotFile file)
    {
        ArrayBufferWriter<byte> content = new();
        using SnapshotFileReader reader = store.OpenContent(file);
        for (ReadOnlyMemory<byte> block = reader.ReadBlock(); !block.IsEmpty; block = reader.ReadBlock())
        {
            content.Write(block.Span);
        }

        return content.WrittenSpan.ToArray();
    }

    private static FalseVersion? Alter(byte[] content)
    {
        List<Place> places = [.. PlacesIn(content)];
        if (places.Find(place => place.KeyText == Workload.LastingKey) is not { } chosen)
        {
            return null;
        }

        content[chosen.ValueOffset] = FalseVersion.Mark;
        VersionSum sum = default;
        foreach (Place place in places)
        {
            sum.Add(new KeyVersion(place.Key.Span, content.AsSpan(place.ValueOffset, place.ValueBytes), place.Stamp));
        }

        StateSummary header = SnapshotFormat.ReadHeader(content, out _, out _);
        SnapshotFormat.WriteHeader(content, header with { VersionSum = sum.Value });
        return new FalseVersion(chosen.KeyText, chosen.Stamp.ModRevision);
    }

    private static IEnumerable<Place> PlacesIn(byte[] content)
    {
        int offset = SnapshotFormat.HeaderBytes;
        while (offset < content.Length)
        {
            int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(offset));
            int versions = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(offset + sizeof(int)));
            ReadOnlyMemory<byte> key = content.AsMemory(offset + SnapshotFormat.KeyHeaderBytes, keyBytes);
            offset += SnapshotFormat.KeyHeaderBytes + keyBytes;
            for (int i = 0; i < versions; i++)
            {
                VersionStamp stamp = SnapshotFormat.ReadVersionHeader(content.AsSpan(offset), out int valueBytes);
                yield return new Place(key, stamp, offset + SnapshotFormat.VersionHeaderBytes, valueBytes);
                offset += SnapshotFormat.VersionHeaderBytes + valueBytes;
            }
        }
    }

    private sealed record Place(ReadOnlyMemory<byte> Key, VersionStamp Stamp, int ValueOffset, int ValueBytes)
    {
        public string KeyText => Encoding.ASCII.GetString(Key.Span);
    }
}
