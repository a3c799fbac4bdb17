using System.CommandLine;
using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>member repair</c>: ends the quarantine of a member whose state was found to be wrong.</summary>
internal static class MemberRepairCommand
{
    /// <summary>The repair goes on by itself; so long may nobody be able to say how far it has come before the command gives up.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create(GlobalOptions options, CommandIo io)
    {
        var member = new Argument<string>("MEMBER") { Description = "The quarantined member's name or id." };
        var trust = new Option<bool>("--trust-state")
        {
            Description = "Takes the member's own state for right as it is, instead of the leader's: for the day on which all that are left differ and no majority can say who is right.",
        };
        var command = new Command("repair", "Gives a quarantined member the leader's state in place of its own, and waits until it serves again. Interrupted, the repair goes on.") { member, trust };
        CommandRunner.SetAction(command, isWrite: true, options, io, (session, cancellationToken)
            => RunAsync(session, session.Parsed.GetValue(member)!, session.Parsed.GetValue(trust), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Session session, string member, bool trusts, CancellationToken cancellationToken)
    {
        RepairProgress? last = null;
        long heardMs = Environment.TickCount64;
        while (last is not { IsDone: true })
        {
            try
            {
                RepairProgress now = await session.Client.Members.RepairAsync(member, trusts, cancellationToken);
                heardMs = Environment.TickCount64;
                if (!now.IsDone && (now.Stage != last?.Stage || now.ReceivedBytes != last.ReceivedBytes))
                {
                    session.Note($"{member}: {Describe(now)}");
                }

                last = now;
            }
            catch (RaftStoreException failure) when (last is not null && failure.Type?.EndsWith(":not-quarantined", StringComparison.Ordinal) == true)
            {
                // It ended between two questions.
                last = new RepairProgress { IsDone = true, Stage = "done", SnapshotIndex = last.SnapshotIndex, LengthBytes = last.LengthBytes };
            }
            catch (RaftStoreException failure) when (last is not null && failure.Status is (null or >= 500) && Environment.TickCount64 - heardMs < SilenceMax.TotalMilliseconds)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }

        string how = last.SnapshotIndex == 0 ? "its own state is trusted" : string.Create(CultureInfo.InvariantCulture, $"it has the leader's state of entry {last.SnapshotIndex}");
        session.Print((session.IsJson
            ? Json.Write(json =>
            {
                json.WriteString("member", member);
                json.WriteNumber("snapshotIndex", last.SnapshotIndex);
            })
            : $"{member} serves again: {how}") + "\n");
        return ExitCode.Ok;
    }

    private static string Describe(RepairProgress repair) => repair.Stage switch
    {
        "waiting" => "waits for the leader's state",
        "receiving" => string.Create(CultureInfo.InvariantCulture, $"receives the leader's state, {repair.ReceivedBytes} of {repair.LengthBytes} bytes"),
        "loading" => string.Create(CultureInfo.InvariantCulture, $"loads the leader's state of {repair.LengthBytes} bytes"),
        "lifting" => "ends its quarantine",
        _ => repair.Stage,
    };
}
