using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>member list</c>, <c>add</c>, <c>promote</c>, <c>update</c>, <c>remove</c>, <c>replace</c> and <c>repair</c>: who belongs to the cluster.</summary>
internal static class MemberCommand
{
    public static Command Create(GlobalOptions options, CommandIo io) =>
        new("member", "Shows and changes who belongs to the cluster. A member is named by its name or its id.")
        {
            CreateList(options, io),
            CreateAdd(options, io),
            CreatePromote(options, io),
            CreateUpdate(options, io),
            CreateRemove(options, io),
            CreateReplace(options, io),
            MemberRepairCommand.Create(options, io),
        };

    /// <summary><c>transfer NODE</c>.</summary>
    public static Command CreateTransfer(GlobalOptions options, CommandIo io)
    {
        var to = new Argument<string?>("NODE") { Description = "The member that shall lead; without it whoever is best.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("transfer", "Hands the leadership over to another voter.") { to };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string leader = await session.Client.Members.TransferAsync(session.Parsed.GetValue(to), cancellationToken);
            Say(session, "leader", leader, $"{leader} leads");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateList(GlobalOptions options, CommandIo io)
    {
        var command = new Command("list", "Lists the members, with how far each has come.");
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            Print(session, await session.Client.ClusterAsync(cancellationToken: cancellationToken));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateAdd(GlobalOptions options, CommandIo io)
    {
        var name = new Argument<string>("NAME") { Description = "The new member's name." };
        Option<string> peer = Peer();
        var client = new Option<string?>("--client") { Description = "The URL where clients will reach it.", HelpName = "URL" };
        var learner = new Option<bool>("--learner") { Description = "Keeps it without a vote until it is promoted." };
        Option<bool> force = Force("Also where nobody answers at --peer, or somebody else does.");
        var command = new Command("add", "Takes in a member without a vote, which gets one by itself once it has caught up. raftstore --join does this by itself; for a node that runs, and waits.") { name, peer, client, learner, force };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string added = session.Parsed.GetValue(name)!;
            string id = await session.Client.Members.AddAsync(added, session.Parsed.GetValue(peer)!, session.Parsed.GetValue(client), !session.Parsed.GetValue(learner), session.Parsed.GetValue(force), cancellationToken);
            Say(session, "id", id, $"{added} (id {id}) was taken in");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreatePromote(GlobalOptions options, CommandIo io)
    {
        Argument<string> member = Member();
        var command = new Command("promote", "Gives a member that has caught up a vote.") { member };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string id = await session.Client.Members.PromoteAsync(session.Parsed.GetValue(member)!, cancellationToken);
            Say(session, "id", id, $"{session.Parsed.GetValue(member)} votes");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateUpdate(GlobalOptions options, CommandIo io)
    {
        Argument<string> member = Member();
        var peer = new Option<string?>("--peer") { Description = "Where the other members reach it.", HelpName = "HOST:PORT" };
        var client = new Option<string?>("--client") { Description = "Where clients reach it.", HelpName = "URL" };
        Option<bool> force = Force("Also where another node answers at --peer.");
        var command = new Command("update", "Changes where a member is reached, running or not. A running node does so by itself when it comes back under another address.") { member, peer, client, force };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string id = await session.Client.Members.UpdateAsync(session.Parsed.GetValue(member)!, session.Parsed.GetValue(peer), session.Parsed.GetValue(client), session.Parsed.GetValue(force), cancellationToken);
            Say(session, "id", id, $"{session.Parsed.GetValue(member)} was changed");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateRemove(GlobalOptions options, CommandIo io)
    {
        Argument<string> member = Member();
        Option<bool> force = Force("Also where too few of those that remain answer, or only one would remain of two.");
        var command = new Command("remove", "Takes a member out; its process ends by itself, and its id is never given again.") { member, force };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string id = await session.Client.Members.RemoveAsync(session.Parsed.GetValue(member)!, session.Parsed.GetValue(force), cancellationToken);
            Say(session, "id", id, $"{session.Parsed.GetValue(member)} was removed");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateReplace(GlobalOptions options, CommandIo io)
    {
        Argument<string> member = Member();
        var name = new Option<string?>("--name") { Description = "The new member's name. Default: that of the one it replaces.", HelpName = "NAME" };
        Option<string> peer = Peer();
        Option<bool> force = Force("Also where a node answers at --peer that is neither of the two.");
        var command = new Command("replace", "Takes in a member for another one, which leaves in the same change that gives the new one its vote. Then start the new one with raftstore --join.") { member, name, peer, force };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            string old = session.Parsed.GetValue(member)!;
            string added = session.Parsed.GetValue(name) ?? old;
            string id = await session.Client.Members.ReplaceAsync(old, added, session.Parsed.GetValue(peer)!, session.Parsed.GetValue(force), cancellationToken);
            Say(session, "id", id, $"{added} (id {id}) is to replace {old}; start it with raftstore --name {added} --join URL");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Member() => new("MEMBER") { Description = "A member's name or id." };

    private static Option<string> Peer() => new("--peer") { Description = "Where the other members will reach it.", HelpName = "HOST:PORT", Required = true };

    private static Option<bool> Force(string meaning) => new("--force") { Description = meaning };

    private static void Say(Session session, string name, string value, string text)
        => session.Print((session.IsJson ? Json.Write(json => json.WriteString(name, value)) : text) + "\n");

    private static void Print(Session session, ClusterStatus cluster)
    {
        if (session.IsJson)
        {
            session.Print(Json.Write(json => Write(json, cluster)) + "\n");
            return;
        }

        Tables.Print(session.Io, ["id", "name", "role", "peer", "client", "match", "lag", "health"], cluster.Members.Select(member => new[]
        {
            member.Id,
            member.Name,
            member.Name == cluster.Leader ? "leader" : member.CaughtUp == true ? "learner, caught up" : member.Role ?? "",
            member.Peer ?? "",
            member.Client ?? "",
            member.MatchIndex?.ToString(CultureInfo.InvariantCulture) ?? "",
            member.Lag?.ToString(CultureInfo.InvariantCulture) ?? "",
            (member.Healthy switch { true => "healthy", false => "silent", null => "" }) + Describe(member.Snapshot),
        }));
    }

    private static string Describe(SnapshotTransfer? snapshot)
        => snapshot is null ? "" : $", {snapshot.HeldBytes * 100 / snapshot.Bytes} % of a snapshot of {snapshot.Bytes >> 20} MiB";

    private static void Write(Utf8JsonWriter json, ClusterStatus cluster)
    {
        json.WriteString("leader", cluster.Leader);
        json.WriteStartArray("members");
        foreach (ClusterMember member in cluster.Members)
        {
            json.WriteStartObject();
            json.WriteString("id", member.Id);
            json.WriteString("name", member.Name);
            json.WriteString("role", member.Role);
            json.WriteString("peer", member.Peer);
            json.WriteString("client", member.Client);
            json.WriteBoolean("healthy", member.Healthy == true);
            if (member.CaughtUp is { } caughtUp)
            {
                json.WriteBoolean("caughtUp", caughtUp);
            }

            if (member.Snapshot is { } snapshot)
            {
                json.WriteNumber("snapshotHeldBytes", snapshot.HeldBytes);
                json.WriteNumber("snapshotBytes", snapshot.Bytes);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
