using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RaftStore.Kv.Snapshots;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv;

/// <summary>Builds a store from the blocks that <see cref="KvView.WriteSnapshot"/> wrote, aside from any store in use, or only checks them. One
/// thread at a time.</summary>
/// <remarks>The bytes are taken part by part: the parts follow each other as the format draws them, each tells how long the next
/// is, and no length is believed beyond the largest that a key or a value may have.</remarks>
public sealed class KvSnapshotLoader
{
    private readonly byte[] _numbers = new byte[SnapshotFormat.HeaderBytes];
    private readonly byte[] _key = new byte[KvCommand.KeyBytesMax];
    private readonly List<KeyVersion> _versionsOfKey = [];
    private readonly List<KeyVersion> _events = [];
    private readonly KvSnapshotTally? _tally;

    // The part that is being filled: up to _wantedBytes of _target, which holds _filledBytes already.
    private Part _part = Part.Header;
    private byte[] _target;
    private int _filledBytes;
    private int _wantedBytes = SnapshotFormat.HeaderStartBytes;

    private StateSummary? _header;
    private KvState? _state;
    private UInt128 _hash;
    private uint _format;
    private KeyVersion? _lastKey;
    private int _keyBytes;
    private long _keysLeft;
    private long _versionsLeft;
    private VersionStamp _stamp;

    /// <summary>A loader that awaits the first byte.</summary>
    public KvSnapshotLoader()
        : this(checksOnly: false)
    {
    }

    /// <summary>A loader that awaits the first byte.</summary>
    /// <param name="checksOnly">True to build no store: one version at a time is held in memory, and <see cref="Check"/> ends it.</param>
    public KvSnapshotLoader(bool checksOnly)
    {
        _target = _numbers;
        _tally = checksOnly ? new KvSnapshotTally() : null;
    }

    private enum Part
    {
        Header,
        KeyHeader,
        Key,
        VersionHeader,
        Value,
        End,
        Refused,
    }

    /// <summary>Takes the next bytes; blocks may be cut anywhere.</summary>
    /// <exception cref="FormatException">They are not a snapshot of a format that this version knows; the loader is of no more use.</exception>
    public void Add(ReadOnlySpan<byte> block)
    {
        try
        {
            while (!block.IsEmpty)
            {
                if (_part is Part.End or Part.Refused)
                {
                    throw Refusal($"The snapshot goes on behind its last key, or behind what was refused.");
                }

                int count = Math.Min(block.Length, _wantedBytes - _filledBytes);
                block[..count].CopyTo(_target.AsSpan(_filledBytes));
                block = block[count..];
                _filledBytes += count;
                TakeFullParts();
            }
        }
        catch (FormatException)
        {
            _part = Part.Refused;
            throw;
        }
    }

    /// <summary>What a snapshot holds whose every byte was added, instead of its store.</summary>
    /// <exception cref="FormatException">As for <see cref="Complete"/>.</exception>
    public KvSnapshotFacts Check()
    {
        if (_part != Part.End || _header is null || _tally is null)
        {
            throw Refusal($"The snapshot ends before its last key, or was refused.");
        }

        _part = Part.Refused;
        return _tally.Facts(_header, _format, _hash) ?? throw Mismatch(_tally.Keys, _tally.StoredBytes);
    }

    /// <summary>The store, complete and published.</summary>
    /// <exception cref="FormatException">The snapshot is incomplete, or its state hash is not the one it recorded.</exception>
    public KvStore Complete()
    {
        if (_part != Part.End || _header is null || _state is null)
        {
            throw Refusal($"The snapshot ends before its last key, or was refused.");
        }

        // A second store over the same state would change what the first one owns.
        _part = Part.Refused;
        _state.RestoreCounters(_header, EventsInOrder());
        StateSummary loaded = _state.Summarise();
        if (loaded.EntryCount != _header.EntryCount || loaded.StoredBytes != _header.StoredBytes || !SnapshotFormat.IsHashOf(loaded, _format, _hash))
        {
            throw Mismatch(loaded.EntryCount, loaded.StoredBytes);
        }

        return new KvStore(_state);
    }

    private static FormatException Mismatch(long keys, long bytes) => Refusal($"The snapshot's {keys} keys of {bytes} bytes do not come to the state hash that it recorded.");

    private static FormatException Refusal(FormattableString why) => new(FormattableString.Invariant(why));

