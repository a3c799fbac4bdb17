using System.Globalization;
using RaftStore.Cluster.Tests.Chaos;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests;

/// <summary>Linearizable reads that are under way when the leader freezes, or when another takes over.</summary>
public sealed class ReadsInFlightTests
{
    private const string Key = "k";
    private const int Readers = 12;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task TheLeader_StoppedWithReadsUnderWay_AnswersNoneOfThemFromItsPast()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        int underWay = 0;
        for (int round = 0; round < 3; round++)
        {
            await cluster.AllReadyAsync();
            TestNode stopped = await cluster.LeaderAsync();
            await WriteAsync(cluster, stopped, history, string.Create(CultureInfo.InvariantCulture, $"{round}.before"));
            int answered = 0;
            using var stop = new CancellationTokenSource();
            Task[] readers = [.. Enumerable.Range(0, Readers).Select(_ => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await ReadAsync(stopped, history);
                    Interlocked.Increment(ref answered);
                }
            }))];
            await cluster.HoldsAsync("reads are answered", () => Task.FromResult(Volatile.Read(ref answered) >= 100), Deadline);

            stopped.Pause();
            await stop.CancelAsync();
            TestNode next = await cluster.LeaderAsync(otherThan: stopped);
            underWay += readers.Count(reader => !reader.IsCompleted);
            await WriteAsync(cluster, next, history, string.Create(CultureInfo.InvariantCulture, $"{round}.during"));

            // These are asked after that answer, of the one who sleeps: they are in its sockets when it wakes, beside those it had begun with.
            Task[] late = [.. Enumerable.Range(0, Readers).Select(_ => Task.Run(() => ReadAsync(stopped, history)))];
            await WriteAsync(cluster, next, history, string.Create(CultureInfo.InvariantCulture, $"{round}.at the end"));
            stopped.Resume();
            await Task.WhenAll([.. readers, .. late]);
        }

        await cluster.AllReadyAsync();
        foreach (TestNode node in cluster.Nodes)
        {
            await cluster.HoldsAsync($"{node.Name} answers", () => ReadAsync(node, history), Deadline);
        }

        IReadOnlyList<string> violations = history.FindViolations();
        Assert.True(violations.Count == 0, $"{string.Join('\n', violations)}\n{cluster.Logs}");
        Assert.True(underWay > 0, "no read was under way when its leader stopped");
    }

    [Fact]
    public async Task ReadsAndWrites_OnEveryNodeWhileTheLeadershipMoves_AreNeverStale()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed: 13, clients: 8, keys: 4);
        load.Start();
        int moved = 0;
        for (int turn = 0; turn < 6; turn++)
        {
            await load.DoneAsync(60);
            TestNode leader = await cluster.LeaderAsync();
            TestNode next = cluster.Nodes.First(node => node != leader);
            if (turn % 3 == 2)
            {
                // Not handed over: elected.
                leader.Kill();
                await cluster.LeaderAsync(otherThan: leader);
                leader.Start();
                await cluster.AllReadyAsync();
                continue;
            }

            (int status, string body) = await leader.Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/transfer", $$"""{"to":"{{next.Name}}"}""");
            Assert.True(status is 200 or 409 or 503 or 504, $"{status} {body}");
            moved += status == 200 ? 1 : 0;
        }

        await load.DoneAsync(60);
        await load.StopAsync();
        await load.CheckAsync();
        Assert.True(moved > 0, $"the leadership was never handed over\n{cluster.Logs}");
    }

    private static async Task WriteAsync(TestCluster cluster, TestNode node, AcknowledgedHistory history, string value)
    {
        await cluster.HoldsAsync($"a write at {node.Name} succeeds", async () =>
        {
            // Each attempt has a value of its own: one of unknown outcome may have taken place.
            string attempt = $"{value}.{Guid.NewGuid():n}";
            long begun = history.Begin();
            Answer answer = await node.Http.PutAsync(Key, attempt);
            if (answer.Outcome == Outcome.Unknown)
            {
                history.WriteUnknown(Key, attempt);
            }
            else if (answer.Outcome == Outcome.Done)
            {
                history.WriteAcknowledged(Key, attempt, answer.Revision, begun);
            }

            return answer.Outcome == Outcome.Done;
        }, Deadline);
    }

    private static async Task<bool> ReadAsync(TestNode node, AcknowledgedHistory history)
    {
        long begun = history.Begin();
        Answer answer = await node.Http.GetAsync(Key);
        if (answer.Outcome == Outcome.Done)
        {
            history.ReadAnswered(Key, answer.Value, answer.ModRevision, answer.Revision, begun);
        }

        return answer.Outcome == Outcome.Done;
    }
}
