using System.Buffers;
using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests;

/// <summary>The cluster's settings: an entry changes them, and they decide over the entries behind it.</summary>
public sealed class KvStoreSettingsTests
{
    private readonly KvStore _store = new();
    private long _index;

    [Fact]
    public void ChangeSettings_Some_ChangesThoseAndMakesNoRevision()
    {
        Apply(KvCommand.Put("a"u8, "1"u8));
        string before = _store.Current.Hash;
        KvView untouched = _store.Current;

        KvResult result = Change(("keyBytesMax", 3), ("historyAge", 60_000));

        Assert.Equal(new KvResult(KvStatus.Done, 1, 0, 0, null), result);
        Assert.Equal(KvLimits.Default with { KeyBytesMax = 3, HistoryAgeMs = 60_000 }, _store.Current.Limits);
        Assert.Equal(KvLimits.Default, untouched.Limits);
        Assert.Equal(before, untouched.Hash);
        Assert.Equal(KvStatus.TooLarge, Apply(KvCommand.Put("abcd"u8, "1"u8)).Status);
        Assert.Equal(KvStatus.Done, Apply(KvCommand.Put("abc"u8, "1"u8)).Status);
    }

    [Fact]
    public void Hash_StoresThatDifferInOneSetting_Differs()
    {
        HashSet<string> hashes = [];
        foreach (KvSetting setting in KvSetting.All)
        {
            KvStore store = new();
            store.Apply(1, 0, KvCommand.ChangeSettings([new KvSettingChange(setting, setting.Least)]));
            store.Publish();
            Assert.Equal(setting.Least, setting.ValueIn(store.Current.Limits));
            Assert.True(hashes.Add(store.Current.Hash), setting.Name);
        }

        KvStore untouched = new();
        untouched.Apply(1, 0, []);
        untouched.Publish();
        Assert.True(hashes.Add(untouched.Current.Hash));
    }

    [Fact]
    public void Snapshot_OfChangedSettings_CarriesThem()
    {
        Change([.. KvSetting.All.Select(setting => (setting.Name, setting.Least))]);
        ArrayBufferWriter<byte> bytes = new();
        _store.Current.WriteSnapshot(bytes);
        KvSnapshotLoader loader = new();
        loader.Add(bytes.WrittenSpan);
        KvView loaded = loader.Complete().Current;

        Assert.All(KvSetting.All, setting => Assert.Equal(setting.Least, setting.ValueIn(loaded.Limits)));
        Assert.Equal(_store.Current.Hash, loaded.Hash);
    }

    [Fact]
    public void Quota_LoweredBelowWhatIsStored_RefusesPutsUntilItIsRaised()
    {
        byte[] half = new byte[600_000];
        Apply(KvCommand.Put("a"u8, half));
        Apply(KvCommand.Put("b"u8, half));
        Change(("quotaBytes", 1 << 20));

        Assert.Equal(KvStatus.QuotaReached, Apply(KvCommand.Put("c"u8, "x"u8)).Status);
        Assert.Equal(1, Apply(KvCommand.Delete("a"u8)).Deleted);
        Change(("quotaBytes", 2 << 20));
        Assert.Equal(KvStatus.Done, Apply(KvCommand.Put("c"u8, "x"u8)).Status);
    }

    [Fact]
    public void History_ItsSettingsLowered_GoesInTheSlicesOfTheNextEntries()
    {
        for (int i = 0; i < 200; i++)
        {
            Apply(KvCommand.Put("a"u8, "x"u8));
        }

        Assert.Equal(0, _store.Current.CompactedRevision);
        Change(("historyRevisionsMin", 0), ("historyPercent", 0));
        long atFirst = _store.Current.CompactedRevision;
        Assert.InRange(atFirst, 1, 20);
        for (int i = 0; i < 500 && _store.Current.CompactedRevision < 200; i++)
        {
            Apply([]);
        }

        Assert.Equal(200, _store.Current.CompactedRevision);
    }

    [Fact]
    public void RangeDelete_OverMoreKeysThanTheSetting_DeletesNone()
    {
        Change(("rangeKeysMax", 2));
        foreach (byte key in "abc"u8)
        {
            Apply(KvCommand.Put([key], "x"u8));
        }

        Assert.Equal(KvStatus.RangeTooLarge, Apply(KvCommand.DeleteRange(Bytes.Range("a", "d"))).Status);
        Assert.Equal(3, _store.Current.KeyCount);
        Assert.Equal(2, Apply(KvCommand.DeleteRange(Bytes.Range("a", "c"))).Deleted);
    }

    private KvResult Change(params (string Name, long Value)[] changes) =>
        Apply(KvCommand.ChangeSettings([.. changes.Select(change => new KvSettingChange(KvSetting.Find(change.Name)!, change.Value))]));

    private KvResult Apply(byte[] command)
    {
        KvResult result = _store.Apply(++_index, 0, command);
        _store.Publish();
        return result;
    }
}
