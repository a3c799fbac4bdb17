using System.Text;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>The mark of a quarantine: there or not, whatever happens on the way, and never lost because it cannot be read.</summary>
public sealed class QuarantineMarkTests
{
    private const string Root = "data/n2";

    private static readonly QuarantineNote Note = new(3000, "0102030405060708090a0b0c0d0e0f10", "1112131415161718191a1b1c1d1e1f20", HasMajority: false);

    [Fact]
    public void Mark_WrittenAndRemoved_IsFoundInBetween()
    {
        CrashingFileSystem disk = Formed();
        Assert.Null(MarkOf(disk).Read());

        MarkOf(disk).Write(Note);
        Assert.Equal(Note, MarkOf(disk).Read());
        MarkOf(disk).Write(Note with { Index = 4000, HasMajority = true });
        Assert.Equal(Note with { Index = 4000, HasMajority = true }, MarkOf(disk).Read());

        MarkOf(disk).Remove();
        MarkOf(disk).Remove();
        Assert.Null(MarkOf(disk).Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"index\":\"x\"}")]
    [InlineData("{\"index\":1,\"ownHash\":\"a\",\"otherHash\":\"b\"}")]
    public void Mark_ThatIsDamaged_IsAMarkOfTheStricterKind(string content)
    {
        CrashingFileSystem disk = Formed();
        MarkOf(disk).Write(Note);
        disk.SetContent($"{Root}/{QuarantineMark.Name}", Encoding.UTF8.GetBytes(content));

        Assert.Equal(new QuarantineNote(0, "", "", HasMajority: true), MarkOf(disk).Read());
    }

    [Fact]
    public void PowerCut_AtEachStep_LeavesWhatWasOrWhatWasToBe()
    {
        bool crashed = true;
        for (int step = 1; crashed; step++)
        {
            crashed = false;
            for (int seed = 0; seed < 4; seed++)
            {
                CrashingFileSystem disk = Formed();
                disk.CrashAt = disk.Operations + step;
                List<QuarantineNote?> possible = [null];
                try
                {
                    possible = [null, Note];
                    MarkOf(disk).Write(Note);
                    possible = [Note];
                    possible = [Note, null];
                    MarkOf(disk).Remove();
                    possible = [null];
                }
                catch (CrashException)
                {
                    crashed = true;
                }

                disk.PowerCut(new Random(seed));
                Assert.Contains(MarkOf(disk).Read(), possible);
            }
        }
    }

    [Fact]
    public void TakeReplacement_OfAMarkedDirectory_PutsTheMarkAside()
    {
        ClusterId coming = new(0xFEDCBA9876543210);
        bool crashed = true;
        for (int step = 1; crashed; step++)
        {
            crashed = false;
            CrashingFileSystem disk = Formed();
            MarkOf(disk).Write(Note);
            Form(disk, $"{Root}/recovery.tmp", coming);
            disk.CrashAt = disk.Operations + step;
            try
            {
                using DataDirectory directory = DataDirectory.Open(disk, Root);
                directory.TakeReplacement();
            }
            catch (CrashException)
            {
                crashed = true;
            }

            disk.PowerCut(new Random(step));
            disk.Restart();
            using DataDirectory reopened = DataDirectory.Open(disk, Root);
            Assert.Equal(reopened.Identity!.Cluster == coming ? null : Note, reopened.Quarantine.Read());
            Assert.Equal(reopened.Identity.Cluster == coming, disk.FileExists($"{Root}/before-{coming}/{QuarantineMark.Name}"));
        }
    }

    private static QuarantineMark MarkOf(CrashingFileSystem disk)
    {
        disk.Restart();
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        return directory.Quarantine;
    }

    private static CrashingFileSystem Formed()
    {
        CrashingFileSystem disk = new();
        Form(disk, Root, DataDirectoryTests.Identity().Cluster);
        return disk;
    }

    private static void Form(CrashingFileSystem disk, string path, ClusterId cluster)
    {
        using DataDirectory directory = DataDirectory.Open(disk, path);
        directory.WriteIdentity(DataDirectoryTests.Identity() with { Cluster = cluster });
    }
}
