using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.Chaos;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Node;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>chaos</c>: makes things go wrong between and on nodes that run with <c>--enable-fault-injection</c>, and heals.</summary>
internal static class ChaosCommand
{
    private const string NodeHelp = "A node: its name, the number of a node of scripts/cluster.sh, or its id.";

    public static Command Create(GlobalOptions options, CommandIo io) =>
        new("chaos", "Cuts, delays and stalls nodes that run with --enable-fault-injection, as those of scripts/cluster.sh do. Faults stay until they are healed, or the node is started anew.")
        {
            CreatePartition(options, io),
            CreateIsolate(options, io),
            CreateOneway(options, io),
            CreateDelay(options, io),
            CreateStall(options, io),
            CreateSkew(options, io),
            CreateHeal(options, io),
            ChaosStatusCommand.Create(options, io),
        };

    private static Command CreatePartition(GlobalOptions options, CommandIo io)
    {
        var groups = new Argument<string[]>("GROUP") { Description = "Nodes with commas between, such as 1,2. A node in no group still reaches everybody.", Arity = new ArgumentArity(2, 16) };
        var command = new Command("partition", "Cuts groups of nodes from each other: kvctl chaos partition 1,2 3") { groups };
        SetAction(command, options, io, (session, nodes, plan) =>
        {
            string[] words = session.Parsed.GetValue(groups)!;
            nodes.FindAll(words);
            IReadOnlyList<ChaosNode>[] parts = [.. words.Select(word => nodes.FindAll([word]))];
            if (Array.Exists(parts, part => part.Count == 0))
            {
                throw new UsageException("a group is empty");
            }

            plan.CutApart(parts);
            return string.Join(" | ", parts.Select(part => string.Join(", ", part.Select(node => node.Name)))) + " are cut from each other";
        });
        return command;
    }

    private static Command CreateIsolate(GlobalOptions options, CommandIo io)
    {
        var node = new Argument<string>("NODE") { Description = NodeHelp };
        var command = new Command("isolate", "Cuts a node from all others.") { node };
        SetAction(command, options, io, (session, nodes, plan) =>
        {
            ChaosNode one = nodes.Find(session.Parsed.GetValue(node)!);
            RequireOthers(nodes, "there is nothing to cut it from");
            plan.CutApart([[one], [.. nodes.Except(one)]]);
            return $"{one.Name} is cut from all others";
        });
        return command;
    }

    private static Command CreateOneway(GlobalOptions options, CommandIo io)
    {
        var from = new Argument<string>("FROM") { Description = NodeHelp };
        var to = new Argument<string>("TO") { Description = NodeHelp };
        var command = new Command("oneway", "Loses messages from one node to another, and only in that direction.") { from, to };
        SetAction(command, options, io, (session, nodes, plan) =>
        {
            ChaosNode[] pair = [.. nodes.FindAll([session.Parsed.GetValue(from)!, session.Parsed.GetValue(to)!])];
            if (pair.Length != 2)
            {
                throw new UsageException("oneway takes two nodes, the sender and the receiver");
            }

            plan.Cut(pair[0], pair[1]);
            return $"messages from {pair[0].Name} to {pair[1].Name} are lost";
        });
        return command;
    }

    private static Command CreateDelay(GlobalOptions options, CommandIo io)
    {
        var delay = new Argument<string>("DURATION") { Description = "How much later messages come, such as 200ms; at most 60s." };
        Argument<string[]> senders = Nodes("Whose messages; without it everybody's.");
        var command = new Command("delay", "Delays the messages that nodes send.") { delay, senders };
        int DelayMs(Session session) => Milliseconds(session.Parsed.GetValue(delay)!, ChaosPlan.DelayMax, "60s");
        SetAction(command, options, io, session => DelayMs(session), (session, nodes, plan) =>
        {
            int delayMs = DelayMs(session);
            RequireOthers(nodes, "it sends messages to nobody");
            IReadOnlyList<ChaosNode> slow = Chosen(nodes, session.Parsed.GetValue(senders));
            foreach (ChaosNode sender in slow)
            {
                plan.Ask(sender, new FaultChange { To = [.. nodes.Except(sender).Select(other => other.Name)], DelayMs = delayMs });
            }

            return string.Create(CultureInfo.InvariantCulture, $"messages from {Names(slow)} come {delayMs} ms later");
        });
        return command;
    }

    private static Command CreateStall(GlobalOptions options, CommandIo io)
    {
        var node = new Argument<string>("NODE") { Description = NodeHelp };
        var stall = new Argument<string>("DURATION") { Description = "How long each write to its log is held back, such as 3s; at most 10m.", DefaultValueFactory = _ => "3s" };
        var command = new Command("stall", "Makes a node's disk hang: each write to its log waits.") { node, stall };
        int StallMs(Session session) => Milliseconds(session.Parsed.GetValue(stall)!, ChaosPlan.LogStallMax, "10m");
        SetAction(command, options, io, session => StallMs(session), (session, nodes, plan) =>
        {
            ChaosNode one = nodes.Find(session.Parsed.GetValue(node)!);
            int stallMs = StallMs(session);
            plan.Ask(one, new FaultChange { StallLogMs = stallMs });
            return string.Create(CultureInfo.InvariantCulture, $"each write to the log of {one.Name} waits {stallMs} ms");
        });
        return command;
    }

