using RaftStore.Node.Snapshots;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Snapshots;

public sealed class SnapshotSendTests
{
    private const int Chunk = 100;

    [Fact]
    public void CanSend_WithoutAnswers_StopsAtTheWindow()
    {
        SnapshotSend send = Make(1000);

        Assert.Equal([0L, 100, 200, 300], SendAll(send, nowMs: 0));
    }

    [Fact]
    public void Answered_OneChunk_LetsOneMoreGo()
    {
        SnapshotSend send = Make(1000);
        SendAll(send, 0);

        send.Answered(100, 10);

        Assert.Equal([400L], SendAll(send, 10));
    }

    [Fact]
    public void Answered_FurtherThanWasSent_GoesOnThere()
    {
        SnapshotSend send = Make(1000);

        send.Answered(700, 0);

        Assert.Equal([700L, 800, 900], SendAll(send, 0));
    }

    [Fact]
    public void ResendWhenDue_NothingCame_GoesBackToTheLastAnswer()
    {
        SnapshotSend send = Make(1000);
        SendAll(send, 0);
        send.Answered(200, 10);
        SendAll(send, 10);

        send.ResendWhenDue(509);
        Assert.False(send.CanSend);
        send.ResendWhenDue(510);

        Assert.Equal([200L, 300, 400, 500], SendAll(send, 510));
    }

    [Fact]
    public void ResendWhenDue_TheFollowerLostTheFile_BeginsAnew()
    {
        SnapshotSend send = Make(1000);
        SendAll(send, 0);
        send.Answered(400, 10);
        send.Answered(0, 20);
        Assert.Equal(400, send.NextOffset);

        send.ResendWhenDue(1000);

        Assert.Equal(0, send.NextOffset);
    }

    [Fact]
    public void Answered_OneByteLess_RepeatsOneByte()
    {
        SnapshotSend send = Make(350);
        Assert.Equal([0L, 100, 200, 300], SendAll(send, 0));
        send.Answered(349, 10);
        Assert.False(send.IsInstalled);

        send.ResendWhenDue(1000);

        Assert.Equal((349L, 1), (send.NextOffset, send.NextBytes));
        send.Answered(350, 1010);
        Assert.True(send.IsInstalled);
    }

    [Fact]
    public void IsHopeless_SilentOrStuck_IsTrueInTheEnd()
    {
        SnapshotSend silent = Make(1000);
        Assert.False(silent.IsHopeless(30_000));
        Assert.True(silent.IsHopeless(30_001));

        SnapshotSend stuck = Make(1000);
        for (long now = 0; now <= 600_000; now += 1000)
        {
            stuck.Answered(0, now);
            Assert.False(stuck.IsHopeless(now));
        }

        Assert.True(stuck.IsHopeless(600_001));
    }

    [Fact]
    public void RateLimit_OverASecond_LetsThroughWhatItSays()
    {
        RateLimit rate = new(1_000_000);
        long sent = 0;
        for (long now = 0; now < 1000; now += 10)
        {
            while (rate.IsOpen(now))
            {
                rate.Spend(10_000, now);
                sent += 10_000;
            }
        }

        Assert.InRange(sent, 990_000, 1_080_000);
        Assert.InRange(rate.WaitMs(990), 1, 20);
        Assert.Equal(0, rate.WaitMs(5000));
    }

    private static List<long> SendAll(SnapshotSend send, long nowMs)
    {
        List<long> offsets = [];
        while (send.CanSend)
        {
            offsets.Add(send.NextOffset);
            send.Sent(send.NextBytes, nowMs);
        }

        return offsets;
    }

    private static SnapshotSend Make(long lengthBytes)
    {
        SnapshotMetadata metadata = new(new EntryId(5, 2), 0, Codec.FrameSamples.Members, lengthBytes);
        return new SnapshotSend(new NodeId(2), term: 3, new SnapshotFile(metadata, "file"), Chunk, nowMs: 0);
    }
}
