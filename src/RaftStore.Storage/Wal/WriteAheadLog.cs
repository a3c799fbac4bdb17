using System.Runtime.ExceptionServices;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The log on disk. Not thread-safe; in production the log thread owns it.</summary>
/// <remarks>It is append-only down to the bytes: a truncation is a record of its own, so that nothing that was once durable is written
/// over, and a place in the log is durable for ever once it was. <c>FORMAT.md</c> draws the files and argues every crash.</remarks>
public sealed class WriteAheadLog : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly ClusterId _cluster;
    private readonly WalOptions _options;
    private readonly HardStateFile _hardState;
    private readonly DurableEndFile _durable;
    private readonly SegmentWriter _writer;
    private readonly SegmentPool _pool;
    private readonly List<LogSegment> _segments;
    private readonly LogExtent _extent;
    private readonly uint _epoch;
    private uint _chain;
    private LogPosition _durableEnd;
    private Exception? _failure;

    private WriteAheadLog(IFileSystem files, string directory, ClusterId cluster, WalOptions options, HardStateFile hardState, DurableEndFile durable, ScannedLog scanned)
    {
        _files = files;
        _directory = directory;
        _cluster = cluster;
        _options = options;
        _hardState = hardState;
        _durable = durable;
        _segments = scanned.Segments;
        _extent = scanned.Replay.Extent;
        _chain = scanned.Chain;
        _epoch = durable.Value.Epoch + 1;
        _durableEnd = scanned.End;
        _writer = new SegmentWriter(options.SegmentBytes);
        _pool = new SegmentPool(files, directory, options, _segments.Count > 0 ? _segments[^1].Sequence + 1 : 1);
    }

    /// <summary>Opens the log of a data directory, or makes an empty one, and recovers what it holds after
    /// <paramref name="snapshot"/>, the last entry of the newest valid snapshot ((0, 0) for none).</summary>
    /// <exception cref="DataDirectoryException">It is corrupt, foreign or of a newer format, or there is a gap between it and the snapshot.</exception>
    public static WriteAheadLog Open(IFileSystem files, string directory, ClusterId cluster, WalOptions options, EntryId snapshot, out RecoveredLog recovered)
    {
        Invariant.Check(options.SegmentBytes >= 64 << 10 && System.Numerics.BitOperations.IsPow2(options.SegmentBytes), $"a segment of {options.SegmentBytes} bytes");
        WalDirectory.BeginWhereEmpty(files, directory, cluster);
        HardStateFile? hardState = null;
        DurableEndFile? durable = null;
        WriteAheadLog? log = null;
        try
        {
            hardState = HardStateFile.Open(files, directory, cluster);
            durable = DurableEndFile.Open(files, directory, cluster);
            ScannedLog scanned = LogScanner.Scan(files, directory, cluster, durable.Value, snapshot.Index, hardState.Value.Term, LengthStepBytes(options));
            bool goesOn = GoesOnFrom(snapshot, scanned, directory);
            log = new WriteAheadLog(files, directory, cluster, options, hardState, durable, scanned);
            List<EntryBatch> batches = goesOn ? scanned.Replay.After(snapshot.Index) : [];
            log.Begin(scanned, snapshot, mustReset: !goesOn);
            recovered = Recovered(scanned, hardState.Value, snapshot, batches);
            return log;
        }
        catch
        {
            log?.Dispose();
            hardState?.Dispose();
            durable?.Dispose();
            throw;
        }
    }

    /// <summary>Reads what <see cref="Open"/> would recover, and changes nothing on the disk: nobody may act on it as a member.</summary>
    /// <exception cref="DataDirectoryException">As for <see cref="Open"/>; also where no log was begun.</exception>
    public static RecoveredLog Read(IFileSystem files, string directory, ClusterId cluster, WalOptions options, EntryId snapshot)
    {
        using HardStateFile hardState = HardStateFile.Open(files, directory, cluster);
        using DurableEndFile durable = DurableEndFile.Open(files, directory, cluster);
        ScannedLog scanned = LogScanner.Scan(files, directory, cluster, durable.Value, snapshot.Index, hardState.Value.Term, LengthStepBytes(options));
        List<EntryBatch> batches = GoesOnFrom(snapshot, scanned, directory) ? scanned.Replay.After(snapshot.Index) : [];
        return Recovered(scanned, hardState.Value, snapshot, batches);
    }

    /// <summary>Bytes that can still be written without asking the file system for more space. A record takes 64 bytes and up to 7 of
    /// padding more than its batch, and what is left of a segment is lost where the next record does not fit.</summary>
    public long ReservedBytes => _pool.SpareBytes + Math.Max(0, _segments.Count > 0 ? _segments[^1].FileBytes - _writer.EndBytes : 0);

    /// <summary>Bytes of records since the last entry that was purged: what decides when to take a snapshot.</summary>
    public long LengthBytes => _extent.LengthBytes;

    /// <summary>True while no spare segment stands ready: <see cref="PrepareSpare"/> should be called when there is nothing else to do.</summary>
    public bool WantsSpare => _pool.NeedsSpare && _failure is null;

    /// <summary>True where making the spare can no longer wait for a quiet moment: from a quarter of the current segment on it is made at twice
    /// the rate at which that fills, so that it is ready at three quarters.</summary>
    internal bool IsSpareLate => WantsSpare && _pool.BuiltBytes < 2 * (_writer.EndBytes - (_options.SegmentBytes / 4));

    /// <summary>Adds a request to what the next <see cref="Sync"/> writes. A hard state is durable when this returns, so that no entry of
    /// its term can reach the disk before it.</summary>
    /// <exception cref="StorageIoException">As for <see cref="Sync"/>.</exception>
    public void Append(PersistRequest request)
    {
        CheckUsable();
        try
        {
            if (request.HardState is { } hardState && hardState != _hardState.Value)
            {
                Invariant.Check(hardState.Term >= _hardState.Value.Term, $"the term would go back from {_hardState.Value.Term} to {hardState.Term}");
                _hardState.Write(hardState);
            }

            if (request.ResetTo is { } reset)
            {
                AppendEntryId(RecordKind.Reset, reset, request.CommitIndex);
            }

            if (request.TruncateFrom is { } from)
            {
                AppendEntryId(RecordKind.Truncate, _extent.IdAt(from - 1), request.CommitIndex);
            }

            foreach (EntryBatch batch in request.Batches)
            {
                AppendBatch(batch, request.CommitIndex);
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Writes everything appended since the last call and returns once it is durable.</summary>
    /// <exception cref="StorageIoException">Nothing of it may be acknowledged, now or later: the node must stop. Every later call
    /// fails too.</exception>
    public void Sync()
    {
        CheckUsable();
        try
        {
            if (_writer.IsDirty)
            {
                _writer.DataSync();
                NoteDurableEnd();
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Segments that hold only entries up to <paramref name="index"/> are recycled; a durable snapshot covers them. Everything
    /// appended must have been synced.</summary>
    public void Purge(long index)
    {
        CheckUsable();
        Invariant.Check(!_writer.IsDirty, $"a purge up to {index} between an append and its sync");
        _extent.Purge(index);
        int count = 0;
        while (count < _segments.Count - 1 && _segments[count].LastIndex <= index)
        {
            count++;
        }

        if (count == 0)
        {
            return;
        }

        try
        {
            // The durable end on disk may be as old as the last time it was written out: it must not name a segment that is gone.
            _durable.DataSync();
            for (int done = 0; done < count; done++)
            {
                _pool.Recycle(_segments[done]);
            }

            _files.SyncDirectory(_directory);
            _segments.RemoveRange(0, count);
        }
        catch (Exception failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Does one slice, a mebibyte at most, of the work of making a spare segment.</summary>
    /// <returns>False where the disk is full: nothing is lost yet, and it is worth trying again later.</returns>
    /// <exception cref="StorageIoException">The disk failed: the node must stop.</exception>
    public bool PrepareSpare()
    {
        CheckUsable();
        try
        {
            if (_pool.NeedsSpare)
            {
                _pool.BuildSlice(syncsEachSlice: true);
            }

            return true;
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            return false;
        }
        catch (Exception failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Closes the files. What was appended and not synced is lost, as in a crash.</summary>
    public void Dispose()
    {
        _failure ??= new ObjectDisposedException(nameof(WriteAheadLog));
        _writer.Close();
        _pool.Close();
        _durable.Dispose();
        _hardState.Dispose();
    }

    /// <summary>Whether what was scanned goes on from the snapshot; see <see cref="LogReplay.GoesOnFrom"/>.</summary>
    /// <exception cref="DataDirectoryException">They do not fit together.</exception>
    internal static bool GoesOnFrom(EntryId snapshot, ScannedLog scanned, string directory)
    {
        bool goesOn = scanned.Replay.GoesOnFrom(snapshot, out string? error);
        return error is null
            ? goesOn
            : throw new DataDirectoryException(WalDirectory.SegmentPath(directory, scanned.GapSequence), 0, $"{error}. {WalDirectory.Advice}");
    }

    private static RecoveredLog Recovered(ScannedLog scanned, HardState hardState, EntryId snapshot, List<EntryBatch> batches)
    {
        long lastIndex = batches.Count > 0 ? batches[^1].LastIndex : snapshot.Index;
        return new RecoveredLog(hardState, snapshot, batches, Math.Clamp(scanned.CommitIndex, snapshot.Index, lastIndex), scanned.TornBytes);
    }

    private static long LengthStepBytes(WalOptions options) => options.SegmentBytes >> 10;

    /// <summary>Makes durable what was read, repairs what a crash or rot left unequal, and readies the log for writing. Up to here
    /// nothing was changed on the disk.</summary>
    private void Begin(ScannedLog scanned, EntryId snapshot, bool mustReset)
    {
        // A process that was killed may have left in the page cache alone what was just read as if it were durable.
        if (_segments.Count > 0)
        {
            _writer.Use(_files.Open(WalDirectory.SegmentPath(_directory, _segments[^1].Sequence), FileOpenMode.ReadWrite), scanned.End.OffsetBytes);
            _writer.DataSyncUnconditionally();
        }

        DurableFiles.DeleteTemporaries(_files, _directory);
        _files.SyncDirectory(_directory);
        _hardState.Repair();
        if (snapshot.Term > _hardState.Value.Term)
        {
            // The snapshot of a leader was installed, and the process died before the term in which it came was written down. No vote
            // was given in that term, since a vote leaves only once it is durable.
            _hardState.Write(new HardState(snapshot.Term, NodeId.None));
        }

        // The new epoch is durable before any record bears it: what an earlier process wrote behind the end can never be taken for ours.
        _durable.WriteBothDurably(new DurableEnd(_durableEnd, _chain, _extent.Last.Index, _epoch));
        _pool.Adopt(scanned.Spares);
        foreach (long sequence in scanned.Leftovers)
        {
            _files.Delete(WalDirectory.SegmentPath(_directory, sequence));
        }

        if (_segments.Count == 0)
        {
            _pool.BuildNow();
        }

        if (mustReset)
        {
            AppendEntryId(RecordKind.Reset, snapshot, snapshot.Index);
            Sync();
        }

        Purge(snapshot.Index);
    }

    private void AppendEntryId(RecordKind kind, EntryId id, long commitIndex)
    {
        Span<byte> body = stackalloc byte[RecordHeader.EntryIdBytes];
        RecordHeader.EncodeEntryId(body, id);
        AppendRecord(kind, body, Crc32C.Compute(body), commitIndex);
        if (kind == RecordKind.Reset)
        {
            _extent.Reset(id);
        }
        else
        {
            _extent.TruncateTo(id, RecordHeader.RecordBytes(RecordHeader.EntryIdBytes));
        }

        foreach (LogSegment segment in _segments)
        {
            segment.LastIndex = Math.Min(segment.LastIndex, id.Index);
        }
    }

    private void AppendBatch(EntryBatch batch, long commitIndex)
    {
        Invariant.Check(batch.FirstIndex == _extent.Last.Index + 1 && batch.Term >= _extent.Last.Term, $"batch {batch} does not follow entry {_extent.Last}");
        Invariant.Check(batch.Term <= _hardState.Value.Term, $"batch {batch} is of a later term than the durable one, {_hardState.Value.Term}");
        AppendRecord(RecordKind.Batch, batch.Bytes.Span, batch.Crc, commitIndex);
        _extent.Append(batch.Range, RecordHeader.RecordBytes((uint)batch.LengthBytes));
        _segments[^1].LastIndex = batch.LastIndex;
    }

    private void AppendRecord(RecordKind kind, ReadOnlySpan<byte> body, uint bodyCrc, long commitIndex)
    {
        long recordBytes = RecordHeader.RecordBytes((uint)body.Length);
        if (!_writer.HasFile || (_writer.EndBytes + recordBytes > _segments[^1].FileBytes && _writer.EndBytes > SegmentHeader.Bytes))
        {
            BeginNextSegment();
        }

        LogSegment segment = _segments[^1];
        RecordHeader header = new(
            _chain, new LogPosition(segment.Sequence, _writer.EndBytes), kind, _epoch, (uint)body.Length, bodyCrc, commitIndex, _durableEnd);
        _chain = header.Encode(_writer.Reserve(RecordHeader.Bytes));
        _writer.AppendBody(body);
        segment.FileBytes = Math.Max(segment.FileBytes, _writer.EndBytes);
    }

    /// <summary>Goes over to the next segment. The one before is durable whole before the new one's header is written: a header proves it.</summary>
    private void BeginNextSegment()
    {
        long previousEnd = _writer.HasFile ? _writer.EndBytes : 0;
        if (_writer.HasFile)
        {
            _writer.DataSync();
            _durableEnd = new LogPosition(_segments[^1].Sequence, previousEnd);
        }

        IFile file = _pool.TakeNext(out long sequence);
        _writer.Use(file, 0);
        SegmentHeader header = new(_cluster, sequence, _chain, _extent.Last, previousEnd, _epoch);
        _chain = header.Encode(_writer.Reserve(SegmentHeader.Bytes));
        _segments.Add(new LogSegment(sequence, file.LengthBytes, _extent.Last.Index));
    }

    /// <summary>Notes how far the log is durable, before anybody is told. It is not synced: see <see cref="DurableEndFile"/>.</summary>
    private void NoteDurableEnd()
    {
        _durableEnd = new LogPosition(_segments[^1].Sequence, _writer.EndBytes);
        _durable.Write(new DurableEnd(_durableEnd, _chain, _extent.Last.Index, _epoch));
    }

    /// <summary>Returns only while nothing has failed and the log is open.</summary>
    internal void CheckUsable()
    {
        if (_failure is StorageIoException first)
        {
            throw new StorageIoException("use after a failure", _directory, -1, first.Errno, $"the log failed before and is closed for good: {first.Message}", first);
        }

        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
