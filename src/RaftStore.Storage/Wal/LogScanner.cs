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
}

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
    /// <exception cref="DataDirectoryException">Something durable is damaged or missing.</exception>
    internal static ScannedLog Scan(IFileSystem files, string directory, ClusterId cluster, DurableEnd durable, long wantedAfter, long termMax, long markStepBytes)
    {
        LogScanner scanner = new(files, directory, cluster, durable, wantedAfter);
        List<(long Sequence, SegmentHeader Header, uint Crc)> begun = scanner.FindSegmentsInUse();
        EntryId before = begun.Count > 0 ? begun[0].Header.Before : EntryId.Zero;
        ScannedLog log = new()
        {
            Replay = new LogReplay(before, termMax, markStepBytes),
            End = DurableEndFile.Beginning.Position,
        };
        for (int i = 0; i < begun.Count; i++)
        {
            SegmentHeader? next = i + 1 < begun.Count ? begun[i + 1].Header : null;
            scanner.ScanSegment(log, begun[i].Header, begun[i].Crc, next);
        }

        scanner.CheckDurableEndReached(log);
        long first = begun.Count > 0 ? begun[0].Sequence : 0;
        long last = begun.Count > 0 ? begun[^1].Sequence : 0;
        log.Leftovers.AddRange(scanner._sequences.Where(sequence => sequence < first));
        log.Spares.AddRange(scanner._sequences.Where(sequence => sequence > last));
        scanner.CheckSpares(log);
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
        uint epoch = header.Epoch;
        PassDurableEnd(log);
        FoundAtPlace found;
        while ((found = RecordReader.Read(reader, log.End, log.Chain, epoch, _durable.Epoch, _wantedAfter, out ScannedRecord record)) == FoundAtPlace.Record)
        {
            Take(log, segment, record);
            epoch = record.Header.Epoch;
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
    private void CheckSpares(ScannedLog log)
    {
        if (log.Spares.Count == 0)
        {
            return;
        }

        using SegmentReader reader = new(_files, _directory, log.Spares[0]);
        TailEvidence evidence = TailEvidence.Collect(reader, 0, SpareEvidenceBytes, _durable.Epoch);
        if (evidence.ProvenDurable > log.End)
        {
            throw Corrupt(reader.Sequence, 0, "the header of a segment in use is damaged");
        }

        log.TornBytes += evidence.TornEndBytes;
    }

    private static LogPosition Later(LogPosition left, LogPosition right) => left > right ? left : right;

    private DataDirectoryException Corrupt(long sequence, long offsetBytes, string what)
        => new(WalDirectory.SegmentPath(_directory, sequence), offsetBytes, $"{what}. {WalDirectory.Advice}");
}
