using System.CommandLine;
using System.Globalization;
using System.Text;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Simulation;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>sim</c>: whole clusters under faults, in virtual time, without any node.</summary>
internal static class SimCommand
{
    /// <summary>As many as nobody will ever wait for, and few enough to add.</summary>
    private const ulong SeedMax = long.MaxValue / 2;

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var seed = new Option<string?>("--seed") { Description = "Tells the story of this one run. The same seed is the same run, on any machine; the last line is its trace hash.", HelpName = "N" };
        var seeds = new Option<string?>("--seeds") { Description = "Runs so many seeds on all cores, with progress on the standard error, and says which broke a rule.", HelpName = "N" };
        var first = new Option<string?>("--first") { Description = "The first of --seeds. Default: 1", HelpName = "F" };
        var command = new Command("sim", "Simulates clusters of the product's own nodes under drawn faults of disks, networks and processes, and checks after every step what may never break. "
            + "Asks no node, and writes no file. Exits with 6 where a rule was broken, or where a thousand seeds or more never met some rare situation that they should.")
        {
            seed, seeds, first,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
        {
            if (session.IsJson)
            {
                throw new UsageException("sim has no JSON output");
            }

            SimRequest request = Check(
                Parse("--seed", session.Parsed.GetValue(seed)), Parse("--seeds", session.Parsed.GetValue(seeds)), Parse("--first", session.Parsed.GetValue(first)));
            using var output = new StreamWriter(io.Output, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = io.IsOutputTerminal };

            // The simulator is loaded here, and by no other command.
            return Task.FromResult(Run(request, output, io.Error, cancellationToken));
        });
        return command;
    }

    private static int Run(SimRequest request, TextWriter output, TextWriter progress, CancellationToken cancellationToken) => request.IsStory
        ? Story.Tell(request.First, output)
        : Batch.Run(request.First, request.Count, output, progress, "kvctl sim --seed", cancellationToken);

    private static SimRequest Check(ulong? seed, ulong? seeds, ulong? first) => (seed, seeds, first) switch
    {
        ({ } one, null, null) => new SimRequest(IsStory: true, one, 1),
        (null, 0, _) => throw new UsageException("--seeds '0' is not at least 1"),
        (null, { } count, _) => new SimRequest(IsStory: false, first ?? 1, count),
        ({ }, null, { }) => throw new UsageException("--first goes with --seeds"),
        _ => throw new UsageException("sim needs either --seed or --seeds"),
    };

    private static ulong? Parse(string name, string? text)
    {
        if (text is null)
        {
            return null;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number < SeedMax
            ? number
            : throw new UsageException($"{name} '{text}' is not a whole number from 0 to {SeedMax - 1}");
    }

    private sealed record SimRequest(bool IsStory, ulong First, ulong Count);
}
