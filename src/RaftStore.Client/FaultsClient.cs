using System.Buffers;
using System.Text.Json;
using RaftStore.Client.Http;

namespace RaftStore.Client;

/// <summary>Makes things go wrong on nodes that were started with <c>--enable-fault-injection</c>, to try what the cluster does then. From
/// <see cref="RaftStoreClient.Faults"/>; safe for use by many threads.</summary>
/// <remarks>Every call concerns one node, and throws <see cref="RaftStoreException"/> where that one does not answer, or refuses: with status 404
/// where fault injection is off there. Faults stay until they are healed, or the node is started anew.</remarks>
public sealed class FaultsClient
{
    private const string FaultsTarget = "/v1/faults";

    private readonly RequestRunner _runner;

    internal FaultsClient(RequestRunner runner) => _runner = runner;

    /// <summary>What goes wrong on a node.</summary>
    public Task<NodeFaults> GetAsync(Uri node, CancellationToken cancellationToken = default) =>
        SendAsync(new Call { Method = HttpMethod.Get, Target = FaultsTarget, OnlyEndpoint = node }, cancellationToken);

    /// <summary>Changes what goes wrong on a node.</summary>
    /// <returns>All that goes wrong there afterwards.</returns>
    public Task<NodeFaults> ChangeAsync(Uri node, FaultChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return SendAsync(new Call { Method = HttpMethod.Post, Target = FaultsTarget, OnlyEndpoint = node, Body = Write(change), ContentType = "application/json" }, cancellationToken);
    }

    /// <summary>Ends everything that goes wrong on a node on purpose.</summary>
    public Task<NodeFaults> HealAsync(Uri node, CancellationToken cancellationToken = default) =>
        SendAsync(new Call { Method = HttpMethod.Delete, Target = FaultsTarget, OnlyEndpoint = node }, cancellationToken);

    // Doing any of it twice does no more than once: none of them is a write that might have to be looked after.
    private async Task<NodeFaults> SendAsync(Call call, CancellationToken cancellationToken)
    {
        Answer answer = await _runner.RunAsync(call, cancellationToken);
        return answer.Status == 200 ? answer.Read(WireJson.Default.NodeFaults) : throw answer.ToException();
    }

    private static byte[] Write(FaultChange change)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (change.To.Count + change.From.Count > 0)
            {
                WriteNames(json, "to", change.To);
                WriteNames(json, "from", change.From);
                json.WriteBoolean("drop", change.Drop);
                json.WriteNumber("delayMs", change.DelayMs);
            }

            if (change.StallLogMs is { } stallMs)
            {
                json.WriteNumber("stallLogMs", stallMs);
            }

            if (change.TickFactor is { } factor)
            {
                json.WriteNumber("tickFactor", factor);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteNames(Utf8JsonWriter json, string property, IReadOnlyList<string> names)
    {
        json.WriteStartArray(property);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
