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
            "6370b84c5253574c0100000000000000887766554433221101000000000000000000000000000000000000000000000000000000000000000100000000000000"
            + "8175aecd6370b84c010000000000000040000000000000000100000001000000380000006e1e3ce8000000000000000001000000000000000000000000000000"
            + "6e1e3ce8380000000100000002000000010000000000000001000000000000000a0000000000000003000000015a5a5a03000000015a5a5a9fb79eec8175aecd"
            + "0100000000000000b80000000000000001000000010000002e0000004e7e43a60000000000000000010000000000000000000000000000004e7e43a62e000000"
            + "0100000001000000030000000000000002000000000000001e0000000000000001000000015a0000a108cd529fb79eec01000000000000002801000000000000"
            + "020000000100000010000000c08ab8ea020000000000000001000000000000002801000000000000020000000000000001000000000000007e62d2b7a108cd52"
            + "010000000000000078010000000000000300000001000000100000007d42e1ab0900000000000000010000000000000078010000000000000900000000000000"
            + "0200000000000000",
            Hex(segment.AsSpan(0, 64 + 64 + 56 + 64 + 48 + 80 + 80)));
        Assert.Equal(-1, segment.AsSpan(64 + 64 + 56 + 64 + 48 + 80 + 80).IndexOfAnyExcept((byte)0));
        Assert.Equal(
            "e42c823b525348530100000000000000887766554433221102000000000000000200000000000000030000000000000000000000000000000000000000000000",
            Hex(driver.Disk.Content("wal/hardstate").AsSpan(0, 64)));
        Assert.Equal(driver.Disk.Content("wal/hardstate")[..4096], driver.Disk.Content("wal/hardstate")[4096..]);
        byte[] durable = driver.Disk.Content("wal/durable");
        Assert.Equal(8192, durable.Length);
        Assert.Equal(
            "3bdb524852534445010000000000000088776655443322110400000000000000010000000000000078010000000000000200000000000000a108cd5201000000",
            Hex(durable.AsSpan(0, 64)));
        Assert.Equal(
            "a979e9c9525344450100000000000000887766554433221105000000000000000100000000000000c80100000000000009000000000000007e62d2b701000000",
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
            "5253534e02000000590000002500000088776655443322112a0000000000000003000000000000000903000000000000010001000200000001000000"
            + "0100000000000000000000000002006e310300683a310100751572add7070000001f2071b5636f6e74656e74000000004d0980280100000000000000"
            + "070000000000000058e5941f4505f844282c62f194bf6c42750445962bae2f4d0bbb70ef528ce4d45253534500000000",
            Hex(disk.Content("snapshots/" + written.FileName)));
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
}
