using System.Text;
using RaftStore.Kv.Tests.Support;
using RaftStore.Raft.Tests.Fuzzing;

namespace RaftStore.Kv.Tests.Fuzzing;

[Trait("Category", "Fuzz")]
public sealed class KvFuzzTests
{
    [Fact]
    public void Commands_WhateverTheBytes_AreAppliedOrRefusedAsTheCheckSays()
    {
        KvStore store = new();
        long index = 0;
        byte[] key = Encoding.ASCII.GetBytes("key");
        byte[][] samples =
        [
            KvCommand.Put(key, [1, 2, 3]),
            KvCommand.Put(key, [1, 2, 3], new KvCondition(KvConditionKind.ModRevisionIs, 1), wantsPrevious: true),
            KvCommand.Delete(key, new KvCondition(KvConditionKind.Exists, 0)),
            KvCommand.DeleteRange(KeyRange.Prefix(key)),
            KvCommand.Compact(1),
            KvCommand.ChangeSettings([new KvSettingChange(KvSetting.All[0], 1 << 30)]),
        ];
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            31,
            samples,
            bytes =>
            {
                string? refusal = KvCommand.Check(bytes);
                try
                {
                    KvResult result = store.Apply(index + 1, index, bytes);
                    index++;
                    Assert.True(refusal is null || bytes.Length == 0, $"applied although {refusal}");
                    return $"applied: {result.Status}";
                }
                catch (UnknownCommandException)
                {
                    Assert.NotNull(refusal);
                    return refusal;
                }
            },
            allocatedBytesMax: 1 << 20).Run();

        Assert.True(places.Count >= 8, string.Join('\n', places));
    }

    [Fact]
    public void Results_WhateverTheBytes_AreReadOrRefused()
    {
        byte[] sample = new byte[200];
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(32, [sample, .. Enumerable.Range(0, 8).Select(kind => (byte[])[(byte)kind, .. sample[..60]])], bytes => KvResult.TryRead(bytes, out KvResult result) ? $"read {result.Status}" : "refused").Run();

        Assert.True(places.Count >= 2, string.Join('\n', places));
    }

    [Fact]
    public void Snapshots_WhateverTheBytes_AreLoadedOrRefused()
    {
        KvStore store = new();
        RandomCommands commands = new(seed: 1) { CompactOneIn = 50 };
        for (int index = 1; index <= 60; index++)
        {
            byte[] command = commands.Next(store.Current.Revision, out _);
            store.Apply(index, commands.ClusterTimeMs, command);
            store.Publish();
        }

        byte[] sample = SnapshotBytes.Write(store.Current);
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            33,
            [sample, SnapshotBytes.Write(new KvStore().Current)],
            bytes =>
            {
                try
                {
                    return $"loaded at {SnapshotBytes.Load(bytes).Current.Revision}";
                }
                catch (FormatException refusal)
                {
                    return refusal.Message;
                }
            },
            inputs: 5_000,

            // A value is as long as it says that it is, before it is read; the longest is 16 MiB.
            allocatedBytesMax: 17 << 20).Run();

        Assert.True(places.Count >= 6, string.Join('\n', places));
    }
}
