using System.CommandLine;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Snapshots;

namespace RaftStore.Kvctl.Commands;

/// <summary><c>snapshot save</c>, <c>inspect</c> and <c>restore</c>: backups, and new clusters from them.</summary>
internal static class SnapshotCommand
{
    private const string DefaultName = "n1";

    /// <summary>Where a server started without flags listens for peers.</summary>
    private const string DefaultPeer = "127.0.0.1:7500";

    public static Command Create(GlobalOptions options, CommandIo io) =>
        new("snapshot", "Saves the whole store to a file, checks such a file, makes a new cluster from it.")
        {
            CreateSave(options, io),
            CreateInspect(options, io),
            CreateRestore(options, io),
        };

    private static Command CreateSave(GlobalOptions options, CommandIo io)
    {
        Argument<string> file = File("The file to write; it appears, or is replaced, only once every byte was verified and synced.");
        var command = new Command("save", "Saves the whole store, as of one revision, to a file. --timeout is how long a node may be silent.") { file };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, cancellationToken) =>
            SnapshotSave.RunAsync(session, session.Parsed.GetValue(file)!, cancellationToken));
        return command;
    }

    private static Command CreateInspect(GlobalOptions options, CommandIo io)
    {
        Argument<string> file = File("The file to check.");
        var command = new Command("inspect", "Checks every byte of a snapshot and tells what it holds. Exits with 6, naming the offset, where it is damaged.") { file };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, _) =>
            Task.FromResult(SnapshotFiles.Inspect(session, session.Parsed.GetValue(file)!)));
        return command;
    }

    private static Command CreateRestore(GlobalOptions options, CommandIo io)
    {
        Argument<string> file = File("The snapshot.");
        var data = new Option<string>("--data") { Description = "The data directory to make; it must be empty, or not exist.", HelpName = "DIR", Required = true };
        var name = new Option<string>("--name") { Description = "The name of the new cluster's only member.", HelpName = "NAME", DefaultValueFactory = _ => DefaultName };
        var peer = new Option<string>("--peer") { Description = "Where later members will reach it.", HelpName = "HOST:PORT", DefaultValueFactory = _ => DefaultPeer };
        var bump = new Option<long?>("--bump-revision")
        {
            Description = "By how much the revision is raised, so that no revision that the old cluster gave out is given out again. Default: 1000000000",
            HelpName = "N",
        };
        var command = new Command("restore", "Makes a new cluster of one member from a snapshot, with a new cluster id, and without asking any node. Start it with raftstore --name NAME --data DIR.")
        {
            file, data, name, peer, bump,
        };
        CommandRunner.SetAction(command, isWrite: false, options, io, (session, _) => Task.FromResult(SnapshotFiles.Restore(
            session,
            session.Parsed.GetValue(file)!,
            new RestoreTarget(session.Parsed.GetValue(data)!, session.Parsed.GetValue(name)!, session.Parsed.GetValue(peer)!, session.Parsed.GetValue(bump)))));
        return command;
    }

    private static Argument<string> File(string description) => new("FILE") { Description = description };
}
