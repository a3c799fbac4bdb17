using System.Buffers;
using System.Buffers.Binary;
using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Snapshots;

/// <summary>Writes one view as a snapshot. What it holds in memory does not depend on the size of the store or of a value.</summary>
internal sealed class SnapshotWriter(IBufferWriter<byte> target, Action<long>? progress)
{
    /// <summary>Bytes between two calls of the progress: small enough to hold a rate down evenly, large enough to cost nothing.</summary>
    private const int ProgressBytes = 64 << 10;

    private long _writtenBytes;
    private long _reportedBytes;

    internal void Write(KvView view)
    {
        SnapshotFormat.WriteHeader(target.GetSpan(SnapshotFormat.HeaderBytes), view.Summary);
        Advance(SnapshotFormat.HeaderBytes);
        TreeCursor cursor = new(view.Root);
        for (bool more = cursor.SeekFrom([]); more; more = cursor.MoveNext())
        {
            WriteKey(cursor.Current);
        }

        progress?.Invoke(_writtenBytes);
    }

    private void WriteKey(VersionedKey entry)
    {
        ReadOnlySpan<KeyVersion> older = entry.Older is null ? [] : entry.Older.Versions;
        Span<byte> header = target.GetSpan(SnapshotFormat.KeyHeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, entry.Newest.KeyBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], older.Length + 1);
        Advance(SnapshotFormat.KeyHeaderBytes);
        WriteBytes(entry.Newest.Key);
        foreach (KeyVersion version in older)
        {
            WriteVersion(version);
        }

        WriteVersion(entry.Newest);
    }

    private void WriteVersion(KeyVersion version)
    {
        SnapshotFormat.WriteVersionHeader(target.GetSpan(SnapshotFormat.VersionHeaderBytes), version);
        Advance(SnapshotFormat.VersionHeaderBytes);
        WriteBytes(version.Value);
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> free = target.GetSpan();
            int count = Math.Min(free.Length, bytes.Length);
            bytes[..count].CopyTo(free);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    private void Advance(int count)
    {
        target.Advance(count);
        _writtenBytes += count;
        if (_writtenBytes - _reportedBytes >= ProgressBytes)
        {
            _reportedBytes = _writtenBytes;
            progress?.Invoke(_writtenBytes);
        }
    }
}