    private static Command CreateSkew(GlobalOptions options, CommandIo io)
    {
        var node = new Argument<string>("NODE") { Description = NodeHelp };
        var factor = new Argument<string>("FACTOR") { Description = "How fast its clock goes, of its machine's: 0.1 to 10." };
        var command = new Command("skew", "Makes a node's clock fast or slow.") { node, factor };
        double Times(Session session) => Factor(session.Parsed.GetValue(factor)!);
        SetAction(command, options, io, session => Times(session), (session, nodes, plan) =>
        {
            ChaosNode one = nodes.Find(session.Parsed.GetValue(node)!);
            double times = Times(session);
            plan.Ask(one, new FaultChange { TickFactor = times });
            return string.Create(CultureInfo.InvariantCulture, $"the clock of {one.Name} goes {times} times as fast");
        });
        return command;
    }

    private static Command CreateHeal(GlobalOptions options, CommandIo io)
    {
        Argument<string[]> nodes = Nodes("Which; without it all.");
        var command = new Command("heal", "Ends every fault.") { nodes };
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            ChaosNodes all = await ChaosNodes.FindAsync(session, cancellationToken);
            IReadOnlyList<ChaosNode> chosen = Chosen(all, session.Parsed.GetValue(nodes));
            string?[] troubles = await Task.WhenAll(chosen.Select(node => TryHealAsync(session, node, cancellationToken)));
            foreach ((ChaosNode node, string? trouble) in chosen.Zip(troubles).Where(done => done.Second is not null))
            {
                session.Note($"{node.Name} may still have faults: {trouble}");
            }

            if (Array.TrueForAll(troubles, trouble => trouble is null))
            {
                Say(session, $"{Names(chosen)}: healed");
                return ExitCode.Ok;
            }

            return ExitCode.Unavailable;
        });
        return command;
    }

    private static async Task<string?> TryHealAsync(Session session, ChaosNode node, CancellationToken cancellationToken)
    {
        try
        {
            if (node.Address is null)
            {
                return "nobody knows where clients reach it";
            }

            await session.Client.Faults.HealAsync(node.Address, cancellationToken);
            return null;
        }
        catch (RaftStoreException refused)
        {
            return refused.Message.TrimEnd('.');
        }
    }

    /// <summary>Gives a command an action that sets faults.</summary>
    /// <param name="command">The command.</param>
    /// <param name="options">The global options.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <param name="draw">Puts the faults into the plan; returns what to say once they are set.</param>
    private static void SetAction(Command command, GlobalOptions options, CommandIo io, Func<Session, ChaosNodes, ChaosPlan, string> draw) =>
        SetAction(command, options, io, _ => { }, draw);

    /// <param name="command">The command.</param>
    /// <param name="options">The global options.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <param name="require">Throws where the words are wrong whatever the cluster is: before anybody is asked anything.</param>
    /// <param name="draw">As above.</param>
    private static void SetAction(Command command, GlobalOptions options, CommandIo io, Action<Session> require, Func<Session, ChaosNodes, ChaosPlan, string> draw) =>
        CommandRunner.SetAction(command, isWrite: false, options, io, async (session, cancellationToken) =>
        {
            require(session);
            ChaosNodes nodes = await ChaosNodes.FindAsync(session, cancellationToken);
            var plan = new ChaosPlan();
            string done = draw(session, nodes, plan);
            (IReadOnlyList<string> failures, bool isAnyDone) = await plan.ApplyAsync(session.Client, cancellationToken);
            foreach (string failure in failures)
            {
                session.Note(failure);
            }

            if (failures.Count > 0)
            {
                session.Note(isAnyDone ? "the rest is in force; kvctl chaos status shows it, and kvctl chaos heal ends it" : "nothing was changed");
                return ExitCode.Unavailable;
            }

            Say(session, done);
            return ExitCode.Ok;
        });

    private static void Say(Session session, string text) =>
        session.Print((session.IsJson ? Output.Json.Write(json => json.WriteString("done", text)) : text) + "\n");

    private static Argument<string[]> Nodes(string meaning) => new("NODE") { Description = meaning, Arity = ArgumentArity.ZeroOrMore };

    private static IReadOnlyList<ChaosNode> Chosen(ChaosNodes nodes, string[]? words) => words is { Length: > 0 } ? nodes.FindAll(words) : nodes.All;

    private static string Names(IEnumerable<ChaosNode> nodes) => string.Join(", ", nodes.Select(node => node.Name));

    private static int Milliseconds(string text, TimeSpan max, string maxText)
    {
        TimeSpan time = Durations.Parse("DURATION", text);
        return time <= max ? (int)time.TotalMilliseconds : throw new UsageException($"DURATION '{text}' is not between 1ms and {maxText}");
    }

    private static double Factor(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double factor) && factor is >= NodeClock.FactorMin and <= NodeClock.FactorMax
            ? factor
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"FACTOR '{text}' is not a number between {NodeClock.FactorMin} and {NodeClock.FactorMax}"));

    private static void RequireOthers(ChaosNodes nodes, string consequence)
    {
        if (nodes.All.Count == 1)
        {
            throw new UsageException($"{nodes.All[0].Name} is the only node: {consequence}");
        }
    }
}