    // A part may be empty, and then the one behind it is next at once.
    private void TakeFullParts()
    {
        while (_filledBytes == _wantedBytes && _part != Part.End)
        {
            switch (_part)
            {
                case Part.Header:
                    TakeHeader();
                    break;
                case Part.KeyHeader:
                    TakeKeyHeader();
                    break;
                case Part.Key:
                    Expect(Part.VersionHeader, _numbers, SnapshotFormat.VersionHeaderBytes);
                    break;
                case Part.VersionHeader:
                    TakeVersionHeader();
                    break;
                case Part.Value:
                    TakeVersion();
                    break;
                default:
                    throw new KvInvariantException("a snapshot's loader took a part that does not exist");
            }
        }
    }

    private void TakeHeader()
    {
        int headerBytes = SnapshotFormat.LengthOfHeader(_numbers, out _);
        if (_filledBytes < headerBytes)
        {
            _wantedBytes = headerBytes;
            return;
        }

        _header = SnapshotFormat.ReadHeader(_numbers, out _format, out _hash);
        _state = new KvState(_header.Limits);
        _keysLeft = _header.EntryCount;
        ExpectKeyOrEnd();
    }

    private void TakeKeyHeader()
    {
        uint keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(_numbers);
        _versionsLeft = BinaryPrimitives.ReadUInt32LittleEndian(_numbers.AsSpan(4));
        if (keyBytes is 0 or > KvCommand.KeyBytesMax || _versionsLeft == 0)
        {
            throw Refusal($"The snapshot holds a key of {keyBytes} bytes with {_versionsLeft} versions.");
        }

        _keyBytes = (int)keyBytes;
        Expect(Part.Key, _key, _keyBytes);
    }

    private void TakeVersionHeader()
    {
        _stamp = SnapshotFormat.ReadVersionHeader(_numbers, out int valueBytes);
        long after = _versionsOfKey.Count == 0 ? 0 : _versionsOfKey[^1].ModRevision;
        if (_stamp.ModRevision <= after || _stamp.ModRevision > _header!.Revision || _stamp.ClusterTimeMs > _header.ClusterTimeMs)
        {
            throw Refusal($"The snapshot holds a version of revision {_stamp.ModRevision} at {_stamp.ClusterTimeMs} ms behind one of revision {after}.");
        }

        // The value goes where it will stay: behind its key, in one array.
        byte[] keyAndValue = GC.AllocateUninitializedArray<byte>(_keyBytes + valueBytes);
        _key.AsSpan(0, _keyBytes).CopyTo(keyAndValue);
        Expect(Part.Value, keyAndValue, keyAndValue.Length, _keyBytes);
    }

    private void TakeVersion()
    {
        KeyVersion version = new(_target, _keyBytes, _stamp);
        _tally?.Add(version, isNewest: _versionsLeft == 1);
        if (_tally is not null)
        {
            // Only the last one is needed, to see that the next is of a later revision.
            _versionsOfKey.Clear();
        }

        _versionsOfKey.Add(version);
        if (_tally is null && version.ModRevision > _header!.DroppedRevision)
        {
            _events.Add(version);
        }

        _versionsLeft--;
        if (_versionsLeft > 0)
        {
            Expect(Part.VersionHeader, _numbers, SnapshotFormat.VersionHeaderBytes);
            return;
        }

        if (_lastKey is not null && _lastKey.Key.SequenceCompareTo(version.Key) >= 0)
        {
            throw Refusal($"The snapshot's keys are not in order.");
        }

        _lastKey = version;
        if (_tally is null)
        {
            _state!.RestoreKey(new VersionedKey(version, VersionHistory.Of(CollectionsMarshal.AsSpan(_versionsOfKey)[..^1])));
        }

        _versionsOfKey.Clear();
        _keysLeft--;
        ExpectKeyOrEnd();
    }

    private void ExpectKeyOrEnd()
    {
        if (_keysLeft > 0)
        {
            Expect(Part.KeyHeader, _numbers, SnapshotFormat.KeyHeaderBytes);
        }
        else
        {
            _part = Part.End;
        }
    }

    private void Expect(Part part, byte[] target, int wantedBytes, int filledBytes = 0)
    {
        _part = part;
        _target = target;
        _filledBytes = filledBytes;
        _wantedBytes = wantedBytes;
    }

    // The order of the event log: by revision, and within one revision by key.
    private ReadOnlySpan<KeyVersion> EventsInOrder()
    {
        Span<KeyVersion> events = CollectionsMarshal.AsSpan(_events);
        long[] revisions = new long[events.Length];
        for (int i = 0; i < revisions.Length; i++)
        {
            revisions[i] = events[i].ModRevision;
        }

        revisions.AsSpan().Sort(events);
        for (int start = 0, end; start < revisions.Length; start = end)
        {
            end = start + 1;
            while (end < revisions.Length && revisions[end] == revisions[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                events[start..end].Sort(static (left, right) => left.Key.SequenceCompareTo(right.Key));
            }
        }

        return events;
    }
}
