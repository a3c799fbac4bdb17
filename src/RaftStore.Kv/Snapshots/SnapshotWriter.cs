using System.Buffers;
using System.Buffers.Binary;
using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Snapshots;

/// <summary>Writes one view as a snapshot, a step at a time. What it holds in memory does not depend on the size of the store or of a value.</summary>
/// <remarks>What is written is hashed again, and must come to the hash that the state has kept of itself: memory that flipped a bit does not get into the only
/// copy of a state whose log is then dropped, nor to another node.</remarks>
internal sealed class SnapshotWriter(IBufferWriter<byte> target)
{
    /// <summary>Bytes of a step: small enough to hold a rate down evenly and to be held in memory by many, large enough to cost nothing.</summary>
    private const int StepBytes = 64 << 10;

    private readonly KvSnapshotTally _tally = new();
    private long _writtenBytes;
    private long _reportedBytes;

    /// <summary>Writes while it is enumerated; each step gives the bytes written so far, the last one all of them.</summary>
    /// <exception cref="KvInvariantException">After the last key: the state is not the one that was applied.</exception>
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
                _tally.Add(version, isNewest: i == olderCount);
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

        if (!_tally.Agrees(view.Summary))
        {
            KvInvariant.Broken($"the {_tally.Keys} keys of {_tally.StoredBytes} bytes in memory do not come to the state hash of applied index {view.Summary.AppliedIndex}");
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
