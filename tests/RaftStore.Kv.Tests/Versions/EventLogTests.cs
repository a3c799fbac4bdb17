using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.Versions;

public sealed class EventLogTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EventLog_RandomAppendsAndRemovals_IsAQueue(int seed)
    {
        Random random = new(seed);
        EventLog log = new();
        Queue<KeyVersion> model = new();
        for (int i = 1; i <= 40_000; i++)
        {
            bool grows = i / 5_000 % 2 == 0;
            if (random.Next(100) < (grows ? 65 : 35))
            {
                KeyVersion version = new("k"u8, [], new VersionStamp(i, i, 1, 0, 0));
                log.Append(version);
                model.Enqueue(version);
            }
            else if (model.Count > 0)
            {
                log.RemoveFirst();
                model.Dequeue();
            }

            Assert.Equal(model.Count, log.Count);
            Assert.Equal(model.Count > 0, log.TryPeek(out KeyVersion? oldest));
            Assert.Same(model.Count > 0 ? model.Peek() : null, oldest);
        }
    }

    [Fact]
    public void EventLog_EmptiedExactlyAtAChunksEnd_GoesOn()
    {
        EventLog log = new();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 1; i <= 1024; i++)
            {
                log.Append(new KeyVersion("k"u8, [], new VersionStamp(i, i, 1, 0, 0)));
            }

            for (int i = 1; i <= 1024; i++)
            {
                Assert.True(log.TryPeek(out KeyVersion? oldest));
                Assert.Equal(i, oldest.ModRevision);
                log.RemoveFirst();
            }

            Assert.False(log.TryPeek(out _));
        }
    }
}
