using System.Diagnostics;
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
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Waits until all nodes have applied the same index, or recorded a hash at the same one, and compares.</summary>
    public static async Task<StateComparison> MakeAsync(IReadOnlyList<NodeConnection> nodes, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        string trouble;
        do
        {
            (StateComparison? made, trouble) = await TryAsync(nodes, cancellationToken);
            if (made is not null)
            {
                return made;
            }

            await Task.Delay(100, cancellationToken);
        }
        while (clock.Elapsed < Deadline);

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
