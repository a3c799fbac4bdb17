using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Looks again and again at a log that somebody else writes, and changes nothing on the disk: nobody may act on it as a member. Each look
/// checks all that <see cref="WriteAheadLog.Read"/> does and keeps no batch; what an earlier look has checked and what has not changed since it
/// does not read again. Not thread-safe.</summary>
/// <param name="directory">The log's directory.</param>
/// <param name="cluster">The cluster that it must be of.</param>
public sealed class LogEndReader(string directory, ClusterId cluster)
{
    private ScannedLog? _scanned;
    private EntryId _snapshot;
    private bool _goesOn;

    /// <summary>The last entry that a start would have recovered at the last look; that of the snapshot where none comes after it.</summary>
    public EntryId Last => _goesOn && _scanned!.Replay.Extent.Last is var last && last.Index > _snapshot.Index ? last : _snapshot;

    /// <summary>Term and vote at the last look.</summary>
    public HardState HardState { get; private set; }

    /// <summary>The term of the entry that a start would have found at an index; what the snapshot covers has the snapshot's. -1 for none.</summary>
    public long TermAt(long index) => index <= _snapshot.Index ? _snapshot.Term : index <= Last.Index ? _scanned!.Replay.Extent.IdAt(index).Term : -1;

    /// <summary>Looks at the log.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="snapshot">As for <see cref="WriteAheadLog.Open"/>.</param>
    /// <param name="isUnchanged">Whether the file at a path begins with the same so many bytes as at the last look that succeeded; where it had fewer, whether it
    /// is the same as a whole. Where in doubt it is not: then everything is read again.</param>
    /// <exception cref="DataDirectoryException">As for <see cref="WriteAheadLog.Open"/>; also where no log was begun. The next look reads everything.</exception>
    public void Read(IFileSystem files, EntryId snapshot, Func<string, long, bool> isUnchanged)
    {
        // A scan adds to what the one before it found: where this one fails, that is spoilt.
        EarlierScan? earlier = _scanned is null ? null : new EarlierScan(_scanned, isUnchanged);
        _scanned = null;
        _goesOn = false;
        using HardStateFile hardState = HardStateFile.Open(files, directory, cluster);
        using DurableEndFile durable = DurableEndFile.Open(files, directory, cluster);
        ScannedLog scanned = LogScanner.Scan(files, directory, cluster, durable.Value, wantedAfter: long.MaxValue, hardState.Value.Term, markStepBytes: long.MaxValue, earlier);
        _goesOn = WriteAheadLog.GoesOnFrom(snapshot, scanned, directory);
        _snapshot = snapshot;
        HardState = hardState.Value;
        _scanned = scanned;
    }
}
