using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What a start found in the segments.</summary>
internal sealed class ScannedLog
{
    /// <summary>The segments in use, oldest first, without a gap; the last is written on.</summary>
    internal List<LogSegment> Segments { get; } = [];

    /// <summary>Files behind the last of them: never begun, to be used next.</summary>
    internal List<long> Spares { get; } = [];

    /// <summary>Files before the first of them: what a crash left of a purge.</summary>
    internal List<long> Leftovers { get; } = [];

    /// <summary>The log itself.</summary>
    internal required LogReplay Replay { get; init; }

    /// <summary>The segment to look at where entries are missing before the log: the one before the oldest in use, where it is there
    /// and only its header is damaged; otherwise the oldest itself.</summary>
    internal long GapSequence
    {
        get
        {
            long oldest = Segments.Count > 0 ? Segments[0].Sequence : DurableEndFile.Beginning.Position.Segment;
            return Leftovers.Contains(oldest - 1) ? oldest - 1 : oldest;
        }
    }

    /// <summary>Where the next record goes.</summary>
    internal LogPosition End { get; set; }

    /// <summary>The checksum of the last record, or of its segment's header.</summary>
    internal uint Chain { get; set; }

    /// <summary>The highest commit index noted.</summary>
    internal long CommitIndex { get; set; }

    /// <summary>Bytes dropped behind <see cref="End"/>.</summary>
    internal long TornBytes { get; set; }

    /// <summary>The epoch of the last record, or of its segment's header.</summary>
    internal uint Epoch { get; set; }

    /// <summary>What the first spare proves, where there is one.</summary>
    internal (long Sequence, TailEvidence Evidence) Spare { get; set; }

    /// <summary>By what it was read: the durable end and the node's term.</summary>
    internal required (DurableEnd Durable, long TermMax) ReadBy { get; set; }
}

/// <summary>What an earlier scan of the same log came to, for one that only reads what the log gained since.</summary>
/// <param name="Log">What it found. The next scan adds to it: where that fails, it is of no use any more.</param>
/// <param name="IsUnchanged">Whether the file at a path begins with the same so many bytes as at the earlier scan; where it had fewer, whether it is the same
/// as a whole.</param>
internal readonly record struct EarlierScan(ScannedLog Log, Func<string, long, bool> IsUnchanged);

/// <summary>Reads the segments at a start: follows the chain of records from the oldest segment on, and decides by
/// <see cref="RecoveryTable"/> what it means where the chain breaks off. It changes nothing on the disk.</summary>
internal sealed class LogScanner
{
    /// <summary>How far a segment that seems never begun is searched for proof of the contrary.</summary>
    private const long SpareEvidenceBytes = 1 << 20;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly ClusterId _cluster;
    private readonly DurableEnd _durable;
    private readonly long _wantedAfter;
    private readonly List<long> _sequences;
    private bool _passedDurableEnd;

    private LogScanner(IFileSystem files, string directory, ClusterId cluster, DurableEnd durable, long wantedAfter)
    {
        _files = files;
        _directory = directory;
        _cluster = cluster;
        _durable = durable;
        _wantedAfter = wantedAfter;
        _sequences = WalDirectory.ListSegments(files, directory);
        _passedDurableEnd = durable.Position.OffsetBytes == 0;
    }

