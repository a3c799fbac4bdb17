using System.CommandLine;
using System.Globalization;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server.Recovery;

/// <summary><c>raftstore recover</c>: makes a new cluster of one from what a single data directory holds, when a majority of the old one
/// is gone for good. Offline: the directory's node must not run.</summary>
internal static class RecoverCommand
{
    /// <summary>The word after the program's name.</summary>
    public const string Name = "recover";

    /// <summary>Runs it.</summary>
    /// <param name="arguments">What follows the word.</param>
    /// <exception cref="SettingsException">An argument is missing, unknown or bad (exit code 2).</exception>
    /// <exception cref="DataDirectoryException">The directory is damaged, in use, or no node's (exit code 3).</exception>
    /// <exception cref="StorageIoException">The disk is full or failed (exit code 4).</exception>
    public static void Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        var data = new Option<string>("--data") { Description = "The data directory of the member that is left.", HelpName = "DIR" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what the directory holds and what would be done; change nothing." };
        var bump = new Option<long?>("--bump-revision")
        {
            Description = "By how much the revision is raised, so that no revision that the lost cluster gave out is given out again. Default: 1000000000",
            HelpName = "N",
        };
        RootCommand root = new("Makes a new cluster of one member, with a new cluster id, in place of a cluster that has lost a majority of its members for good. "
            + "Stop the node first. Run it with --dry-run on every directory that is left, and recover the one with the latest last entry: the higher term counts first, then the index. "
            + "What stood in the directory is kept beside it. Exit codes: 0 done, 2 arguments, 3 data directory, 4 a write failed, 5 an entry cannot be applied.")
        {
            data, dryRun, bump,
        };
        ParseResult parsed = root.Parse([.. arguments], new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0)
        {
            throw new SettingsException($"{Name}: {parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.')}. See raftstore {Name} --help.");
        }

        if (parsed.Action is not null)
        {
            parsed.Invoke(new InvocationConfiguration { Output = output });
            return;
        }

        string path = parsed.GetValue(data) is { Length: > 0 } given ? Path.GetFullPath(given) : throw new SettingsException($"{Name}: --data is missing: name the data directory to recover.");
        long raiseBy = parsed.GetValue(bump) ?? NewCluster.RaiseByDefault;
        if (raiseBy is < 0 or > NewCluster.RaiseByMax)
        {
            throw new SettingsException(string.Create(CultureInfo.InvariantCulture, $"{Name}: --bump-revision must be from 0 to {NewCluster.RaiseByMax}."));
        }

        Recover(path, raiseBy, parsed.GetValue(dryRun), output);
    }

    private static void Recover(string path, long raiseBy, bool isDryRun, TextWriter output)
    {
        PosixFileSystem files = new();
        if (!files.DirectoryExists(path))
        {
            // Opening it would make it.
            throw new DataDirectoryException(path, -1, "there is no such directory");
        }

        using DataDirectory directory = DataDirectory.Open(files, path);
        SurvivingState state = SurvivingState.Read(files, directory);
        string peer = (state.Members.Find(state.Identity.Node) ?? state.Identity.Founders.Find(state.Identity.Node))?.PeerAddress
            ?? throw new DataDirectoryException(path, -1, $"node {state.Identity.Name} is no member of its own cluster, as far as this directory tells: it was removed, or had not been taken in yet. Take another member's directory");
        NewCluster plan = NewCluster.Draw(state.Identity.Name, peer, raiseBy);
        RecoveryReport.Write(output, path, state, plan);
        if (isDryRun)
        {
            output.WriteLine("Nothing was changed: this was a dry run.");
            return;
        }

        output.Flush();
        long revision = state.Replace(files, directory, plan);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            Done. Cluster {plan.Cluster} has one member, {plan.Name}; its revision goes on from {revision}.
            What stood here is kept in {directory.AsidePath(plan.Cluster)}: remove it when you no longer need it.
            Start it:  raftstore --name {plan.Name} --data {path}
            """));
    }
}
