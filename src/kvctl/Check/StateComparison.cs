using System.Globalization;
using System.Text.Json;

namespace RaftStore.Kvctl.Check;

/// <summary>Whether all nodes came to the same state.</summary>
/// <param name="AreEqual">Null where they could not be compared.</param>
/// <param name="Index">The applied index that was compared.</param>
/// <param name="Hashes">Each node's hash there.</param>
/// <param name="Trouble">Why they could not be compared.</param>
internal sealed record StateComparison(bool? AreEqual, long Index, IReadOnlyDictionary<string, string> Hashes, string? Trouble)
{
    /// <summary>Waits until all nodes have applied the same index, or recorded a hash at the same one, and compares.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="wait">Is told what is waited for, each time that they could not be compared.</param>
    /// <param name="stop">Ends the waiting; they then count as not compared, and nothing is thrown.</param>
    public static async Task<StateComparison> MakeAsync(IReadOnlyList<NodeConnection> nodes, Func<string, Task> wait, CancellationToken stop)
    {
        string trouble = "there was no time left for it";
        try
        {
            while (!stop.IsCancellationRequested)
            {
                (StateComparison? made, trouble) = await TryAsync(nodes, stop);
                if (made is not null)
                {
                    return made;
                }

                await wait(trouble);
                await CheckLoad.PassAsync(TimeSpan.FromMilliseconds(100), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What the last attempt came to is what there is to tell.
        }

        return new StateComparison(null, 0, new Dictionary<string, string>(), trouble);
    }

    /// <summary>The same, knowing that members were not asked: without a voter's hash nobody can say that all are equal.</summary>
    public StateComparison Without(IReadOnlyList<CheckLeftOut> leftOut)
    {
        string[] voters = [.. leftOut.Where(member => !member.IsLearner).Select(member => member.Name)];
        return AreEqual == true && voters.Length > 0
            ? this with { AreEqual = null, Trouble = $"nothing is known about {string.Join(", ", voters)}; those that were asked are equal" }
            : this;
    }

    private static async Task<(StateComparison? Made, string Trouble)> TryAsync(IReadOnlyList<NodeConnection> nodes, CancellationToken cancellationToken)
    {
        JsonElement?[] statuses = await Task.WhenAll(nodes.Select(node => node.JsonAsync("/v1/status", cancellationToken)));
        int silent = Array.FindIndex(statuses, status => status is null);
        if (silent >= 0)
        {
            return (null, $"{nodes[silent].Node.Name} does not answer");
        }

        long[] applied = [.. statuses.Select(status => status!.Value.TryGetProperty("appliedIndex", out JsonElement index) ? index.GetInt64() : -1)];
        if (applied.Distinct().Count() > 1 || applied[0] < 0)
        {
            return (null, $"the nodes have not applied the same: {string.Join(", ", nodes.Select((node, i) => $"{node.Node.Name} is at {applied[i].ToString(CultureInfo.InvariantCulture)}"))}");
        }

        JsonElement?[] asked = await Task.WhenAll(nodes.Select(node => node.JsonAsync($"/v1/status?at={applied[0].ToString(CultureInfo.InvariantCulture)}", cancellationToken)));
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (asked[i] is not { } status || !status.TryGetProperty("stateHash", out JsonElement hash) || hash.ValueKind != JsonValueKind.Object || hash.GetProperty("index").GetInt64() != applied[0])
            {
                return (null, $"{nodes[i].Node.Name} went on before its hash was asked for");
            }

            hashes[nodes[i].Node.Name] = hash.GetProperty("hash").GetString() ?? string.Empty;
        }

        return (new StateComparison(hashes.Values.Distinct(StringComparer.Ordinal).Count() == 1, applied[0], hashes, null), string.Empty);
    }
}
