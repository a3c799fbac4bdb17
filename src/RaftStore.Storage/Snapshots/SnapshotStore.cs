using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The snapshots of one data directory. A file counts only under its final name, which it gets after its bytes are
/// verified and durable (write, sync, rename, sync of the directory). One thread at a time.</summary>
public sealed class SnapshotStore
{
    /// <summary>Files kept open for sending: as many as there can be followers in need of one, in a cluster of five.</summary>
    private const int SendingMax = 4;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly ClusterId _cluster;
    private readonly List<SnapshotFile> _snapshots = [];
    private readonly HashSet<string> _damaged = [];
    private readonly List<string> _reading = [];
    private readonly List<(SnapshotFile Snapshot, IFile File)> _sending = [];
    private SnapshotReceiver? _receiver;

    private SnapshotStore(IFileSystem files, string directory, ClusterId cluster)
    {
        _files = files;
        _directory = directory;
        _cluster = cluster;
    }

    /// <summary>Opens the directory, or makes it, and removes files that never got their final name, but for one that was being received: that
    /// goes on. Of each snapshot header and trailer are checked; its content is when it is read.</summary>
    /// <exception cref="DataDirectoryException">A file under a final name is not a snapshot of this cluster.</exception>
    public static SnapshotStore Open(IFileSystem files, string directory, ClusterId cluster)
    {
        if (!files.DirectoryExists(directory))
        {
            DurableFiles.MakeDirectory(files, directory);
        }

        SnapshotStore store = OpenUnchanged(files, directory, cluster);
        DurableFiles.DeleteTemporaries(files, directory, kept: SnapshotReceiver.Name);

        // A process that was killed after the rename may have left the name in memory alone; the log is purged up to it.
        files.SyncDirectory(directory);
        return store;
    }

    /// <summary>Opens a directory that exists, to read from it only: nothing in it is removed or synced.</summary>
    /// <exception cref="DataDirectoryException">A file under a final name is not a snapshot of this cluster.</exception>
    public static SnapshotStore OpenUnchanged(IFileSystem files, string directory, ClusterId cluster)
    {
        SnapshotStore store = new(files, directory, cluster);
        foreach (string name in files.DirectoryExists(directory) ? files.ListFiles(directory).Where(SnapshotFormat.IsSnapshotName) : [])
        {
            store._snapshots.Add(store.Inspect(name));
        }

        return store;
    }

    /// <summary>The newest snapshot that is not known to be damaged, or null.</summary>
    public SnapshotFile? Latest => _snapshots.FindLast(snapshot => !_damaged.Contains(snapshot.FileName));

    /// <summary>The file in which a snapshot stands, for messages.</summary>
    public string PathOf(SnapshotFile snapshot) => PathOf(snapshot.FileName);

    /// <summary>Begins a snapshot; <see cref="SnapshotMetadata.LengthBytes"/> is ignored.</summary>
    public SnapshotFileWriter Create(SnapshotMetadata metadata)
    {
        string temporaryName = SnapshotFormat.NameOf(metadata.LastIncluded) + DurableFiles.TemporarySuffix;
        return new SnapshotFileWriter(this, DurableFiles.CreateAnew(_files, PathOf(temporaryName)), temporaryName, _cluster, metadata);
    }

    /// <summary>Opens a snapshot to read its content from the start; each block's checksum is verified before it is handed out.</summary>
    public SnapshotFileReader OpenContent(SnapshotFile snapshot)
    {
        string path = PathOf(snapshot.FileName);
        IFile file = _files.Open(path, FileOpenMode.Read);
        _reading.Add(snapshot.FileName);
        return new SnapshotFileReader(file, path, _cluster, () => _reading.Remove(snapshot.FileName));
    }

