using System.CommandLine;
using System.Globalization;
using System.Text;
using RaftStore.Client;
using RaftStore.Kvctl.Check;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>check</c>: drives clients over all nodes, hurts the nodes if asked to, and checks what the clients were told.</summary>
internal static class CheckCommand
{
    private const string DefaultScript = "scripts/cluster.sh";

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var duration = new Option<string>("--duration") { Description = "How long clients are driven.", HelpName = "DURATION", DefaultValueFactory = _ => "30s" };
        var chaos = new Option<string?>("--chaos") { Description = "What is done to the nodes meanwhile: kill, pause, partition, oneway, delay, stall. The last four need nodes with --enable-fault-injection.", HelpName = "FAULT,…" };
        var script = new Option<string>("--cluster-script") { Description = "Kills, starts, pauses and resumes nodes: called with kill, start, pause or resume, and a node's name.", HelpName = "FILE", DefaultValueFactory = _ => DefaultScript };
        var seed = new Option<int?>("--seed") { Description = "Decides what is drawn. Default: another one each time.", HelpName = "N" };
        var clients = new Option<int>("--clients") { Description = "Clients, with one request under way each.", HelpName = "N", DefaultValueFactory = _ => 64 };
        var keys = new Option<int>("--keys") { Description = "Keys that are written over and over.", HelpName = "N", DefaultValueFactory = _ => 10 };
        var rate = new Option<int>("--rate") { Description = "Requests a second at most; 0 for as many as are answered.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var patience = new Option<string>("--request-timeout") { Description = "After this time a client gives a request up; a write's outcome is then unknown.", HelpName = "DURATION", DefaultValueFactory = _ => "2s" };
        var report = new Option<string>("--report") { Description = "Where the report goes, an HTML page.", HelpName = "FILE", DefaultValueFactory = _ => "check-report.html" };
        var keep = new Option<bool>("--keep-keys") { Description = "Leaves the keys that it wrote, under check/." };
        var command = new Command("check", "Tries whether the cluster keeps its promise: concurrent clients over all nodes, every answer written down, and then one order sought that explains them all. Exit code 6 when there is none or the nodes' states differ.")
        {
            duration, chaos, script, seed, clients, keys, rate, patience, report, keep,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
        {
            ParseResult parsed = session.Parsed;
            var checkOptions = new CheckRunOptions
            {
                Duration = Durations.Parse("--duration", parsed.GetValue(duration)!),
                Faults = ParseFaults(parsed.GetValue(chaos)),
                Seed = parsed.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000),
                Clients = InRange("--clients", parsed.GetValue(clients), 1, 1000),
                Keys = InRange("--keys", parsed.GetValue(keys), 1, 1000),
                Rate = InRange("--rate", parsed.GetValue(rate), 0, 1_000_000),
                RequestTimeout = Durations.Parse("--request-timeout", parsed.GetValue(patience)!),
                ReportPath = parsed.GetValue(report)!,
                KeepsKeys = parsed.GetValue(keep),
                Prefix = string.Create(CultureInfo.InvariantCulture, $"check/{DateTime.UtcNow:yyyyMMddHHmmss}-{Random.Shared.Next(0x10000):x4}/"),
                CommandLine = "kvctl " + string.Join(' ', parsed.Tokens.Select(token => token.Value)),
            };
            return RunAsync(session, checkOptions.NeedsScript ? checkOptions with { ScriptPath = FindScript(parsed.GetValue(script)!) } : checkOptions, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Session session, CheckRunOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(options.ReportPath);
        CheckMembers members = await MembersAsync(session, cancellationToken);
        IReadOnlyList<CheckNode> nodes = members.Nodes;
        session.Note(string.Create(CultureInfo.InvariantCulture, $"check: {nodes.Count} {(nodes.Count == 1 ? "node" : "nodes")} ({string.Join(", ", nodes.Select(node => node.Name))}), {options.Clients} clients, seed {options.Seed}, keys under {options.Prefix}"));
        CheckSummary summary = await new CheckRun(session, options, members).RunAsync(cancellationToken);
        await File.WriteAllTextAsync(options.ReportPath, CheckReport.ToPage(summary), new UTF8Encoding(false), CancellationToken.None);
        session.Print(session.IsJson ? CheckReport.ToJson(summary) + "\n" : CheckReport.ToText(summary));
        if (summary.CountOf(Verification.OperationOutcome.Ok) == 0)
        {
            session.Note("check: nothing was answered, so nothing was checked");
            return ExitCode.Unavailable;
        }

        return summary.IsGood ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    /// <summary>The members, learners too; any one endpoint tells the others. Those whose client address is not known are only named.</summary>
    private static async Task<CheckMembers> MembersAsync(Session session, CancellationToken cancellationToken)
    {
        ClusterStatus cluster = await session.Client.ClusterAsync(cancellationToken: cancellationToken);
        List<CheckNode> nodes = [];
        List<CheckLeftOut> leftOut = [];
        foreach (ClusterMember member in cluster.Members)
        {
            if (!IsPlain(member.Name))
            {
                throw new UsageException($"the cluster names a member '{Escape.Line(member.Name)}', which is no name to be handed to a script");
            }

            bool isLearner = member.Role == "learner";
            if (Uri.TryCreate(member.Client, UriKind.Absolute, out Uri? endpoint))
            {
                nodes.Add(new CheckNode(member.Name, endpoint, isLearner));
            }
            else
            {
                leftOut.Add(new CheckLeftOut(member.Name, isLearner));
                session.Note($"check: {leftOut[^1].Words}");
            }
        }

        return nodes.Count > 0 ? new CheckMembers(nodes, leftOut) : throw new UsageException("no member has made its client address known");
    }

    /// <summary>Letters, digits, and between them <c>-</c>, <c>_</c> and <c>.</c>: what no script takes for an option or a command.</summary>
    private static bool IsPlain(string name) => name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static List<FaultKind> ParseFaults(string? text)
    {
        List<FaultKind> faults = [];
        foreach (string part in text?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            faults.Add(part switch
            {
                "kill" => FaultKind.Kill,
                "pause" => FaultKind.Pause,
                "partition" => FaultKind.Partition,
                "oneway" => FaultKind.OneWay,
                "delay" => FaultKind.Delay,
                "stall" => FaultKind.Stall,
                _ => throw new UsageException($"--chaos '{part}' is none of kill, pause, partition, oneway, delay, stall"),
            });
        }

        return faults;
    }

    /// <summary>The script as it was named, else, for the default, in the checkout that this program was built in.</summary>
    private static string FindScript(string path)
    {
        if (File.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null && path == DefaultScript; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, path)))
            {
                return Path.Combine(directory.FullName, path);
            }
        }

        throw new UsageException($"--cluster-script '{path}' does not exist; --chaos kill and pause need it");
    }

    /// <summary>Finds out before the run that the report can be written, not after it.</summary>
    private static void RequireWritable(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--report '{path}' cannot be written: {exception.Message}");
        }
    }

    private static int InRange(string option, int value, int min, int max) =>
        value >= min && value <= max ? value : throw new UsageException($"{option} {value} is not between {min} and {max}");
}
