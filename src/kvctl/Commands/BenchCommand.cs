using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.Bench;
using RaftStore.Kvctl.CommandLine;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>bench</c>: a closed-loop load generator over raw sockets.</summary>
internal static class BenchCommand
{
    private const int ClientsMax = 10_000;
    private const int ValueBytesMax = 16 * 1024 * 1024;
    private const long DefaultReadKeys = 10_000;

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var workload = new Argument<string>("WORKLOAD") { Description = "put: writes · get: linearizable reads · stale: stale reads · mixed: writes and linearizable reads", HelpName = "put|get|stale|mixed" };
        var clients = new Option<string>("--clients") { Description = "Numbers of clients, one run after the other; each has one connection and one request at a time.", HelpName = "N,…", DefaultValueFactory = _ => "1,16,64,256" };
        var duration = new Option<string>("--duration") { Description = "How long each run is measured.", HelpName = "DURATION", DefaultValueFactory = _ => "10s" };
        var warmup = new Option<string>("--warmup") { Description = "How long each run goes on before it is measured.", HelpName = "DURATION", DefaultValueFactory = _ => "2s" };
        var valueSize = new Option<int>("--value-size") { Description = "Bytes in a written value.", HelpName = "BYTES", DefaultValueFactory = _ => 256 };
        var keys = new Option<long?>("--keys") { Description = "Keys to draw from, uniformly; 0 gives every write a new key. Default: 0 for put, else 10000.", HelpName = "N" };
        var reads = new Option<int>("--reads") { Description = "Of a mixed workload, how many requests in a hundred read.", HelpName = "PERCENT", DefaultValueFactory = _ => 50 };
        var skipPreload = new Option<bool>("--skip-preload") { Description = "The keys to read are there already, from an earlier run." };
        var target = new Option<string>("--target") { Description = "raftstore; etcd: its JSON gateway, by default at 127.0.0.1:2379; null: an empty endpoint, by default at 127.0.0.1:7480.", HelpName = "raftstore|etcd|null", DefaultValueFactory = _ => "raftstore" };
        var pids = new Option<string?>("--pids") { Description = "Server processes on this machine: prints the CPU time they use for each operation.", HelpName = "PID,…" };
        var seed = new Option<int>("--seed") { Description = "Seed of keys and values.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var threads = new Option<int?>("--threads") { Description = "Threads that drive the connections, beyond 4 clients. Default: half the cores.", HelpName = "N" };
        var command = new Command("bench", $"Measures throughput and latency in a closed loop. Its keys begin with {RequestTemplate.KeyPrefix} and stay: `kvctl del --prefix {RequestTemplate.KeyPrefix}` removes them.")
        {
            workload, clients, duration, warmup, valueSize, keys, reads, skipPreload, target, pids, seed, threads,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
        {
            ParseResult parsed = session.Parsed;
            BenchWorkload benchWorkload = ParseName<BenchWorkload>("WORKLOAD", parsed.GetValue(workload)!, [("put", BenchWorkload.Put), ("get", BenchWorkload.Get), ("stale", BenchWorkload.Stale), ("mixed", BenchWorkload.Mixed)]);
            BenchTarget benchTarget = ParseName<BenchTarget>("--target", parsed.GetValue(target)!, [("raftstore", BenchTarget.RaftStore), ("etcd", BenchTarget.Etcd), ("null", BenchTarget.Null)]);
            long keyCount = parsed.GetValue(keys) ?? (benchWorkload == BenchWorkload.Put ? 0 : DefaultReadKeys);
            return RunAsync(session, new BenchOptions
            {
                Workload = benchWorkload,
                Target = benchTarget,
                Endpoints = EndpointsOf(session, benchTarget),
                Clients = ParseNumbers("--clients", parsed.GetValue(clients)!, ClientsMax),
                Duration = Durations.Parse("--duration", parsed.GetValue(duration)!),
                Warmup = parsed.GetValue(warmup) is "0" or "0s" ? TimeSpan.Zero : Durations.Parse("--warmup", parsed.GetValue(warmup)!),
                ValueBytes = InRange("--value-size", parsed.GetValue(valueSize), 0, ValueBytesMax),
                Keys = InRange("--keys", keyCount, benchWorkload == BenchWorkload.Put ? 0 : 1, 1_000_000_000_000),
                ReadPercent = InRange("--reads", parsed.GetValue(reads), 0, 100),
                SkipsPreload = parsed.GetValue(skipPreload),
                Seed = parsed.GetValue(seed),
                Threads = InRange("--threads", parsed.GetValue(threads) ?? Math.Max(1, Environment.ProcessorCount / 2), 1, 64),
                Pids = parsed.GetValue(pids) is { } list ? ParseNumbers("--pids", list, int.MaxValue) : [],
            }, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Session session, BenchOptions options, CancellationToken cancellationToken)
    {
        List<Uri> reachable = Dialer.Reachable(options.Endpoints);
        if (reachable.Count == 0)
        {
            session.Note($"bench: no endpoint takes a connection ({string.Join(", ", options.Endpoints.Select(endpoint => endpoint.Authority))})");
            return ExitCode.Unavailable;
        }

        if (session.EndpointsAreGiven && reachable.Count < options.Endpoints.Count)
        {
            session.Note($"bench: left out, not reachable: {string.Join(", ", options.Endpoints.Except(reachable).Select(endpoint => endpoint.Authority))}");
        }

        options = options with { Endpoints = reachable };
        string? version = options.Target == BenchTarget.RaftStore ? await VersionAsync(session, reachable[0], cancellationToken) : null;
        var run = new BenchRun(options, session.Io.Error, cancellationToken);
        if (options.Reads && options.Target != BenchTarget.Null && !options.SkipsPreload && !run.Preload())
        {
            session.Note("bench: the keys to read could not be written");
            return ExitCode.Unavailable;
        }

        BenchResult[] results = [.. options.Clients.Select(run.Run)];
        if (session.IsJson)
        {
            session.Print(BenchReport.ToJson(options, version, results) + "\n");
        }
        else
        {
            BenchReport.PrintTable(session.Io, options, results);
        }

        foreach (string line in BenchReport.ErrorLines(results))
        {
            session.Note("bench: errors with " + line);
        }

        if (results.Any(result => result.Stats.AnsweredInTime == 0))
        {
            session.Note("bench: a run in which nothing succeeded measures nothing");
            return ExitCode.Unavailable;
        }

        return ExitCode.Ok;
    }

    private static IReadOnlyList<Uri> EndpointsOf(Session session, BenchTarget target)
    {
        IReadOnlyList<Uri> endpoints = session.EndpointsAreGiven ? session.Endpoints : target switch
        {
            BenchTarget.Etcd => [new Uri("http://127.0.0.1:2379")],
            BenchTarget.Null => [new Uri("http://127.0.0.1:7480")],
            _ => session.Endpoints,
        };
        return endpoints.All(endpoint => endpoint.Scheme == "http") ? endpoints : throw new UsageException("bench speaks plain http only");
    }

    /// <summary>The servers' version, for the record; null when the node does not say.</summary>
    private static async Task<string?> VersionAsync(Session session, Uri endpoint, CancellationToken cancellationToken)
    {
        try
        {
            return (await session.Client.StatusAsync(endpoint, cancellationToken)).Version;
        }
        catch (RaftStoreException)
        {
            return null;
        }
    }

    private static T ParseName<T>(string option, string text, (string Name, T Value)[] known)
    {
        foreach ((string name, T value) in known)
        {
            if (name == text)
            {
                return value;
            }
        }

        throw new UsageException($"{option} '{text}' is none of {string.Join(", ", known.Select(one => one.Name))}");
    }

    private static List<int> ParseNumbers(string option, string text, int max)
    {
        var numbers = new List<int>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > max)
            {
                throw new UsageException($"{option} '{text}' is not a list of numbers from 1 to {max}");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static T InRange<T>(string option, T value, T min, T max)
        where T : IComparable<T> =>
        value.CompareTo(min) >= 0 && value.CompareTo(max) <= 0 ? value : throw new UsageException($"{option} {value} is not between {min} and {max}");
}
