using RaftStore.Kv.Commands;
using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests.Commands;

public sealed class KvCommandTests
{
    private static readonly byte[][] Samples =
    [
        KvCommand.Put("key"u8, "value"u8),
        KvCommand.Put("k"u8, [], new KvCondition(KvConditionKind.ModRevisionIs, 0x0102030405060708), wantsPrevious: true),
        KvCommand.Delete("key"u8, new KvCondition(KvConditionKind.Exists, 0), wantsPrevious: true),
        KvCommand.Delete("k"u8, new KvCondition(KvConditionKind.NotExists, 0)),
        KvCommand.DeleteRange(Bytes.Range("ab", "c")),
        KvCommand.DeleteRange(Bytes.Range("", null)),
        KvCommand.Compact(0x0102030405060708),
        KvCommand.Compact(0),
        KvCommand.ChangeSettings([Change("historyAge", 60_000), Change("quotaBytes", 1L << 30)]),
    ];

    public static TheoryData<int> SampleNumbers => [.. Enumerable.Range(0, Samples.Length)];

    [Fact]
    public void Put_Encoded_HasTheDrawnBytes()
    {
        Assert.Equal("01010000" + "03000000" + "0000000000000000" + "05000000" + "6B6579" + "76616C7565", Convert.ToHexString(Samples[0]));
        Assert.Equal("01010101" + "01000000" + "0807060504030201" + "00000000" + "6B", Convert.ToHexString(Samples[1]));
    }

    [Fact]
    public void Delete_Encoded_HasTheDrawnBytes()
    {
        Assert.Equal("02010102" + "03000000" + "0000000000000000" + "6B6579", Convert.ToHexString(Samples[2]));
        Assert.Equal("02010003" + "01000000" + "0000000000000000" + "6B", Convert.ToHexString(Samples[3]));
    }

    [Fact]
    public void DeleteRange_Encoded_HasTheDrawnBytes()
    {
        Assert.Equal("03010100" + "02000000" + "01000000" + "6162" + "63", Convert.ToHexString(Samples[4]));
        Assert.Equal("03010000" + "00000000" + "00000000", Convert.ToHexString(Samples[5]));
    }

    [Fact]
    public void Compact_Encoded_HasTheDrawnBytes()
    {
        Assert.Equal("04010000" + "00000000" + "0807060504030201", Convert.ToHexString(Samples[6]));
        Assert.Equal("04010000" + "00000000" + "0000000000000000", Convert.ToHexString(Samples[7]));
    }

    [Fact]
    public void ChangeSettings_Encoded_HasTheDrawnBytesInTheOrderOfIds() =>
        Assert.Equal("05010000" + "02000000" + "01000000" + "0000004000000000" + "05000000" + "60EA000000000000", Convert.ToHexString(Samples[8]));

