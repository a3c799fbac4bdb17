using System.CommandLine;
using System.Globalization;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>compact REV</c>: gives up the history below a revision.</summary>
internal static class CompactCommand
{
    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var revision = new Argument<long>("REV") { Description = "The revision that is to be the oldest one that can be read." };
        var command = new Command("compact", "Gives up the history below a revision. What keys hold now is not touched.") { revision };
        CommandRunner.SetAction(command, isWrite: true, options, io, async (session, cancellationToken) =>
        {
            long target = session.Parsed.GetValue(revision);
            if (target < 0)
            {
                throw new UsageException($"the revision {target} is less than 0");
            }

            long present = await session.Client.CompactAsync(target, cancellationToken);
            session.Print(session.IsJson
                ? Json.Write(json =>
                {
                    json.WriteNumber("revision", present);
                    json.WriteNumber("compactedRevision", target);
                }) + "\n"
                : string.Create(CultureInfo.InvariantCulture, $"revisions {target} to {present} can be read\n"));
            return ExitCode.Ok;
        });
        return command;
    }
}
