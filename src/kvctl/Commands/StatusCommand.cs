using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>status</c>: a table of all members, from what each says of itself and what the leader says of them.</summary>
internal static class StatusCommand
{
    private static readonly string[] Headings =
        ["member", "address", "role", "term", "leader", "commit", "applied", "lag", "revision", "keys", "state hash", "health"];

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var command = new Command("status", "Shows all members: who leads, how far each has come, who is unreachable. Exits with 4 when there is no leader.");
        CommandRunner.SetAction(command, isWrite: false, options, io, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        ClusterView view = await ClusterView.TakeAsync(session, cancellationToken);
        if (!view.IsAnyoneThere && !session.IsJson)
        {
            string asked = string.Join(", ", session.Endpoints.Select(endpoint => endpoint.Authority));
            session.Note($"status: no node answered ({asked}). Is the cluster up, and are these its addresses (--endpoints)?");
            return ExitCode.Unavailable;
        }

        if (session.IsJson)
        {
            session.Print(Json.Write(json => Write(json, view)) + "\n");
        }
        else
        {
            Tables.Print(session.Io, Headings, view.Rows.Select(row => Cells(row, view)));
        }

        return Judge(session, view);
    }

    private static int Judge(Session session, ClusterView view)
    {
        if (view.Rows.FirstOrDefault(row => row.Status is { Phase: "quarantined" }) is { } wrong)
        {
            session.Note($"{wrong.Name} is quarantined, because its state differs from the others': keep a copy of its data directory, report this, and run kvctl member repair {wrong.Name}");
            return ExitCode.CheckFailed;
        }

        if (view.Divergence is { } divergence)
        {
            session.Note($"the states of {divergence.One.Name} and {divergence.Other.Name} differ at applied index "
                + string.Create(CultureInfo.InvariantCulture, $"{divergence.One.Status!.StateHash!.Index}: stop one of them, keep its data directory, and report this"));
            return ExitCode.CheckFailed;
        }

        if (view.Leader is not { Length: > 0 })
        {
            session.Note("there is no leader: only stale reads are answered");
            return ExitCode.Unavailable;
        }

        return ExitCode.Ok;
    }

    private static string[] Cells(MemberRow row, ClusterView view) =>
    [
        row.Name ?? "?",
        row.Address ?? "",
        row.Status?.Role ?? row.Member?.Role ?? "",
        Text(row.Status?.Term),
        row.Status is { } status ? status.Leader ?? "none" : "",
        Text(row.Status?.CommitIndex),
        Text(row.Status?.AppliedIndex ?? row.Member?.AppliedIndex),
        Text(row.LagBehind(view.CommitIndex)),
        Text(row.Status?.Revision),
        Text(row.Status?.Keys),
        row.Status?.StateHash is { Index: > 0, Hash: { Length: > 0 } hash } at ? $"{hash[..Math.Min(8, hash.Length)]} @{Text(at.Index)}" : "",
        row.Health,
    ];

    private static void Write(Utf8JsonWriter json, ClusterView view)
    {
        Json.WriteOptional(json, "clusterId", view.Cluster?.ClusterId);
        json.WriteString("leader", view.Leader is { Length: > 0 } leader ? leader : null);
        json.WriteNumber("term", view.Term);
        json.WriteNumber("commitIndex", view.CommitIndex);
        json.WriteStartArray("members");
        foreach (MemberRow row in view.Rows)
        {
            json.WriteStartObject();
            Json.WriteOptional(json, "id", row.Status?.Id ?? row.Member?.Id);
            Json.WriteOptional(json, "name", row.Name);
            Json.WriteOptional(json, "address", row.Address);
            json.WriteBoolean("reachable", row.Status is not null);
            json.WriteString("health", row.Health);
            Json.WriteOptional(json, "role", row.Status?.Role ?? row.Member?.Role);
            Json.WriteOptional(json, "term", row.Status?.Term);
            Json.WriteOptional(json, "leader", row.Status?.Leader);
            Json.WriteOptional(json, "commitIndex", row.Status?.CommitIndex);
            Json.WriteOptional(json, "appliedIndex", row.Status?.AppliedIndex ?? row.Member?.AppliedIndex);
            Json.WriteOptional(json, "matchIndex", row.Member?.MatchIndex);
            Json.WriteOptional(json, "lag", row.LagBehind(view.CommitIndex));
            Json.WriteOptional(json, "revision", row.Status?.Revision);
            Json.WriteOptional(json, "keys", row.Status?.Keys);
            Json.WriteOptional(json, "bytes", row.Status?.Bytes);
            Json.WriteOptional(json, "version", row.Status?.Version);
            if (row.Status?.StateHash is { Index: > 0, Hash: not null } hash)
            {
                json.WriteStartObject("stateHash");
                json.WriteNumber("index", hash.Index);
                json.WriteString("hash", hash.Hash);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
