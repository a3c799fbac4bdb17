using System.Text;
using RaftStore.Kv;
using RaftStore.Kvctl.Tests.Fakes;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Kvctl.Tests.Snapshots;

/// <summary><c>snapshot save</c>, <c>inspect</c> and <c>restore</c>, without a cluster.</summary>
public sealed class SnapshotCommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kvctl-test-");

    private string File => Path.Combine(_directory.FullName, "backup.snap");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Save_WholeAnswer_KeepsItVerified()
    {
        byte[] snapshot = Snapshot();
        using var server = new ScriptedServer(_ => Reply.Binary(snapshot, "RaftStore-Revision: 2", "RaftStore-Node: n1"));

        Shell.Ran ran = await Shell.RunAsync(server, "snapshot", "save", File);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal($"saved revision 2 to {File}: 2 keys, {snapshot.Length} bytes, verified\n", ran.Text);
        Assert.Equal(snapshot, await System.IO.File.ReadAllBytesAsync(File));
        Assert.Equal("/v1/snapshot", Assert.Single(server.Requests).Target);
        Assert.Single(_directory.GetFiles());
    }

    [Fact]
    public async Task Save_NodeThatCannot_AsksTheNext()
    {
        using var busy = new ScriptedServer(_ => Reply.Problem(503, "overloaded", outcome: null, "Retry-After: 1"));
        using var server = new ScriptedServer(_ => Reply.Binary(Snapshot(), "RaftStore-Revision: 2"));

        Shell.Ran ran = await Shell.RunAsync([busy.Endpoint, server.Endpoint], "snapshot", "save", File, "--consistency", "stale");

        Assert.Equal(0, ran.Code);
        Assert.Equal("/v1/snapshot?consistency=stale", Assert.Single(server.Requests).Target);
    }

    [Fact]
    public async Task Save_AnswerThatBreaksOff_KeepsTheOldFileAndNothingElse()
    {
        await System.IO.File.WriteAllTextAsync(File, "the last backup");
        Reply whole = Reply.Binary(Snapshot(), "RaftStore-Revision: 2");
        using var server = new ScriptedServer(_ => whole.CutAt(whole.Bytes.Length - 1));

        Shell.Ran ran = await Shell.RunAsync(server, "snapshot", "save", File);

        Assert.Equal(4, ran.Code);
        Assert.StartsWith("kvctl: snapshot save: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains("broke off after", ran.Error, StringComparison.Ordinal);
        Assert.Equal("the last backup", await System.IO.File.ReadAllTextAsync(Assert.Single(_directory.GetFiles()).FullName));
    }

    [Fact]
    public async Task Save_DamagedOrWrongAnswer_IsRefusedWith6()
    {
        byte[] damaged = Snapshot();
        damaged[damaged.Length / 2] ^= 1;
        foreach ((byte[] body, string revision) in new[] { (damaged, "2"), (Snapshot(), "3") })
        {
            using var server = new ScriptedServer(_ => Reply.Binary(body, $"RaftStore-Revision: {revision}"));

            Shell.Ran ran = await Shell.RunAsync(server, "snapshot", "save", File);

            Assert.Equal(6, ran.Code);
            Assert.Contains("offset", ran.Error, StringComparison.Ordinal);
            Assert.Empty(_directory.GetFiles());
        }
    }

    [Fact]
    public async Task Save_NobodyThereOrNoSuchDirectory_SaysSo()
    {
        Shell.Ran nobody = await Shell.RunAsync([ScriptedServer.RefusingEndpoint()], "snapshot", "save", File);
        Shell.Ran nowhere = await Shell.RunAsync([ScriptedServer.RefusingEndpoint()], "snapshot", "save", Path.Combine(_directory.FullName, "none", "x"));

        Assert.Equal((4, 2), (nobody.Code, nowhere.Code));
        Assert.Contains("refused the connection", nobody.Error, StringComparison.Ordinal);
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public async Task Inspect_WholeFile_TellsWhatItHolds()
    {
        await System.IO.File.WriteAllBytesAsync(File, Snapshot());

        Shell.Ran text = await Offline("snapshot", "inspect", File);
        Shell.Ran json = await Offline("snapshot", "inspect", File, "-o", "json");

        Assert.Equal(0, text.Code);
        foreach (string fact in new[] { "00000000000000ab", "7 of term 3", "revision            2\n", "keys                2\n", "n1 (id 1) at 127.0.0.1:7501", "every checksum is right" })
        {
            Assert.Contains(fact, text.Text, StringComparison.Ordinal);
        }

        Assert.Contains("\"clusterId\":\"00000000000000ab\",\"index\":7,\"term\":3,\"revision\":2,\"compactedRevision\":0,\"keys\":2,\"versions\":2", json.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_FlippedBitInAnyByte_IsRefusedWithTheOffset()
    {
        byte[] whole = Snapshot();
        for (int place = 0; place < whole.Length; place++)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= (byte)(1 << (place % 8));
            await System.IO.File.WriteAllBytesAsync(File, damaged);

            Shell.Ran ran = await Offline("snapshot", "inspect", File);

            Assert.Equal((6, ""), (ran.Code, ran.Text));
            Assert.Matches(@"offset \d+: ", ran.Error);
        }
    }

    [Fact]
    public async Task Restore_DamagedFile_MakesNothing()
    {
        byte[] damaged = Snapshot();
        damaged[^1] ^= 1;
        await System.IO.File.WriteAllBytesAsync(File, damaged);

        Shell.Ran ran = await Offline("snapshot", "restore", File, "--data", Data);

        Assert.Equal(6, ran.Code);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task Restore_DirectoryThatIsNotEmpty_IsRefusedAndLeftAlone()
    {
        await System.IO.File.WriteAllBytesAsync(File, Snapshot());
        Assert.Equal(0, (await Offline("snapshot", "restore", File, "--data", Data)).Code);
        string identity = await System.IO.File.ReadAllTextAsync(Path.Combine(Data, "identity.json"));

        Shell.Ran again = await Offline("snapshot", "restore", File, "--data", Data);
        Shell.Ran foreign = await Offline("snapshot", "restore", File, "--data", _directory.FullName);

        Assert.Equal((2, 2), (again.Code, foreign.Code));
        Assert.Contains("n1", again.Error, StringComparison.Ordinal);
        Assert.Contains("backup.snap", foreign.Error, StringComparison.Ordinal);
        Assert.Equal(identity, await System.IO.File.ReadAllTextAsync(Path.Combine(Data, "identity.json")));
    }

    [Fact]
    public async Task Restore_EmptyDirectory_TellsTheNewClusterAndTheNextStep()
    {
        await System.IO.File.WriteAllBytesAsync(File, Snapshot());
        Directory.CreateDirectory(Data);

        Shell.Ran ran = await Offline("snapshot", "restore", File, "--data", Data, "--name", "east-1", "--peer", "10.0.0.1:7500", "--bump-revision", "1000");

        Assert.Equal(0, ran.Code);
        Assert.Contains("restored revision 2 of cluster 00000000000000ab: 2 keys\n", ran.Text, StringComparison.Ordinal);
        Assert.Contains("goes on from 1002\n", ran.Text, StringComparison.Ordinal);
        Assert.Contains($"raftstore --name east-1 --data {Data}\n", ran.Text, StringComparison.Ordinal);
        string identity = await System.IO.File.ReadAllTextAsync(Path.Combine(Data, "identity.json"));
        Assert.Contains("\"east-1\"", identity, StringComparison.Ordinal);
        Assert.Contains("\"10.0.0.1:7500\"", identity, StringComparison.Ordinal);
        Assert.DoesNotContain("00000000000000ab", identity, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("snapshot save")]
    [InlineData("snapshot inspect no-such-file", "no-such-file")]
    [InlineData("snapshot restore x", "--data")]
    [InlineData("snapshot restore x --data y --name -n", "-n")]
    [InlineData("snapshot restore x --data y --name a/b", "a/b")]
    [InlineData("snapshot restore x --data y --peer 127.0.0.1", "--peer")]
    [InlineData("snapshot restore x --data y --bump-revision=-1", "--bump-revision")]
    public async Task Snapshot_BadArguments_ExitsWith2AndSaysWhich(string line, string named = "snapshot save")
    {
        Shell.Ran ran = await Offline(line.Split(' '));

        Assert.Equal(2, ran.Code);
        Assert.Contains(named, ran.Error, StringComparison.Ordinal);
    }

    private string Data => Path.Combine(_directory.FullName, "data");

    private static Task<Shell.Ran> Offline(params string[] args) => Shell.RunAsync(args, [], isTerminal: false, _ => null);

    private static byte[] Snapshot()
    {
        KvStore store = new();
        byte[][] log = [[], KvCommand.Put("a"u8, Encoding.UTF8.GetBytes(new string('x', 300))), [], KvCommand.Put("b"u8, "2"u8), [], [], []];
        for (int i = 0; i < log.Length; i++)
        {
            store.Apply(i + 1, clusterTimeMs: 10 * i, log[i]);
        }

        store.Publish();
        Configuration members = new([new Member(new NodeId(1), "n1", "127.0.0.1:7501", "")]);
        using MemoryStream bytes = new();
        using SnapshotEncoder encoder = new(new ClusterId(0xAB), new SnapshotMetadata(new EntryId(7, 3), 60, members, 0), bytes.Write);
        store.Current.WriteSnapshot(encoder);
        encoder.Complete();
        return bytes.ToArray();
    }
}
