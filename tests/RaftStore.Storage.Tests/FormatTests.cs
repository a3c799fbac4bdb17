using System.Text;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>The bytes of every format, fixed: a change here means that older directories can no longer be read, and needs a new
/// format number.</summary>
public sealed class FormatTests
{
    private static readonly ClusterId Cluster = new(0x1122334455667788);

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    [Fact]
    public void SegmentHeader_HasItsBytes()
    {
        byte[] bytes = new byte[SegmentHeader.Bytes];
        SegmentHeader header = new(Cluster, 7, 0xAABBCCDD, new EntryId(41, 3), 1234, 5);
        uint crc = header.Encode(bytes);

        Assert.Equal(
            "f26ec8c05253574c01000000ddccbbaa8877665544332211070000000000000029000000000000000300000000000000d2040000000000000500000000000000",
            Hex(bytes));
        Assert.True(SegmentHeader.TryDecode(bytes, out SegmentHeader decoded, out uint decodedCrc, out ushort format));
        Assert.Equal((header, crc, SegmentHeader.KnownFormat), (decoded, decodedCrc, format));
        Assert.Equal(new LogPosition(6, 1234), decoded.ProvenDurable);
    }

    [Fact]
    public void RecordHeader_HasItsBytes()
    {
        byte[] bytes = new byte[RecordHeader.Bytes];
        RecordHeader header = new(0x01020304, new LogPosition(7, 4096), RecordKind.Truncate, 5, 16, 0xA1A2A3A4, 40, new LogPosition(6, 1234));
        uint crc = header.Encode(bytes);

        Assert.Equal(
            "607703ea0403020107000000000000000010000000000000020000000500000010000000a4a3a2a128000000000000000600000000000000d204000000000000",
            Hex(bytes));
        Assert.True(RecordHeader.TryDecode(bytes, out RecordHeader decoded, out uint decodedCrc));
        Assert.Equal((header, crc), (decoded, decodedCrc));
    }

    [Fact]
    public void Log_WithEachKindOfRecord_HasItsBytes()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(new HardState(2, new NodeId(3)), commit: 0, batches: [LogDriver.Batch(1, 1, 2, 3), LogDriver.Batch(3, 2, 1, 1)]);
        driver.Write(truncateFrom: 3, commit: 2);
        driver.Write(resetTo: new EntryId(9, 2), commit: 9);
        byte[] segment = driver.Disk.Content("wal/0000000000000001.wal");

