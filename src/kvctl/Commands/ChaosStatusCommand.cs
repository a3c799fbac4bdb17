using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.Chaos;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>chaos status</c>: what goes wrong on purpose, node by node.</summary>
internal static class ChaosStatusCommand
{
    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var command = new Command("status", "Shows what goes wrong on purpose, node by node.");
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            ChaosNodes nodes = await ChaosNodes.FindAsync(session, cancellationToken);
            (ChaosNode Node, NodeFaults? Faults, string Trouble)[] rows = await Task.WhenAll(nodes.All.Select(node => AskAsync(session, node, cancellationToken)));
            if (session.IsJson)
            {
                session.Print(Json.Write(json =>
                {
                    json.WriteStartObject("nodes");
                    foreach ((ChaosNode node, NodeFaults? faults, string trouble) in rows)
                    {
                        json.WriteString(node.Name, faults is null ? trouble : Describe(faults));
                    }

                    json.WriteEndObject();
                }) + "\n");
            }
            else
            {
                Tables.Print(session.Io, ["node", "faults", "lost", "late"], rows.Select(row => new[]
                {
                    row.Node.Name,
                    row.Faults is null ? row.Trouble : Describe(row.Faults),
                    row.Faults?.FramesDropped.ToString(CultureInfo.InvariantCulture) ?? "",
                    row.Faults?.FramesDelayed.ToString(CultureInfo.InvariantCulture) ?? "",
                }));
            }

            return Array.Exists(rows, row => row.Faults is null) ? ExitCode.Unavailable : ExitCode.Ok;
        });
        return command;
    }

    private static async Task<(ChaosNode Node, NodeFaults? Faults, string Trouble)> AskAsync(Session session, ChaosNode node, CancellationToken cancellationToken)
    {
        try
        {
            return node.Address is null ? (node, null, "nobody knows where clients reach it") : (node, await session.Client.Faults.GetAsync(node.Address, cancellationToken), "");
        }
        catch (RaftStoreException refused)
        {
            return (node, null, refused.Message.TrimEnd('.'));
        }
    }

    private static string Describe(NodeFaults faults)
    {
        List<string> parts =
        [
            .. faults.To.Select(fault => Describe("to", fault)),
            .. faults.From.Select(fault => Describe("from", fault)),
        ];
        if (faults.StallLogMs > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"log writes wait {faults.StallLogMs} ms"));
        }

        if (faults.TickFactor != 1)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"clock x {faults.TickFactor}"));
        }

        return parts.Count == 0 ? "none" : string.Join("; ", parts);
    }

    private static string Describe(string direction, PeerFault fault) => fault.Drop
        ? $"{direction} {fault.Peer} lost"
        : string.Create(CultureInfo.InvariantCulture, $"{direction} {fault.Peer} {fault.DelayMs} ms late");
}
