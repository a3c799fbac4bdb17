using System.Globalization;
using System.Text;
using System.Text.Json;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;
using RaftStore.Node;
using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Kvctl.Snapshots;

/// <summary>What a restore makes.</summary>
/// <param name="Data">The data directory.</param>
/// <param name="Name">The only member.</param>
/// <param name="Peer">Where later members reach it.</param>
/// <param name="RaiseBy">By how much the revision is raised; null for the default.</param>
internal sealed record RestoreTarget(string Data, string Name, string Peer, long? RaiseBy);

/// <summary><c>snapshot inspect</c> and <c>snapshot restore</c>: snapshot files without any node.</summary>
internal static class SnapshotFiles
{
    public static int Inspect(Session session, string file) => WithFile(session, file, kept =>
    {
        session.Print(session.IsJson ? Json.Write(json => Write(json, file, kept)) + "\n" : Text(kept));
        return ExitCode.Ok;
    });

    public static int Restore(Session session, string file, RestoreTarget target)
    {
        NewCluster plan = Plan(target);
        return WithFile(session, file, kept =>
        {
            PosixFileSystem files = new();
            try
            {
                long revision = plan.Write(files, target.Data, KeptSnapshot.Load(files, file), kept.Metadata.LastIncluded.Term);
                session.Print(session.IsJson ? Json.Write(json => WriteRestored(json, plan, target, kept, revision)) + "\n" : Restored(plan, target, kept, revision));
                return ExitCode.Ok;
            }
            catch (DataDirectoryException refusal) when (refusal.Path != file)
            {
                throw new UsageException($"--data {refusal.Message}");
            }
        });
    }

    /// <summary>The members of the JSON that stands for a snapshot.</summary>
    public static void Write(Utf8JsonWriter json, string file, KeptSnapshot kept)
    {
        json.WriteString("file", file);
        json.WriteString("clusterId", kept.Cluster.ToString());
        json.WriteNumber("index", kept.Metadata.LastIncluded.Index);
        json.WriteNumber("term", kept.Metadata.LastIncluded.Term);
        json.WriteNumber("revision", kept.Facts.Revision);
        json.WriteNumber("compactedRevision", kept.Facts.CompactedRevision);
        json.WriteNumber("keys", kept.Facts.Keys);
        json.WriteNumber("versions", kept.Facts.Versions);
        json.WriteNumber("bytes", kept.Facts.StoredBytes);
        json.WriteNumber("fileBytes", kept.Metadata.LengthBytes);
        json.WriteString("stateHash", kept.Facts.StateHash);
        json.WriteStartArray("members");
        foreach (Member member in kept.Metadata.Configuration.Members)
        {
            json.WriteStartObject();
            json.WriteString("id", member.Id.ToString());
            json.WriteString("name", member.Name);
            json.WriteString("role", kept.Metadata.Configuration.IsLearner(member.Id) ? "learner" : "voter");
            json.WriteString("peer", member.PeerAddress);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Checks a file from end to end and does something with what it holds.</summary>
    private static int WithFile(Session session, string file, Func<KeptSnapshot, int> run)
    {
        try
        {
            return run(KeptSnapshot.Check(new PosixFileSystem(), file));
        }
        catch (DataDirectoryException damaged)
        {
            string place = damaged.OffsetBytes < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", offset {damaged.OffsetBytes}");
            session.Note($"{file}{place}: {damaged.Finding}");
            return ExitCode.CheckFailed;
        }
        catch (StorageIoException failure) when (failure.Operation == "open" && failure.Path == file)
        {
            throw new UsageException($"'{file}' cannot be read: {failure.Message}");
        }
        catch (StorageIoException failure)
        {
            session.Note(failure.Message);
            return ExitCode.Unavailable;
        }
    }

    private static NewCluster Plan(RestoreTarget target)
    {
        if (!NodeName.IsValid(target.Name))
        {
            throw new UsageException($"--name '{target.Name}' is not a name: {NodeName.Rule}");
        }

        int colon = target.Peer.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(target.Peer.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
        {
            throw new UsageException($"--peer '{target.Peer}' is not HOST:PORT");
        }

        long raiseBy = target.RaiseBy ?? NewCluster.RaiseByDefault;
        return raiseBy is >= 0 and <= NewCluster.RaiseByMax
            ? NewCluster.Draw(target.Name, target.Peer, raiseBy)
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--bump-revision {raiseBy} is not from 0 to {NewCluster.RaiseByMax}"));
    }

    private static string Text(KeptSnapshot kept)
    {
        var text = new StringBuilder();
        text.Append(string.Create(CultureInfo.InvariantCulture, $"""
            cluster             {kept.Cluster}
            last entry          {kept.Metadata.LastIncluded.Index} of term {kept.Metadata.LastIncluded.Term}
            revision            {kept.Facts.Revision}
            compacted revision  {kept.Facts.CompactedRevision}
            keys                {kept.Facts.Keys}
            versions            {kept.Facts.Versions}
            bytes               {kept.Facts.StoredBytes} of keys and values, {kept.Metadata.LengthBytes} of file
            state hash          {kept.Facts.StateHash}

            """));
        foreach (Member member in kept.Metadata.Configuration.Members)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $"member              {member.Name} (id {member.Id}) at {member.PeerAddress}{(kept.Metadata.Configuration.IsLearner(member.Id) ? ", learner" : "")}\n"));
        }

        return text.Append("every checksum is right\n").ToString();
    }

    private static string Restored(NewCluster plan, RestoreTarget target, KeptSnapshot kept, long revision) => string.Create(CultureInfo.InvariantCulture, $"""
        restored revision {kept.Facts.Revision} of cluster {kept.Cluster}: {kept.Facts.Keys} keys
        new cluster {plan.Cluster}, its only member {plan.Name}; its revision goes on from {revision}
        start it:  raftstore --name {plan.Name} --data {target.Data}

        """);

    private static void WriteRestored(Utf8JsonWriter json, NewCluster plan, RestoreTarget target, KeptSnapshot kept, long revision)
    {
        json.WriteString("clusterId", plan.Cluster.ToString());
        json.WriteString("name", plan.Name);
        json.WriteString("data", target.Data);
        json.WriteNumber("revision", revision);
        json.WriteString("fromClusterId", kept.Cluster.ToString());
        json.WriteNumber("fromRevision", kept.Facts.Revision);
        json.WriteNumber("keys", kept.Facts.Keys);
    }
}
