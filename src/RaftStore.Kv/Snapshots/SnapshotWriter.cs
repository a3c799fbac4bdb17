using System.Buffers;
using System.Buffers.Binary;
using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Snapshots;

/// <summary>Writes one view as a snapshot, a step at a time. What it holds in memory does not depend on the size of the store or of a value.</summary>
internal sealed class SnapshotWriter(IBufferWriter<byte> target)
{
    /// <summary>Bytes of a step: small enough to hold a rate down evenly and to be held in memory by many, large enough to cost nothing.</summary>
    private const int StepBytes = 64 << 10;

    private long _writtenBytes;
    private long _reportedBytes;

    /// <summary>Writes while it is enumerated; each step gives the bytes written so far, the last one all of them.</summary>
    internal IEnumerable<long> Steps(KvView view)
    {
        SnapshotFormat.WriteHeader(target.GetSpan(SnapshotFormat.HeaderBytes), view.Summary);
        Advance(SnapshotFormat.HeaderBytes);
        TreeCursor cursor = new(view.Root);
        for (bool more = cursor.SeekFrom([]); more; more = cursor.MoveNext())
        {
            VersionedKey entry = cursor.Current;
            int olderCount = entry.Older?.Count ?? 0;
            WriteKey(entry, olderCount + 1);
            for (int i = 0; i <= olderCount; i++)
            {
                KeyVersion version = i < olderCount ? entry.Older![i] : entry.Newest;
                SnapshotFormat.WriteVersionHeader(target.GetSpan(SnapshotFormat.VersionHeaderBytes), version);
                Advance(SnapshotFormat.VersionHeaderBytes);
                for (int done = 0; done < version.ValueBytes;)
                {
                    done += WritePart(version.Value[done..]);
                    if (IsStepOver())
                    {
                        yield return _writtenBytes;
                    }
                }

                if (IsStepOver())
                {
                    yield return _writtenBytes;
                }
            }
        }

        yield return _writtenBytes;
    }

    private void WriteKey(VersionedKey entry, int versions)
    {
        Span<byte> header = target.GetSpan(SnapshotFormat.KeyHeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, entry.Newest.KeyBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], versions);
        Advance(SnapshotFormat.KeyHeaderBytes);
        for (int done = 0; done < entry.Newest.KeyBytes;)
        {
            done += WritePart(entry.Newest.Key[done..]);
        }
    }

    /// <summary>Writes as much as is free in the target's buffer, and no more than a step's worth.</summary>
    private int WritePart(ReadOnlySpan<byte> bytes)
    {
        Span<byte> free = target.GetSpan();
        int count = Math.Min(Math.Min(free.Length, bytes.Length), StepBytes);
        bytes[..count].CopyTo(free);
        Advance(count);
        return count;
    }

    private void Advance(int count)
    {
        target.Advance(count);
        _writtenBytes += count;
    }

    private bool IsStepOver()
    {
        if (_writtenBytes - _reportedBytes < StepBytes)
        {
            return false;
        }

        _reportedBytes = _writtenBytes;
        return true;
    }
}
