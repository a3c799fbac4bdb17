using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The files that stand ready to become segments. Each is zero-filled or recycled, so that writing to it needs neither new space
/// nor a change of the file's metadata, and each already has the name it will be used under, so that going over to it needs
/// no sync of the directory.</summary>
internal sealed class SegmentPool
{
    /// <summary>What is written and synced at a time while a spare is made: small enough that a commit waiting behind it on a slow
    /// disk (100 MiB/s) waits 10 ms.</summary>
    private const int SliceBytes = 1 << 20;

    private const string BuildName = "spare" + DurableFiles.TemporarySuffix;

    private static readonly byte[] Zeros = new byte[SliceBytes];

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly WalOptions _options;
    private IFile? _building;
    private long _firstSpare;
    private int _spareCount;

    /// <summary>No spare yet.</summary>
    /// <param name="nextSequence">The sequence of the next segment.</param>
    internal SegmentPool(IFileSystem files, string directory, WalOptions options, long nextSequence)
    {
        _files = files;
        _directory = directory;
        _options = options;
        _firstSpare = nextSequence;
    }

    /// <summary>True while none stands ready.</summary>
    internal bool NeedsSpare => _spareCount == 0;

    /// <summary>Bytes for records in the spares.</summary>
    internal long SpareBytes => (long)_spareCount * (_options.SegmentBytes - SegmentHeader.Bytes);

    /// <summary>Bytes of the spare being made that are written.</summary>
    internal long BuiltBytes { get; private set; }

    private string BuildPath => DurableFiles.Combine(_directory, BuildName);

    /// <summary>Takes over the spares that a start found: those of the right length get the next sequences, the others are removed.</summary>
    internal void Adopt(IReadOnlyList<long> spares)
    {
        foreach (long sequence in spares)
        {
            Keep(sequence, LengthOf(sequence));
        }

        if (spares.Count > 0)
        {
            _files.SyncDirectory(_directory);
        }
    }

    /// <summary>Opens the next segment, making it now where none stands ready.</summary>
    /// <exception cref="StorageIoException">There was none ready and it could not be made.</exception>
    internal IFile TakeNext(out long sequence)
    {
        BuildNow();
        sequence = _firstSpare;
        _firstSpare++;
        _spareCount--;
        return _files.Open(WalDirectory.SegmentPath(_directory, sequence), FileOpenMode.ReadWrite);
    }

    /// <summary>Makes a spare at one go, where none stands ready.</summary>
    internal void BuildNow()
    {
        while (NeedsSpare)
        {
            BuildSlice(syncsEachSlice: false);
        }
    }

    /// <summary>Does one slice of the work of making a spare.</summary>
    /// <param name="syncsEachSlice">Whether others wait for the disk meanwhile: it must not have a whole segment to write at once then.</param>
    /// <exception cref="StorageIoException">It failed. Where the disk is full, what was written is removed, and it can be tried again later.</exception>
    internal void BuildSlice(bool syncsEachSlice)
    {
        try
        {
            _building ??= DurableFiles.CreateAnew(_files, BuildPath);
            int count = (int)Math.Min(SliceBytes, _options.SegmentBytes - BuiltBytes);
            _building.Write(BuiltBytes, Zeros.AsSpan(0, count));
            BuiltBytes += count;
            if (syncsEachSlice || BuiltBytes == _options.SegmentBytes)
            {
                _building.DataSync();
            }

            if (BuiltBytes == _options.SegmentBytes)
            {
                EndBuilding();
                _files.Rename(BuildPath, WalDirectory.SegmentPath(_directory, _firstSpare + _spareCount));
                _files.SyncDirectory(_directory);
                _spareCount++;
            }
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            EndBuilding();
            if (_files.FileExists(BuildPath))
            {
                _files.Delete(BuildPath);
            }

            throw;
        }
    }

    /// <summary>Takes back a segment whose entries are not needed any more: it becomes a spare, or is removed where there are enough. The
    /// caller syncs the directory before it uses a spare.</summary>
    internal void Recycle(LogSegment segment) => Keep(segment.Sequence, segment.FileBytes);

    /// <summary>Closes what is open.</summary>
    internal void Close() => EndBuilding();

    private void Keep(long sequence, long fileBytes)
    {
        string path = WalDirectory.SegmentPath(_directory, sequence);
        if (fileBytes != _options.SegmentBytes || _spareCount > _options.RecycledSegmentsMax)
        {
            _files.Delete(path);
            return;
        }

        long target = _firstSpare + _spareCount;
        Invariant.Check(sequence <= target || sequence >= _firstSpare, $"segment {sequence} cannot become spare {target}");
        if (sequence != target)
        {
            _files.Rename(path, WalDirectory.SegmentPath(_directory, target));
        }

        _spareCount++;
    }

    private long LengthOf(long sequence)
    {
        using IFile file = _files.Open(WalDirectory.SegmentPath(_directory, sequence), FileOpenMode.Read);
        return file.LengthBytes;
    }

    private void EndBuilding()
    {
        _building?.Dispose();
        _building = null;
        BuiltBytes = 0;
    }
}
