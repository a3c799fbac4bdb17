using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using RaftStore.Node;
using RaftStore.Server.Http;

namespace RaftStore.Server.Faults;

/// <summary>Faults as JSON.</summary>
internal static class FaultsJson
{
    /// <summary>A plan and what it has done.</summary>
    public static byte[] Format(FaultPlan plan, long framesDropped, long framesDelayed) => Write(json =>
    {
        WritePlan(json, plan);
        json.WriteNumber("framesDropped", framesDropped);
        json.WriteNumber("framesDelayed", framesDelayed);
    });

    /// <summary>A plan in one line, for the log.</summary>
    public static string Describe(FaultPlan plan) => plan.IsNone ? "none any more" : Encoding.UTF8.GetString(Write(json => WritePlan(json, plan)));

    /// <summary>Reads a change.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? Parse(ReadOnlyMemory<byte> body, out FaultChange change)
    {
        FaultChange read = new([], [], default, null, null);
        bool hasFault = false;
        Problem? refused = JsonBody.ReadObject(body, depthMax: 3, property =>
        {
            hasFault |= property.Name is "drop" or "delayMs";
            return Take(property, ref read);
        });
        change = read;
        return refused ?? CheckWhole(read, hasFault);
    }

    private static Problem? CheckWhole(FaultChange change, bool hasFault)
    {
        bool hasPeers = change.To.Count + change.From.Count > 0;
        if (hasPeers != hasFault)
        {
            return new Problem(ProblemType.InvalidRequest, hasPeers ? "'to' and 'from' need 'drop' or 'delayMs': what shall happen to those messages?" : "'drop' and 'delayMs' need 'to' or 'from': whose messages are meant?");
        }

        return hasPeers || change.LogStallMs is not null || change.TickFactor is not null
            ? null
            : new Problem(ProblemType.InvalidRequest, "The body names no fault: give 'to' or 'from' with 'drop' or 'delayMs', or 'stallLogMs', or 'tickFactor'.");
    }

    private static Problem? Take(JsonProperty property, ref FaultChange change)
    {
        JsonElement value = property.Value;
        switch (property.Name)
        {
            case "to" when TryReadNames(value, out List<string> names):
                change = change with { To = names };
                return null;
            case "from" when TryReadNames(value, out List<string> names):
                change = change with { From = names };
                return null;
            case "to" or "from":
                return Malformed(property, "a list of names of members");
            case "drop" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                change = change with { Fault = change.Fault with { Drops = value.GetBoolean() } };
                return null;
            case "drop":
                return Malformed(property, "true or false");
            case "delayMs" when TryReadNumber(value, FaultPlan.DelayMsMax, out int delayMs):
                change = change with { Fault = change.Fault with { DelayMs = delayMs } };
                return null;
            case "delayMs":
                return Malformed(property, $"a whole number from 0 to {FaultPlan.DelayMsMax}, in milliseconds");
            case "stallLogMs" when TryReadNumber(value, FaultPlan.LogStallMsMax, out int stallMs):
                change = change with { LogStallMs = stallMs };
                return null;
            case "stallLogMs":
                return Malformed(property, $"a whole number from 0 to {FaultPlan.LogStallMsMax}, in milliseconds");
            case "tickFactor" when value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double factor) && factor is >= NodeClock.FactorMin and <= NodeClock.FactorMax:
                change = change with { TickFactor = factor };
                return null;
            case "tickFactor":
                return Malformed(property, "a number from 0.1 to 10: how fast the clock goes, of the machine's");
            default:
                return new Problem(ProblemType.InvalidRequest, $"'{property.Name}' is no fault. There are to, from, drop, delayMs, stallLogMs and tickFactor.");
        }
    }

    private static Problem Malformed(JsonProperty property, string what) => new(ProblemType.InvalidRequest, $"'{property.Name}' must be {what}.");

    private static bool TryReadNumber(JsonElement value, int most, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number) && number >= 0 && number <= most;
    }

    private static bool TryReadNames(JsonElement value, out List<string> names)
    {
        names = [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (JsonElement element in value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: > 0 } name)
            {
                return false;
            }

            names.Add(name);
        }

        return true;
    }

    private static void WritePlan(Utf8JsonWriter json, FaultPlan plan)
    {
        WriteFaults(json, "to", plan.To);
        WriteFaults(json, "from", plan.From);
        json.WriteNumber("stallLogMs", plan.LogStallMs);
        json.WriteNumber("tickFactor", plan.TickFactor);
    }

    private static void WriteFaults(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, PeerFault> faults)
    {
        json.WriteStartArray(name);
        foreach ((string peer, PeerFault fault) in faults)
        {
            json.WriteStartObject();
            json.WriteString("peer", peer);
            json.WriteBoolean("drop", fault.Drops);
            json.WriteNumber("delayMs", fault.DelayMs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