        Assert.Equal(
            GoldenBytes.Segment,
            Hex(segment.AsSpan(0, 64 + 64 + 56 + 64 + 48 + 80 + 80)));
        Assert.Equal(-1, segment.AsSpan(64 + 64 + 56 + 64 + 48 + 80 + 80).IndexOfAnyExcept((byte)0));
        Assert.Equal(
            GoldenBytes.HardState,
            Hex(driver.Disk.Content("wal/hardstate").AsSpan(0, 64)));
        Assert.Equal(driver.Disk.Content("wal/hardstate")[..4096], driver.Disk.Content("wal/hardstate")[4096..]);
        byte[] durable = driver.Disk.Content("wal/durable");
        Assert.Equal(8192, durable.Length);
        Assert.Equal(
            GoldenBytes.DurableEndBefore,
            Hex(durable.AsSpan(0, 64)));
        Assert.Equal(
            GoldenBytes.DurableEnd,
            Hex(durable.AsSpan(4096, 64)));
    }

    [Fact]
    public void Snapshot_HasItsBytes()
    {
        CrashingFileSystem disk = new();
        SnapshotStore store = SnapshotStore.Open(disk, "snapshots", Cluster);
        SnapshotMetadata metadata = new(new EntryId(42, 3), 777, new Configuration([new Member(new NodeId(1), "n1", "h:1", "u")]), 0);
        SnapshotFile written = SnapshotStoreTests.Write(store, metadata, Encoding.ASCII.GetBytes("content"));

        Assert.Equal("000000000000002a-0000000000000003.snap", written.FileName);
        Assert.Equal(
            GoldenBytes.Snapshot,
            Hex(disk.Content("snapshots/" + written.FileName)));
    }

    // Nothing that this version wrote takes part: what the released bytes hold is found in them by itself.
    [Fact]
    public void Log_OfTheReleasedBytes_Opens()
    {
        CrashingFileSystem disk = LogOf(GoldenBytes.Segment, GoldenBytes.DurableEndBefore, GoldenBytes.DurableEnd);

        using WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog found, snapshot: new EntryId(9, 2));

        Assert.Equal((new HardState(2, new NodeId(3)), new EntryId(9, 2), 9L), (found.HardState, found.Base, found.CommitIndex));
        Assert.Empty(found.Batches);
    }

    [Fact]
    public void Log_OfTheReleasedBytesUpToATruncation_OpensWithTheEntriesThatAreLeft()
    {
        const int bytesToTheReset = 64 + 64 + 56 + 64 + 48 + 80;
        CrashingFileSystem disk = LogOf(GoldenBytes.Segment[..(2 * bytesToTheReset)], GoldenBytes.DurableEndBefore, "");

        using WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog found);

        Assert.Equal((EntryId.Zero, 2L), (found.Base, found.CommitIndex));
        EntryBatch batch = Assert.Single(found.Batches);
        List<string> entries = [];
        foreach (Entry entry in batch)
        {
            entries.Add($"{entry.Id} {entry.Kind} {Hex(entry.Payload)}");
        }

        Assert.Equal(["1/1 Command 5a5a5a", "2/1 Command 5a5a5a"], entries);
        Assert.Equal(10, batch.ClusterTimeMs);
    }

    [Fact]
    public void Snapshot_OfTheReleasedBytes_Opens()
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory("snapshots");
        disk.SetContent("snapshots/000000000000002a-0000000000000003.snap", Convert.FromHexString(GoldenBytes.Snapshot));

        SnapshotStore store = SnapshotStore.Open(disk, "snapshots", Cluster);
        SnapshotFile latest = store.Latest!;

        Assert.Equal((new EntryId(42, 3), 777L), (latest.Metadata.LastIncluded, latest.Metadata.ClusterTimeMs));
        Assert.Equal(new Member(new NodeId(1), "n1", "h:1", "u"), Assert.Single(latest.Metadata.Configuration.Voters));
        Assert.Equal("content", Encoding.ASCII.GetString(SnapshotStoreTests.Read(store, latest)));
    }

    [Fact]
    public void Identity_HasItsBytes()
    {
        const string expected = """
            {
              "format": 1,
              "cluster": "0123456789abcdef",
              "node": 2,
              "name": "n2",
              "state": "formed",
              "founders": [
                {
                  "id": 1,
                  "name": "n1",
                  "peer": "127.0.0.1:7501",
                  "client": "http://127.0.0.1:7401"
                },
                {
                  "id": 2,
                  "name": "n2",
                  "peer": "127.0.0.1:7502",
                  "client": ""
                }
              ],
              "crc32c": "b3386c6f"
            }

            """;

        Assert.Equal(expected, Encoding.UTF8.GetString(IdentityFile.Encode(DataDirectoryTests.Identity())));
    }

    private static CrashingFileSystem LogOf(string segment, string durableEndBefore, string durableEnd)
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory("wal");
        disk.SetContent("wal/0000000000000001.wal", Padded(64 << 10, (0, segment)));
        disk.SetContent("wal/hardstate", Padded(8192, (0, GoldenBytes.HardState), (4096, GoldenBytes.HardState)));
        disk.SetContent("wal/durable", Padded(8192, (0, durableEndBefore), (4096, durableEnd)));
        return disk;
    }

    private static byte[] Padded(int length, params (int Offset, string Hex)[] pieces)
    {
        byte[] content = new byte[length];
        foreach ((int offset, string hex) in pieces)
        {
            Convert.FromHexString(hex).CopyTo(content, offset);
        }

        return content;
    }
}
