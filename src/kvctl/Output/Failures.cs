using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;

namespace RaftStore.Kvctl.Output;

/// <summary>Tells a failed request: what was wrong, what it did, what to do; and chooses the exit code.</summary>
internal static class Failures
{
    public static int Report(CommandIo io, bool isJson, string command, RaftStoreException failure)
    {
        if (isJson)
        {
            io.Error.WriteLine(Json.Write(json =>
            {
                json.WriteString("error", failure.Message);
                json.WriteString("outcome", failure.Outcome == Outcome.Unknown ? "unknown" : "not-applied");
                Json.WriteOptional(json, "status", failure.Status);
                Json.WriteOptional(json, "type", failure.Type);
                Json.WriteOptional(json, "detail", failure.Detail);
                Json.WriteOptional(json, "leader", failure.Leader);
            }));
        }
        else
        {
            io.Error.WriteLine($"kvctl: {command}: {Escape.Line(failure.Message.TrimEnd('.'))}; {Advice(command, failure)}");
        }

        return CodeOf(failure);
    }

    public static int CodeOf(RaftStoreException failure) => failure switch
    {
        { Outcome: Outcome.Unknown } => ExitCode.Unknown,
        { Status: 409 or 412 } => ExitCode.ConditionFailed,
        { Status: 404 } => ExitCode.NotFound,
        { Status: 400 or 405 or 413 or 414 or 415 or 422 or 431 } => ExitCode.Usage,
        _ => ExitCode.Unavailable,
    };

    private static string HowToLook(string command) => command switch
    {
        "transfer" => "look who leads (kvctl status)",
        "compact" => "look at the compacted revision (kvctl status -o json)",
        "settings set" => "read the settings (kvctl settings)",
        _ when command.StartsWith("member ", StringComparison.Ordinal) => "look at the members (kvctl member list)",
        _ => "read the key",
    };

    private static string Advice(string command, RaftStoreException failure)
    {
        bool isWrite = command is "put" or "del" or "compact" or "settings set" or "transfer" || (command.StartsWith("member ", StringComparison.Ordinal) && command != "member list");
        if (failure.Outcome == Outcome.Unknown)
        {
            return $"outcome unknown: it may have been applied, so {HowToLook(command)} before you repeat it";
        }

        string certain = isWrite ? "not applied" : "nothing was read";
        return failure.Status switch
        {
            null => $"{certain}. Is the cluster up, and are these its addresses (--endpoints)?",
            429 => $"{certain}: send less, or try again later",
            503 => $"{certain}: try again; `kvctl status` shows who is there",
            507 => $"{certain}: delete keys, the store is full",
            _ => certain,
        };
    }
}
