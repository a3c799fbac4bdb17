using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Bench;

/// <summary>Shows results: a table for people, one JSON document for scripts.</summary>
internal static class BenchReport
{
    private static readonly (string Name, double Percent)[] Percentiles = [("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9)];

    public static void PrintTable(CommandIo io, BenchOptions options, IReadOnlyList<BenchResult> results)
    {
        List<string> headings = ["clients", "ops/s", .. Percentiles.Select(percentile => percentile.Name + " ms"), "max ms", "errors", "generator µs/op"];
        if (options.Pids.Count > 0)
        {
            headings.Add("servers µs/op");
        }

        if (options.Pids.Count > 1)
        {
            headings.AddRange(options.Pids.Select(pid => $"{pid} µs/op"));
        }

        Tables.Print(io, headings, results.Select(result => Cells(options, result)));
    }

    /// <summary>The errors by what was met, a line for each run that had any.</summary>
    public static IEnumerable<string> ErrorLines(IEnumerable<BenchResult> results) =>
        from result in results
        where result.Stats.Errors.Count > 0
        select $"{result.Clients} clients: " + string.Join(", ", result.Stats.Errors.Select(error => $"{error.Key} × {Text(error.Value)}"));

    public static string ToJson(BenchOptions options, string? serverVersion, IReadOnlyList<BenchResult> results) => Json.Write(json =>
    {
        json.WriteString("kvctl", Version);
        json.WriteString("target", options.Target.ToString().ToLowerInvariant());
        Json.WriteOptional(json, "serverVersion", serverVersion);
        json.WriteString("workload", options.Workload.ToString().ToLowerInvariant());
        json.WriteStartArray("endpoints");
        foreach (Uri endpoint in options.Endpoints)
        {
            json.WriteStringValue(endpoint.Authority);
        }

        json.WriteEndArray();
        json.WriteNumber("durationSeconds", options.Duration.TotalSeconds);
        json.WriteNumber("warmupSeconds", options.Warmup.TotalSeconds);
        json.WriteNumber("valueBytes", options.ValueBytes);
        json.WriteNumber("keys", options.Keys);
        if (options.Workload == BenchWorkload.Mixed)
        {
            json.WriteNumber("readPercent", options.ReadPercent);
        }

        json.WriteNumber("seed", options.Seed);
        json.WriteNumber("generatorThreads", options.Threads);
        WriteMachine(json);
        json.WriteStartArray("runs");
        foreach (BenchResult result in results)
        {
            WriteResult(json, options, result);
        }

        json.WriteEndArray();
    });

    private static string Version =>
        typeof(BenchReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static void WriteMachine(Utf8JsonWriter json)
    {
        json.WriteStartObject("machine");
        json.WriteString("os", RuntimeInformation.OSDescription);
        json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());
        json.WriteNumber("cores", Environment.ProcessorCount);
        Json.WriteOptional(json, "cpu", CpuModel());
        json.WriteNumber("memoryBytes", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        json.WriteEndObject();
    }

    private static string? CpuModel()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void WriteResult(Utf8JsonWriter json, BenchOptions options, BenchResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("clients", result.Clients);
        json.WriteNumber("operations", result.Stats.AnsweredInTime);
        json.WriteNumber("operationsPerSecond", Math.Round(result.PerSecond, 1));
        WriteLatencies(json, "latencyMs", result.Latencies);
        if (options.Workload == BenchWorkload.Mixed)
        {
            WriteLatencies(json, "readLatencyMs", result.Stats.Reads);
            WriteLatencies(json, "writeLatencyMs", result.Stats.Writes);
        }

        json.WriteStartObject("errors");
        foreach ((string label, long count) in result.Stats.Errors)
        {
            json.WriteNumber(label, count);
        }

        json.WriteEndObject();
        WriteOptional(json, "generatorMicrosPerOperation", result.PerOperation(result.GeneratorCpu));
        WriteOptional(json, "serverMicrosPerOperation", result.ServerPerOperation);
        json.WriteStartArray("processes");
        foreach ((int pid, TimeSpan? used) in result.ServerCpu)
        {
            json.WriteStartObject();
            json.WriteNumber("pid", pid);
            WriteOptional(json, "cpuSeconds", used?.TotalSeconds);
            WriteOptional(json, "microsPerOperation", result.PerOperation(used));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLatencies(Utf8JsonWriter json, string name, LatencyHistogram latencies)
    {
        json.WriteStartObject(name);
        foreach ((string percentile, double percent) in Percentiles)
        {
            json.WriteNumber(percentile, Milliseconds(latencies.Percentile(percent)));
        }

        json.WriteNumber("max", Milliseconds(latencies.Max));
        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Math.Round(number, 2));
        }
    }

    private static string[] Cells(BenchOptions options, BenchResult result)
    {
        LatencyHistogram latencies = result.Latencies;
        List<string> cells =
        [
            Text(result.Clients),
            result.PerSecond.ToString("0", CultureInfo.InvariantCulture),
            .. Percentiles.Select(percentile => Text(Milliseconds(latencies.Percentile(percentile.Percent)))),
            Text(Milliseconds(latencies.Max)),
            Text(result.ErrorCount),
            Text(result.PerOperation(result.GeneratorCpu)),
        ];
        if (options.Pids.Count > 0)
        {
            cells.Add(Text(result.ServerPerOperation));
        }

        if (options.Pids.Count > 1)
        {
            cells.AddRange(result.ServerCpu.Select(process => Text(result.PerOperation(process.Used))));
        }

        return [.. cells];
    }

    private static double Milliseconds(long nanoseconds) => Math.Round(nanoseconds / 1e6, 3);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(double? number) => number?.ToString("0.0##", CultureInfo.InvariantCulture) ?? "?";
}