    [Fact]
    public void ChangeSettings_WhatNoCommandCanHold_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => KvCommand.ChangeSettings([]));
        Assert.Throws<ArgumentException>(() => KvCommand.ChangeSettings([Change("historyAge", 1), Change("historyAge", 2)]));
        foreach (KvSetting setting in KvSetting.All)
        {
            Assert.Null(KvCommand.Check(KvCommand.ChangeSettings([new KvSettingChange(setting, setting.Least)])));
            Assert.Null(KvCommand.Check(KvCommand.ChangeSettings([new KvSettingChange(setting, setting.Most)])));
            Assert.Throws<ArgumentException>(() => KvCommand.ChangeSettings([new KvSettingChange(setting, setting.Least - 1)]));
            Assert.Throws<ArgumentException>(() => KvCommand.ChangeSettings([new KvSettingChange(setting, setting.Most + 1)]));
        }
    }

    [Fact]
    public void WritePutHeader_FollowedByTheValue_IsAPut()
    {
        KvCondition condition = new(KvConditionKind.ModRevisionIs, 7);
        byte[] target = new byte[KvCommand.PutOverheadBytes + 3 + 5];
        int written = KvCommand.WritePutHeader(target, "key"u8, 5, condition, wantsPrevious: true);
        Assert.True(written <= KvCommand.PutOverheadBytes + 3);
        "value"u8.CopyTo(target.AsSpan(written));
        Assert.Equal(KvCommand.Put("key"u8, "value"u8, condition, wantsPrevious: true), target[..(written + 5)]);
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void Check_Sample_IsRightAndReadBack(int number)
    {
        Assert.Null(KvCommand.Check(Samples[number]));
        Assert.True(DecodedCommand.TryRead(Samples[number], out DecodedCommand command, out _));
        byte[] again = command.Kind switch
        {
            KvCommandKind.Put => KvCommand.Put(command.Key, command.Value, command.Condition, command.WantsPrevious),
            KvCommandKind.Delete => KvCommand.Delete(command.Key, command.Condition, command.WantsPrevious),
            KvCommandKind.Compact => KvCommand.Compact(command.Revision),
            KvCommandKind.Settings => KvCommand.ChangeSettings([Change("quotaBytes", SettingsLayout.Apply(command.Value, KvLimits.Default).QuotaBytes), Change("historyAge", SettingsLayout.Apply(command.Value, KvLimits.Default).HistoryAgeMs)]),
            _ => KvCommand.DeleteRange(Bytes.Range(command.Key.ToArray(), command.HasEnd ? command.Value.ToArray() : null)),
        };
        Assert.Equal(Samples[number], again);
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void Apply_CutAtAnyOffset_IsUnknown(int number)
    {
        for (int length = 1; length < Samples[number].Length; length++)
        {
            AssertUnknown(Samples[number][..length]);
        }
    }

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void Apply_ByteBehindTheEnd_IsUnknown(int number) => AssertUnknown([.. Samples[number], 0]);

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void Apply_AnyByteChanged_IsUnknownOrAnotherWholeCommand(int number)
    {
        int understood = 0;
        for (int at = 0; at < Samples[number].Length; at++)
        {
            for (int change = 1; change < 256; change++)
            {
                byte[] changed = [.. Samples[number]];
                changed[at] ^= (byte)change;
                if (KvCommand.Check(changed) is null)
                {
                    understood++;
                    new KvStore().Apply(1, 0, changed);
                }
                else
                {
                    AssertUnknown(changed);
                }
            }
        }

        // A changed key or value is another command; a changed frame hardly ever is. The frame alone is 12 bytes or more.
        Assert.True(understood <= (Samples[number].Length - 8) * 255, $"{understood} changes were understood");
    }

    [Theory]
    [InlineData("01010000FFFFFFFF0000000000000000FFFFFFFF6B")]
    [InlineData("01010000000000000000000000000000010000006B")]
    [InlineData("01010000010000000000000000000000FFFFFFFF6B")]
    [InlineData("02010000FFFFFFFF00000000000000006B")]
    [InlineData("020100000000000000000000000000006B")]
    [InlineData("0301010001000000FFFFFFFF6B")]
    [InlineData("03010000000000000100000063")]
    [InlineData("0301000100000000000000")]
    [InlineData("01010001010000000000000000000080000000006B")]
    [InlineData("01010004010000000000000000000000000000006B")]
    [InlineData("01010002010000000100000000000000000000006B")]
    [InlineData("01010200010000000000000000000000000000006B")]
    [InlineData("01020000010000000000000000000000000000006B")]
    [InlineData("00010000")]
    [InlineData("04010000")]
    [InlineData("04010000000000000000000000000080")]
    [InlineData("04010000000000010500000000000000")]
    [InlineData("04010100000000000500000000000000")]
    [InlineData("04010001000000000500000000000000")]
    [InlineData("04020000000000000500000000000000")]
    [InlineData("05010000")]
    [InlineData("06010000")]
    [InlineData("0501000000000000")]
    [InlineData("050100000100000008000000" + "0100000000000000")]
    [InlineData("050100000100000000000000" + "0100000000000000")]
    [InlineData("050100000100000004000000" + "0000000000000000")]
    [InlineData("050100000200000005000000" + "0100000000000000" + "04000000" + "0100000000000000")]
    [InlineData("050100010100000004000000" + "0100000000000000")]
    public void Apply_LengthFlagConditionFormatOrKindThatCannotBe_IsUnknown(string hex) => AssertUnknown(Convert.FromHexString(hex));

    [Fact]
    public void Check_CommandLongerThanItsLimits_IsRight()
    {
        // Limits are replicated and decide at applying; a lower one must not turn an old entry into an unknown one.
        byte[] put = [.. Convert.FromHexString("0101000001200000000000000000000000000000"), .. new byte[0x2001]];
        Assert.Null(KvCommand.Check(put));
        Assert.Equal(KvStatus.TooLarge, new KvStore().Apply(1, 0, put).Status);
    }

    [Fact]
    public void TryRead_AnyCommand_AllocatesNothing()
    {
        _ = Decode();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int decoded = Decode();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100 * Samples.Length, decoded);

        static int Decode()
        {
            int count = 0;
            for (int i = 0; i < 100; i++)
            {
                foreach (byte[] sample in Samples)
                {
                    count += DecodedCommand.TryRead(sample, out _, out _) ? 1 : 0;
                }
            }

            return count;
        }
    }

    [Fact]
    public void Encoders_WhatNoCommandCanHold_Refuse()
    {
        byte[] tooLong = new byte[KvCommand.KeyBytesMax + 1];
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.Put([], "v"u8));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.Put(tooLong, "v"u8));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.Delete(tooLong));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.DeleteRange(KeyRange.From(tooLong)));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.DeleteRange(KeyRange.Between("a"u8.ToArray(), tooLong)));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.WritePutHeader(new byte[64], "k"u8, KvCommand.ValueBytesMax + 1, default, wantsPrevious: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.WritePutHeader(new byte[64], "k"u8, -1, default, wantsPrevious: false));
        Assert.Throws<ArgumentException>(() => KvCommand.WritePutHeader(new byte[20], "k"u8, 0, default, wantsPrevious: false));
        Assert.Throws<ArgumentException>(() => KvCommand.Delete("k"u8, new KvCondition(KvConditionKind.Exists, 1)));
        Assert.Throws<ArgumentException>(() => KvCommand.Delete("k"u8, new KvCondition(KvConditionKind.ModRevisionIs, -1)));
        Assert.Throws<ArgumentException>(() => KvCommand.Delete("k"u8, new KvCondition((KvConditionKind)4, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvCommand.Compact(-1));
        Assert.Null(KvCommand.Check(KvCommand.Put(tooLong.AsSpan(1), "v"u8)));
    }

    private static KvSettingChange Change(string name, long value) => new(KvSetting.Find(name)!, value);

    private static void AssertUnknown(byte[] command)
    {
        Assert.NotNull(KvCommand.Check(command));
        KvStore store = new();
        Assert.Throws<UnknownCommandException>(() => store.Apply(1, 0, command));
        store.Publish();
        Assert.Equal(0, store.Current.AppliedIndex);
    }
}