    /// <summary>Its content was found damaged: nobody is sent it any more, and it goes when another takes its place. Until then it stays where it is, since
    /// the log before its last entry is gone.</summary>
    public void Distrust(SnapshotFile snapshot)
    {
        _damaged.Add(snapshot.FileName);
        if (_sending.FindIndex(open => open.Snapshot.FileName == snapshot.FileName) is >= 0 and int place)
        {
            CloseSending(place);
        }
    }

    /// <summary>Reads the file itself, for sending. The file stays open, and is not removed, until its end was read or a few others
    /// have been begun since.</summary>
    /// <returns>How many bytes were read; fewer than asked only at the end of the file.</returns>
    public int ReadRaw(SnapshotFile snapshot, long offsetBytes, Span<byte> target)
    {
        int place = _sending.FindIndex(open => open.Snapshot.FileName == snapshot.FileName);
        if (place < 0)
        {
            if (_sending.Count == SendingMax)
            {
                CloseSending(0);
            }

            _sending.Add((snapshot, _files.Open(PathOf(snapshot.FileName), FileOpenMode.Read)));
            place = _sending.Count - 1;
        }

        int count = _sending[place].File.Read(offsetBytes, target);
        if (offsetBytes + count >= snapshot.Metadata.LengthBytes)
        {
            CloseSending(place);
        }

        return count;
    }

    /// <summary>Begins, or goes on with, a file that comes from another node in chunks. One at a time: beginning another snapshot drops the
    /// first. A chunk that was held already changes nothing, nor does one that would leave a gap. What an earlier process held of the same one counts:
    /// whether it is what was sent shows when it is whole and verified.</summary>
    /// <returns>The offset up to which it holds the file without a gap.</returns>
    /// <exception cref="StorageIoException">The disk is full or failed. What was received is dropped.</exception>
    public long Receive(SnapshotMetadata metadata, long offsetBytes, ReadOnlySpan<byte> chunk)
    {
        if (_receiver is not null && !_receiver.IsFor(metadata))
        {
            DropReceived();
        }

        try
        {
            _receiver ??= SnapshotReceiver.Open(_files, PathOf(SnapshotReceiver.Name), SnapshotFormat.EncodeHeader(_cluster, metadata), metadata);
            _receiver.Add(offsetBytes, chunk);
            return _receiver.HeldBytes;
        }
        catch (StorageIoException)
        {
            DropReceived();
            throw;
        }
    }

    /// <summary>Opens a file received whole: reading it to its end verifies it. It stays a temporary one.</summary>
    /// <param name="metadata">Which file it is.</param>
    /// <exception cref="DataDirectoryException">Its beginning or its end is damaged, or it is not what its metadata says. It was dropped, and can be
    /// received anew.</exception>
    public SnapshotFileReader OpenReceived(SnapshotMetadata metadata)
    {
        SnapshotReceiver receiver = HeldWhole(metadata);
        string path = PathOf(SnapshotReceiver.Name);
        try
        {
            SnapshotFileReader reader = new(_files.Open(path, FileOpenMode.Read), path, _cluster, onClose: null, onVerified: () => receiver.IsVerified = true);
            if (SnapshotFormat.EncodeHeader(_cluster, reader.Metadata).AsSpan().SequenceEqual(SnapshotFormat.EncodeHeader(_cluster, metadata)))
            {
                return reader;
            }

            reader.Dispose();
            throw new DataDirectoryException(path, 0, $"what was received is the snapshot of entry {reader.Metadata.LastIncluded}, and not of {metadata.LastIncluded} with the configuration that was announced");
        }
        catch
        {
            DropReceived();
            throw;
        }
    }

    /// <summary>Makes a received file durable under its final name, once what <see cref="OpenReceived"/> gave was read to its end and closed.</summary>
    /// <param name="metadata">Which file it is.</param>
    /// <param name="replaces">True where it takes the place of a snapshot up to the same entry, which is known to be wrong.</param>
    /// <exception cref="StorageIoException">The disk is full or failed. What was received is dropped.</exception>
    public SnapshotFile CompleteReceived(SnapshotMetadata metadata, bool replaces = false)
    {
        SnapshotReceiver receiver = HeldWhole(metadata);
        Invariant.Check(receiver.IsVerified, $"snapshot {metadata.LastIncluded} was received and not verified");
        try
        {
            receiver.DataSync();
            receiver.Dispose();
            _receiver = null;
            return Publish(SnapshotReceiver.Name, metadata, replaces);
        }
        catch
        {
            DropReceived();
            throw;
        }
    }

