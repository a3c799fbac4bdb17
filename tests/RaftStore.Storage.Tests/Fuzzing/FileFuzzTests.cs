using RaftStore.Raft;
using RaftStore.Raft.Tests.Fuzzing;

namespace RaftStore.Storage.Tests.Fuzzing;

/// <summary>Files with any bytes in them: opened, or refused by name.</summary>
[Trait("Category", "Fuzz")]
public sealed class FileFuzzTests
{
    private const string Segment = "wal/0000000000000001.wal";

    /// <summary>An input is a whole log that is opened: a third of a millisecond, and not microseconds.</summary>
    private const int FileInputs = 5_000;

    /// <summary>What is written stands at the beginning of a segment; behind it are zeros.</summary>
    private const int SampleBytes = 1 << 10;

    [Fact]
    public void LogSegments_WhateverTheBytes_AreOpenedOrRefused()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(new HardState(2, new NodeId(3)), batches: [LogDriver.Batch(1, 1)]);
        driver.Write(new HardState(2, new NodeId(3)), batches: [LogDriver.Batch(2, 2, count: 3)]);
        driver.Log!.Dispose();
        int length = driver.Disk.Content(Segment).Length;
        byte[] sample = driver.Disk.Content(Segment)[..SampleBytes];
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            21,
            [sample],
            bytes => Open(driver.Disk, Segment, [.. bytes, .. new byte[Math.Max(0, length - bytes.Length)]]),
            Seals.Segment,
            FileInputs,
            allocatedBytesMax: 8 << 20).Run();

        Assert.True(places.Count >= 8, string.Join('\n', places));
    }

    [Theory]
    [InlineData("hardstate", 22)]
    [InlineData("durable", 25)]
    public void Slots_WhateverTheBytes_AreOpenedOrRefused(string name, int seed)
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(new HardState(2, new NodeId(3)), batches: [LogDriver.Batch(1, 1)]);
        driver.Write(new HardState(3, new NodeId(1)), batches: [LogDriver.Batch(2, 3)]);
        driver.Log!.Dispose();
        string path = $"{LogDriver.Directory}/{name}";
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(seed, [driver.Disk.Content(path)], bytes => Open(driver.Disk, path, bytes), Seals.Slots, FileInputs, allocatedBytesMax: 8 << 20).Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    [Fact]
    public void SnapshotFiles_WhateverTheBytes_AreReadOrRefused()
    {
        CrashingFileSystem whole = new();
        SnapshotFile file = SnapshotStoreTests.Write(SnapshotStore.Open(whole, SnapshotStoreTests.Directory, SnapshotStoreTests.Cluster), SnapshotStoreTests.Metadata(42), SnapshotStoreTests.Content(500));
        string path = $"{SnapshotStoreTests.Directory}/{file.FileName}";
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            23,
            [whole.Content(path)],
            bytes =>
            {
                CrashingFileSystem disk = whole.Clone();
                disk.SetContent(path, bytes);
                try
                {
                    SnapshotStore store = SnapshotStore.Open(disk, SnapshotStoreTests.Directory, SnapshotStoreTests.Cluster);
                    return $"read {SnapshotStoreTests.Read(store, store.Latest!).Length} bytes";
                }
                catch (StorageException refusal)
                {
                    return refusal.Message;
                }
            },
            Seals.Snapshot,
            FileInputs,
            allocatedBytesMax: 8 << 20).Run();

        Assert.True(places.Count >= 8, string.Join('\n', places));
    }

    [Fact]
    public void Identities_WhateverTheBytes_AreReadOrRefused()
    {
        Configuration founders = new([new Member(new NodeId(1), "n1", "h1:1", ""), new Member(new NodeId(2), "n2", "h2:2", "")]);
        byte[] sample = IdentityFile.Encode(new NodeIdentity(new ClusterId(5), new NodeId(1), "n1", FormationState.Formed, founders));
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            24,
            [sample],
            bytes =>
            {
                try
                {
                    return "read as " + IdentityFile.Decode("identity.json", bytes).State;
                }
                catch (DataDirectoryException refusal)
                {
                    return refusal.Message;
                }
            },
            ResealIdentity).Run();

        Assert.True(places.Count >= 4, string.Join('\n', places));
    }

    private static string Open(CrashingFileSystem whole, string path, byte[] bytes)
    {
        CrashingFileSystem disk = whole.Clone();
        disk.SetContent(path, bytes);
        try
        {
            using WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog recovered);
            return $"opened, torn {recovered.TornBytes > 0}, batches {recovered.Batches.Count}";
        }
        catch (StorageException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>Gives a changed text the checksum that it ought to have.</summary>
    private static byte[] ResealIdentity(byte[] bytes)
    {
        const string Start = ",\n  \"crc32c\": \"";
        int at = bytes.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes(Start));
        if (at < 0 || bytes.Length < at + Start.Length + 8)
        {
            return bytes;
        }

        byte[] digits = System.Text.Encoding.ASCII.GetBytes(Crc32C.Compute(bytes.AsSpan(0, at)).ToString("x8", System.Globalization.CultureInfo.InvariantCulture));
        digits.CopyTo(bytes, at + Start.Length);
        return bytes;
    }
}
