using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class DataDirectoryTests
{
    private const string Root = "data/n2";
    private const string IdentityPath = "data/n2/identity.json";

    internal static NodeIdentity Identity(FormationState state = FormationState.Formed) => new(
        new ClusterId(0x0123456789ABCDEF), new NodeId(2), "n2", state,
        new Configuration([new Member(new NodeId(1), "n1", "127.0.0.1:7501", "http://127.0.0.1:7401"), new Member(new NodeId(2), "n2", "127.0.0.1:7502", "")]));

    private static CrashingFileSystem Formed()
    {
        CrashingFileSystem disk = new();
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        directory.WriteIdentity(Identity());
        return disk;
    }

    private static DataDirectoryException Refused(CrashingFileSystem disk)
    {
        string[] before = [.. disk.Paths];
        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(disk, Root));
        Assert.Equal(before, disk.Paths);
        return refusal;
    }

    [Fact]
    public void WriteIdentity_ThenReopen_GivesItBack()
    {
        CrashingFileSystem disk = new();
        using (DataDirectory directory = DataDirectory.Open(disk, Root))
        {
            Assert.Null(directory.Identity);
            directory.WriteIdentity(Identity(FormationState.Forming));
            directory.WriteIdentity(Identity());
        }

        using DataDirectory reopened = DataDirectory.Open(disk, Root);
        Assert.Equal(Identity() with { Founders = reopened.Identity!.Founders }, reopened.Identity);
        Assert.Equal(Identity().Founders.Voters.ToArray(), reopened.Identity.Founders.Voters.ToArray());
        Assert.Equal("data/n2/wal", reopened.WalPath);
        Assert.Equal("data/n2/snapshots", reopened.SnapshotPath);
    }

    [Fact]
    public void WriteIdentity_OfANodeThatReplacesItsNamesake_IsGivenBackWhole()
    {
        CrashingFileSystem disk = new();
        Member[] voters = [new(new NodeId(1), "n1", "127.0.0.1:7501", "http://127.0.0.1:7401") { Instance = 5 }, new(new NodeId(2), "n2", "127.0.0.1:7502", "")];
        Member self = new(new NodeId(4), "n2", "127.0.0.1:7502", "") { Instance = 77, PromotesItself = true, Replaces = new NodeId(2) };
        NodeIdentity joined = new(new ClusterId(7), self.Id, self.Name, FormationState.Formed, new Configuration(voters, [], [self], new NodeId(9))) { Instance = 77 };

        using (DataDirectory directory = DataDirectory.Open(disk, Root))
        {
            directory.WriteIdentity(joined);
        }

        using DataDirectory reopened = DataDirectory.Open(disk, Root);
        Assert.Equal(joined with { Founders = reopened.Identity!.Founders }, reopened.Identity);
        Assert.Equal(voters, reopened.Identity.Founders.Voters.ToArray());
        Assert.Equal([self], reopened.Identity.Founders.Learners.ToArray());
        Assert.Equal(new NodeId(9), reopened.Identity.Founders.NextId);
    }

    [Fact]
    public void Open_WhileAnotherHasIt_IsRefusedAndChangesNothing()
    {
        CrashingFileSystem disk = Formed();
        using DataDirectory first = DataDirectory.Open(disk, Root);

        Assert.Contains("another process", Refused(disk).Message, StringComparison.Ordinal);
        first.Dispose();
        using DataDirectory second = DataDirectory.Open(disk, Root);
        Assert.NotNull(second.Identity);
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("wal/0000000000000001.wal")]
    public void Open_OfAForeignDirectory_IsRefusedAndChangesNothing(string file)
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory(System.IO.Path.GetDirectoryName($"{Root}/{file}")!);
        disk.SetContent($"{Root}/{file}", [1]);

        Assert.Contains("not empty", Refused(disk).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfADirectoryWithDirectoriesOnly_IsRefused()
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory(Root + "/photos");

        Assert.Contains("«photos»", Refused(disk).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAFreshVolume_TakesIt()
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory(Root + "/lost+found");

        using DataDirectory directory = DataDirectory.Open(disk, Root);
        Assert.Null(directory.Identity);
    }

    [Fact]
    public void FlippedBit_InEveryByteOfTheIdentity_IsRefused()
    {
        CrashingFileSystem whole = Formed();
        byte[] content = whole.Content(IdentityPath);
        for (int place = 0; place < content.Length; place++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                CrashingFileSystem disk = whole.Clone();
                byte[] damaged = [.. content];
                damaged[place] ^= (byte)(1 << bit);
                disk.SetContent(IdentityPath, damaged);
                DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(disk, Root));
                Assert.Equal(IdentityPath, refusal.Path);
            }
        }
    }

    [Fact]
    public void Cut_AtEveryByteOfTheIdentity_IsRefused()
    {
        CrashingFileSystem disk = Formed();
        byte[] content = disk.Content(IdentityPath);
        for (int cut = 0; cut < content.Length; cut++)
        {
            disk.SetContent(IdentityPath, content[..cut]);
            Assert.Equal(IdentityPath, Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(disk, Root)).Path);
        }
    }

    [Fact]
    public void Identity_OfANewerFormat_IsRefusedAsSuch()
    {
        CrashingFileSystem disk = Formed();
        string text = System.Text.Encoding.UTF8.GetString(disk.Content(IdentityPath)).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal);
        int end = text.IndexOf(",\n  \"crc32c\"", StringComparison.Ordinal);
        uint crc = Crc32C.Compute(System.Text.Encoding.UTF8.GetBytes(text[..end]));
        disk.SetContent(IdentityPath, System.Text.Encoding.UTF8.GetBytes($"{text[..end]},\n  \"crc32c\": \"{crc:x8}\"\n}}\n"));

        Assert.Contains("format 2", Refused(disk).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_ThatIsHuge_IsRefusedWithoutReadingIt()
    {
        CrashingFileSystem disk = Formed();
        disk.SetContent(IdentityPath, new byte[IdentityFile.LengthBytesMax + 1]);

        Assert.Contains("no such file has more", Refused(disk).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hardstate")]
    [InlineData("durable")]
    public void Open_OfAFormedNodeWithoutItsLog_IsRefused(string missing)
    {
        CrashingFileSystem disk = Formed();
        disk.Remove($"{Root}/wal/{missing}");

        Assert.Contains("missing", Refused(disk).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forming_AgainUnderAnotherCluster_BeginsTheLogAnew()
    {
        CrashingFileSystem disk = new();
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        directory.WriteIdentity(Identity(FormationState.Forming));
        WalDirectoryOf(disk, new ClusterId(9));
        NodeIdentity other = Identity() with { Cluster = new ClusterId(77) };
        directory.WriteIdentity(other with { State = FormationState.Forming });
        directory.WriteIdentity(other);

        using WriteAheadLog log = WriteAheadLog.Open(disk, directory.WalPath, other.Cluster, LogDriver.Small, default, out RecoveredLog recovered);
        Assert.Equal(default, recovered.HardState);
    }

    [Fact]
    public void PowerCut_AtEachStepOfForming_LeavesTheOldIdentityOrTheNew()
    {
        for (int step = 1; ; step++)
        {
            bool crashed = false;
            for (int seed = 0; seed < 4; seed++)
            {
                CrashingFileSystem disk = new() { CrashAt = step };
                FormationState? written = null;
                try
                {
                    using DataDirectory directory = DataDirectory.Open(disk, Root);
                    directory.WriteIdentity(Identity(FormationState.Forming));
                    written = FormationState.Forming;
                    directory.WriteIdentity(Identity());
                    written = FormationState.Formed;
                }
                catch (CrashException)
                {
                    crashed = true;
                }

                disk.PowerCut(new Random(seed));
                using DataDirectory reopened = DataDirectory.Open(disk, Root);
                FormationState? found = reopened.Identity?.State;
                Assert.True(found == written || found == (written is null ? FormationState.Forming : FormationState.Formed), $"step {step}: {found} after {written}");
                reopened.WriteIdentity(Identity());
                using WriteAheadLog log = WriteAheadLog.Open(disk, reopened.WalPath, Identity().Cluster, LogDriver.Small, default, out _);
            }

            if (!crashed)
            {
                return;
            }
        }
    }

    private static void WalDirectoryOf(CrashingFileSystem disk, ClusterId cluster)
    {
        disk.CreateDirectory(Root + "/wal");
        WalDirectory.Begin(disk, Root + "/wal", cluster);
    }
}
