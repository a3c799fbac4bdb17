using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation.Tests.Invariants;

/// <summary>A look at a platter does not read again what the look before has read; it finds what one that reads everything finds.</summary>
public sealed class PlatterReaderTests
{
    private const string WalPath = $"{SimulatedMachine.DataPath}/wal";
    private const int PayloadBytes = 3000;

    private static readonly ClusterId Cluster = new(0x1234);
    private static readonly Configuration Members = new([new Member(new NodeId(1), "n1", "n1:1", "n1:2")]);

    private readonly SimulatedDisk _disk = new(new RandomStream(1, "disk"));
    private readonly RandomStream _random = new(1, "test");
    private long _token;

    [Fact]
    public void Look_BitFlippedAnywhereInWhatWasRead_FindsItAsALookAtEverythingDoes()
    {
        using WriteAheadLog log = Open();
        Persist(log, batches: [.. Enumerable.Range(1, 100).Select(index => Batch(index, 1))]);
        PlatterReader reader = new(Cluster);
        Assert.Equal("100/1", Outcome(reader));
        int refused = 0;
        int tried = 0;
        foreach (string path in _disk.ListFiles(WalPath).Select(name => $"{WalPath}/{name}").Where(path => path.EndsWith(".wal", StringComparison.Ordinal)))
        {
            int filledBytes = ReadAll(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            for (int offset = 0; offset < filledBytes; offset += offset < 4096 ? 40 : 1000)
            {
                Flip(path, offset);
                string found = Outcome(reader);
                Assert.Equal(Outcome(new PlatterReader(Cluster)), found);
                refused += found == "100/1" ? 0 : 1;
                tried++;
                Flip(path, offset);
                Assert.Equal("100/1", Outcome(reader));
            }
        }

        // Padding between records and at the end of a segment is all that nobody has to miss.
        Assert.InRange(refused, tried * 9 / 10, tried);
        Assert.InRange(tried, 500, 2000);
    }

    [Fact]
    public void Look_AfterAppendsCutsPurgesAndPowerCuts_FindsWhatALookAtEverythingFinds()
    {
        PlatterReader reader = new(Cluster);
        WriteAheadLog log = Open();
        List<EntryId> ids = [];
        long term = 1;
        for (int step = 0; step < 600; step++)
        {
            switch (_random.Below(40))
            {
                case 0 when ids.Count > 0:
                    int keep = _random.Below(ids.Count);
                    Persist(log, truncateFrom: keep + 1, term: ++term);
                    ids.RemoveRange(keep, ids.Count - keep);
                    break;
                case 1:
                    // Entries that were appended and not synced may be lost.
                    log.Append(Request([Batch(ids.Count + 1, term)]));
                    log.Dispose();
                    _disk.PowerCut();
                    log = Open(out RecoveredLog found);
                    Assert.InRange(found.Batches.Count, ids.Count, ids.Count + 1);
                    ids = [.. found.Batches.Select(batch => batch.Last)];
                    break;
                default:
                    Persist(log, batches: [Batch(ids.Count + 1, term)]);
                    ids.Add(new EntryId(ids.Count + 1, term));
                    break;
            }

            reader.Look(_disk);
            PlatterReader fresh = new(Cluster);
            fresh.Look(_disk);
            Assert.Equal(fresh.Log.Last, reader.Log.Last);
            Assert.Equal(fresh.Log.HardState, reader.Log.HardState);
            Assert.Equal(ids.Count == 0 ? EntryId.Zero : ids[^1], reader.Log.Last);
            long index = _random.Between(0, ids.Count + 1);
            Assert.Equal(index > ids.Count ? -1 : index == 0 ? 0 : ids[(int)index - 1].Term, reader.Log.TermAt(index));
        }

        log.Dispose();
    }

    [Fact]
    public void Look_SegmentsPurgedBehindASnapshot_EndsInTheSnapshotOrTheLog()
    {
        using WriteAheadLog log = Open();
        Persist(log, batches: [.. Enumerable.Range(1, 100).Select(index => Batch(index, 1))]);
        PlatterReader reader = new(Cluster);
        reader.Look(_disk);
        SnapshotStore snapshots = SnapshotStore.Open(_disk, $"{SimulatedMachine.DataPath}/snapshots", Cluster);
        using (SnapshotFileWriter writer = snapshots.Create(new SnapshotMetadata(new EntryId(90, 1), 90, Members, 0)))
        {
            writer.Commit();
        }

        log.Purge(90);
        reader.Look(_disk);
        Assert.Equal(new EntryId(100, 1), reader.Log.Last);
        Persist(log, batches: [Batch(101, 1)]);
        reader.Look(_disk);
        Assert.Equal(new EntryId(101, 1), reader.Log.Last);
        Assert.Equal(1, reader.Log.TermAt(40));

        string path = $"{SimulatedMachine.DataPath}/snapshots/{_disk.ListFiles($"{SimulatedMachine.DataPath}/snapshots").Single()}";
        Flip(path, 40);
        Assert.ThrowsAny<DataDirectoryException>(() => reader.Look(_disk));
    }

    private static EntryBatch Batch(long index, long term)
    {
        byte[] payload = new byte[PayloadBytes];
        Array.Fill(payload, (byte)(1 + (index % 200)));
        return EntryBatch.Seal(new EntryId(index, term), index * 10, EntryKind.Command, [payload]);
    }

    private string Outcome(PlatterReader reader)
    {
        try
        {
            reader.Look(_disk);
            return reader.Log.Last.ToString();
        }
        catch (DataDirectoryException refusal)
        {
            return refusal.Message;
        }
    }

    private WriteAheadLog Open() => Open(out _);

    private WriteAheadLog Open(out RecoveredLog recovered)
    {
        using DataDirectory directory = DataDirectory.Open(_disk, SimulatedMachine.DataPath);
        if (directory.Identity is null)
        {
            directory.WriteIdentity(new NodeIdentity(Cluster, new NodeId(1), "n1", FormationState.Formed, Members));
        }

        WriteAheadLog log = WriteAheadLog.Open(_disk, directory.WalPath, Cluster, SimulatedMachine.Wal, EntryId.Zero, out recovered);
        if (recovered.HardState.Term == 0)
        {
            Persist(log, term: 1);
        }

        return log;
    }

    private PersistRequest Request(EntryBatch[] batches, long? truncateFrom = null, long? term = null) => new()
    {
        Token = new BatchToken(++_token),
        HardState = term is { } now ? new HardState(now, NodeId.None) : null,
        TruncateFrom = truncateFrom,
        CommitIndex = 0,
        Batches = batches,
    };

    private void Persist(WriteAheadLog log, EntryBatch[]? batches = null, long? truncateFrom = null, long? term = null)
    {
        log.Append(Request(batches ?? [], truncateFrom, term));
        log.Sync();
    }

    private byte[] ReadAll(string path)
    {
        using IFile file = _disk.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[file.LengthBytes];
        file.Read(0, bytes);
        return bytes;
    }

    private void Flip(string path, int offset) => _disk.Damage(path, offset, [(byte)(ReadAll(path)[offset] ^ 0x10)]);
}