    /// <summary>Reads everything.</summary>
    /// <param name="wantedAfter">The index after which batches are kept; those before are checked only.</param>
    /// <param name="termMax">The node's term.</param>
    /// <param name="markStepBytes">For <see cref="LogExtent"/>.</param>
    /// <param name="earlier">An earlier scan with the same arguments, to go on from where that is possible.</param>
    /// <exception cref="DataDirectoryException">Something durable is damaged or missing.</exception>
    internal static ScannedLog Scan(
        IFileSystem files, string directory, ClusterId cluster, DurableEnd durable, long wantedAfter, long termMax, long markStepBytes, EarlierScan? earlier = null)
    {
        LogScanner scanner = new(files, directory, cluster, durable, wantedAfter);
        List<(long Sequence, SegmentHeader Header, uint Crc)> begun = scanner.FindSegmentsInUse();
        ScannedLog log;
        int scanned = 0;
        earlier = earlier is { } known && scanner.CanGoOn(known, begun, termMax) ? known : null;
        if (earlier is { } same)
        {
            log = same.Log;
            scanned = log.Segments.Count;
            SegmentHeader? next = scanned < begun.Count ? begun[scanned].Header : null;
            scanner.GoOn(log, next);
        }
        else
        {
            log = new ScannedLog
            {
                Replay = new LogReplay(begun.Count > 0 ? begun[0].Header.Before : EntryId.Zero, termMax, markStepBytes),
                End = DurableEndFile.Beginning.Position,
                ReadBy = (durable, termMax),
            };
        }

        for (int i = scanned; i < begun.Count; i++)
        {
            SegmentHeader? next = i + 1 < begun.Count ? begun[i + 1].Header : null;
            scanner.ScanSegment(log, begun[i].Header, begun[i].Crc, next);
        }

        scanner.CheckDurableEndReached(log);
        long first = begun.Count > 0 ? begun[0].Sequence : 0;
        long last = begun.Count > 0 ? begun[^1].Sequence : 0;
        log.Leftovers.AddRange(scanner._sequences.Where(sequence => sequence < first));
        log.Spares.AddRange(scanner._sequences.Where(sequence => sequence > last));
        scanner.CheckSpares(log, earlier);
        return log;
    }

    /// <summary>The run of begun segments without a gap around the one in which the durable end lies.</summary>
    private List<(long Sequence, SegmentHeader Header, uint Crc)> FindSegmentsInUse()
    {
        List<(long Sequence, SegmentHeader Header, uint Crc)> run = [];
        long anchor = _durable.Position.Segment;
        for (long sequence = anchor; ReadHeader(sequence) is { } found; sequence--)
        {
            run.Insert(0, (sequence, found.Header, found.Crc));
        }

        if (run.Count == 0 && _durable.Position.OffsetBytes > 0)
        {
            throw Corrupt(anchor, 0, _sequences.Contains(anchor) ? "the header of a segment in use is damaged" : "a segment in use is missing");
        }

        for (long sequence = anchor + 1; run.Count > 0 && ReadHeader(sequence) is { } found; sequence++)
        {
            run.Add((sequence, found.Header, found.Crc));
        }

        // Before a segment is begun the one before it is durable whole, its header included.
        long last = run.Count > 0 ? run[^1].Sequence : anchor - 1;
        foreach (long sequence in _sequences.Where(sequence => sequence > last))
        {
            if (ReadHeader(sequence) is not null)
            {
                throw Corrupt(last + 1, 0, _sequences.Contains(last + 1) ? "the header of a segment in use is damaged" : "a segment in use is missing");
            }
        }

        return run;
    }

    private (SegmentHeader Header, uint Crc)? ReadHeader(long sequence)
    {
        if (!_sequences.Contains(sequence))
        {
            return null;
        }

        using SegmentReader reader = new(_files, _directory, sequence, SegmentHeader.Bytes);
        if (!SegmentHeader.TryDecode(reader.Peek(0, SegmentHeader.Bytes), out SegmentHeader header, out uint crc, out ushort format))
        {
            return null;
        }

        if (format != SegmentHeader.KnownFormat)
        {
            throw new DataDirectoryException(reader.Path, 0, $"the segment has format {format}, and this version knows format {SegmentHeader.KnownFormat} only: start the version of RaftStore that wrote it, or a newer one");
        }

        if (header.Cluster != _cluster)
        {
            throw new DataDirectoryException(reader.Path, 0, $"the segment belongs to cluster {header.Cluster}, and this directory to cluster {_cluster}: files of two nodes were mixed; put back the ones that belong here");
        }

        return header.Sequence == sequence ? (header, crc) : null;
    }