    /// <summary>Drops what was received and is not complete.</summary>
    public void DropReceived()
    {
        _receiver?.Dispose();
        _receiver = null;
        Drop(SnapshotReceiver.Name);
    }

    /// <summary>Removes every snapshot older than <see cref="Latest"/> that nobody reads.</summary>
    public void DeleteOlder()
    {
        int latest = Latest is { } newest ? _snapshots.IndexOf(newest) : 0;
        for (int i = latest - 1; i >= 0; i--)
        {
            string name = _snapshots[i].FileName;
            if (!_reading.Contains(name) && !_sending.Exists(open => open.Snapshot.FileName == name))
            {
                _files.Delete(PathOf(name));
                _snapshots.RemoveAt(i);
                _damaged.Remove(name);
            }
        }
    }

    /// <summary>Gives a complete, synced file its final name, durably.</summary>
    internal SnapshotFile Publish(string temporaryName, SnapshotMetadata metadata, bool replaces = false)
    {
        string name = SnapshotFormat.NameOf(metadata.LastIncluded);
        if (_snapshots.Find(existing => existing.FileName == name) is { } same)
        {
            if (!replaces && !_damaged.Remove(name))
            {
                // Two snapshots up to one entry say the same, and somebody may be sending the first.
                Drop(temporaryName);
                return same;
            }

            _snapshots.Remove(same);
            if (_sending.FindIndex(open => open.Snapshot.FileName == name) is >= 0 and int place)
            {
                CloseSending(place);
            }
        }

        if (_receiver is null && temporaryName != SnapshotReceiver.Name)
        {
            // What an earlier process received a part of, and nobody went on with.
            Drop(SnapshotReceiver.Name);
        }

        _files.Rename(PathOf(temporaryName), PathOf(name));
        _files.SyncDirectory(_directory);
        SnapshotFile snapshot = new(metadata, name);
        _snapshots.Add(snapshot);
        _snapshots.Sort((left, right) => string.CompareOrdinal(left.FileName, right.FileName));
        return snapshot;
    }

    /// <summary>Removes a temporary file, where it is still there.</summary>
    internal void Drop(string temporaryName)
    {
        string path = PathOf(temporaryName);
        if (_files.FileExists(path))
        {
            _files.Delete(path);
        }
    }

    private string PathOf(string name) => DurableFiles.Combine(_directory, name);

    private SnapshotFile Inspect(string name)
    {
        string path = PathOf(name);
        using SnapshotFileReader reader = new(_files.Open(path, FileOpenMode.Read), path, _cluster);
        if (SnapshotFormat.NameOf(reader.Metadata.LastIncluded) != name)
        {
            throw new DataDirectoryException(path, 24, $"the file is the snapshot of entry {reader.Metadata.LastIncluded}, which is not what its name says: it was renamed by hand; put its name back");
        }

        return new SnapshotFile(reader.Metadata, name);
    }

    private SnapshotReceiver HeldWhole(SnapshotMetadata metadata)
    {
        Invariant.Check(
            _receiver is not null && _receiver.IsFor(metadata) && _receiver.HeldBytes == metadata.LengthBytes,
            $"snapshot {metadata.LastIncluded} of {metadata.LengthBytes} bytes is not held whole, but {_receiver?.HeldBytes} bytes of {_receiver?.Metadata.LastIncluded}");
        return _receiver!;
    }

    private void CloseSending(int place)
    {
        _sending[place].File.Dispose();
        _sending.RemoveAt(place);
    }
}