    private void ScanSegment(ScannedLog log, SegmentHeader header, uint headerCrc, SegmentHeader? next)
    {
        LogExtent extent = log.Replay.Extent;
        bool isFirst = log.Segments.Count == 0;
        if (!isFirst && (header.Chain != log.Chain || header.PreviousEndBytes != log.End.OffsetBytes || header.Before != extent.Last))
        {
            throw Corrupt(header.Sequence, 0, $"the segment does not go on where the one before it ends (entry {extent.Last}, offset {log.End.OffsetBytes}): it says entry {header.Before}, offset {header.PreviousEndBytes}");
        }

        using SegmentReader reader = new(_files, _directory, header.Sequence);
        LogSegment segment = new(header.Sequence, reader.LengthBytes, extent.Last.Index);
        log.Segments.Add(segment);
        log.Chain = headerCrc;
        log.End = new LogPosition(header.Sequence, SegmentHeader.Bytes);
        log.Epoch = header.Epoch;
        PassDurableEnd(log);
        FollowChain(log, reader, next);
    }

    /// <summary>Whether a scan of everything would come to what the earlier one found, and go on from there: the same was read in the same
    /// segments, in the same term and epoch, and the durable end is where it was or further on.</summary>
    private bool CanGoOn(EarlierScan earlier, List<(long Sequence, SegmentHeader Header, uint Crc)> begun, long termMax)
    {
        List<LogSegment> segments = earlier.Log.Segments;
        (DurableEnd durable, long term) = earlier.Log.ReadBy;
        bool isBefore = durable.Epoch == _durable.Epoch && (durable == _durable || _durable.Position >= earlier.Log.End);
        if (segments.Count == 0 || segments.Count > begun.Count || term != termMax || !isBefore)
        {
            return false;
        }

        for (int i = 0; i < segments.Count; i++)
        {
            // Of a segment that another follows all was looked at; of the last one what follows the end is looked at again.
            long readBytes = i + 1 < segments.Count ? long.MaxValue : earlier.Log.End.OffsetBytes;
            if (segments[i].Sequence != begun[i].Sequence || !earlier.IsUnchanged(WalDirectory.SegmentPath(_directory, segments[i].Sequence), readBytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Goes on at the end that an earlier scan came to.</summary>
    private void GoOn(ScannedLog log, SegmentHeader? next)
    {
        using SegmentReader reader = new(_files, _directory, log.End.Segment);
        log.Segments[^1].FileBytes = reader.LengthBytes;
        log.TornBytes = 0;
        log.Spares.Clear();
        log.Leftovers.Clear();

        // An earlier scan came past its durable end, or it would have failed.
        _passedDurableEnd |= log.ReadBy.Durable == _durable;
        log.ReadBy = log.ReadBy with { Durable = _durable };
        PassDurableEnd(log);
        FollowChain(log, reader, next);
    }

    private void FollowChain(ScannedLog log, SegmentReader reader, SegmentHeader? next)
    {
        FoundAtPlace found;
        while ((found = RecordReader.Read(reader, log.End, log.Chain, log.Epoch, _durable.Epoch, _wantedAfter, out ScannedRecord record)) == FoundAtPlace.Record)
        {
            Take(log, log.Segments[^1], record);
            log.Epoch = record.Header.Epoch;
        }

        EndSegment(log, reader, found, next);
    }

    private void Take(ScannedLog log, LogSegment segment, ScannedRecord record)
    {
        LogReplay replay = log.Replay;
        string? error = record.Header.Kind switch
        {
            RecordKind.Batch => replay.Append(record.Entries, record.Batch, record.LengthBytes),
            RecordKind.Truncate => replay.TruncateTo(record.EntryId, record.LengthBytes),
            RecordKind.Reset => replay.Reset(record.EntryId),
            _ => throw new InvalidOperationException($"record kind {record.Header.Kind} was let through"),
        };
        if (error is not null)
        {
            throw Corrupt(log.End.Segment, log.End.OffsetBytes, error);
        }

        if (record.Header.Kind == RecordKind.Batch)
        {
            segment.LastIndex = replay.Extent.Last.Index;
        }
        else
        {
            foreach (LogSegment earlier in log.Segments)
            {
                earlier.LastIndex = Math.Min(earlier.LastIndex, replay.Extent.Last.Index);
            }
        }

        log.CommitIndex = Math.Max(log.CommitIndex, record.Header.CommitIndex);
        log.Chain = record.Crc;
        log.End = new LogPosition(log.End.Segment, log.End.OffsetBytes + record.LengthBytes);
        PassDurableEnd(log);
    }

    /// <summary>The chain broke off at <see cref="ScannedLog.End"/>: decides what that means.</summary>
    private void EndSegment(ScannedLog log, SegmentReader reader, FoundAtPlace found, SegmentHeader? next)
    {
        // A segment that another follows was durable to its end: what stands behind that is what its file held before.
        TailEvidence evidence = next is null ? TailEvidence.Collect(reader, log.End.OffsetBytes, reader.LengthBytes, _durable.Epoch) : default;
        LogPosition proven = next?.ProvenDurable ?? Later(_durable.Position, evidence.ProvenDurable);
        switch (RecoveryTable.Decide(found, log.End < proven))
        {
            case RecoveryVerdict.End:
            case RecoveryVerdict.TornTail:
                log.TornBytes += next is not null ? 0 : TornBytes(reader, log.End.OffsetBytes, found, evidence);
                return;
            case RecoveryVerdict.Corrupt:
                throw Corrupt(log.End.Segment, log.End.OffsetBytes, $"{RecoveryTable.RuleFor(found).What} (the log was durable up to {proven})");
            case RecoveryVerdict.NotUnderstood:
                throw Corrupt(log.End.Segment, log.End.OffsetBytes, RecoveryTable.RuleFor(found).What);
            default:
                throw new InvalidOperationException($"{found} cannot be accepted where the chain ends");
        }
    }

    private static long TornBytes(SegmentReader reader, long endBytes, FoundAtPlace found, TailEvidence evidence)
    {
        long least = found == FoundAtPlace.DamagedHeader ? Math.Min(RecordHeader.Bytes, reader.LengthBytes - endBytes) : 0;
        return Math.Max(least, evidence.TornEndBytes - endBytes);
    }

    /// <summary>Notes that the log reaches the durable end, where it does exactly that.</summary>
    private void PassDurableEnd(ScannedLog log)
    {
        if (log.End == _durable.Position && log.Chain == _durable.Chain)
        {
            _passedDurableEnd = true;
        }
    }

    private void CheckDurableEndReached(ScannedLog log)
    {
        if (!_passedDurableEnd)
        {
            throw Corrupt(_durable.Position.Segment, _durable.Position.OffsetBytes, "the log was durable up to here, but no record with the checksum noted ends here");
        }

        if (log.Segments.Count > 0 && log.End < _durable.Position)
        {
            throw Corrupt(log.End.Segment, log.End.OffsetBytes, $"the log ends here, but it was durable up to {_durable.Position}");
        }
    }

    /// <summary>A spare that holds proof of having been in use is a segment whose header rotted.</summary>
    private void CheckSpares(ScannedLog log, EarlierScan? earlier)
    {
        if (log.Spares.Count == 0)
        {
            return;
        }

        long spare = log.Spares[0];
        if (earlier is not { } same || log.Spare.Sequence != spare || !same.IsUnchanged(WalDirectory.SegmentPath(_directory, spare), long.MaxValue))
        {
            using SegmentReader reader = new(_files, _directory, spare);
            log.Spare = (spare, TailEvidence.Collect(reader, 0, SpareEvidenceBytes, _durable.Epoch));
        }

        if (log.Spare.Evidence.ProvenDurable > log.End)
        {
            throw Corrupt(spare, 0, "the header of a segment in use is damaged");
        }

        log.TornBytes += log.Spare.Evidence.TornEndBytes;
    }

    private static LogPosition Later(LogPosition left, LogPosition right) => left > right ? left : right;

    private DataDirectoryException Corrupt(long sequence, long offsetBytes, string what)
        => new(WalDirectory.SegmentPath(_directory, sequence), offsetBytes, $"{what}. {WalDirectory.Advice}");
}
