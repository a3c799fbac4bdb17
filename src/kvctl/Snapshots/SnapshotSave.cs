using System.Globalization;
using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Output;
using RaftStore.Node;
using RaftStore.Storage;

namespace RaftStore.Kvctl.Snapshots;

/// <summary><c>snapshot save</c>: receives, verifies, syncs, and only then gives the file its name.</summary>
internal static class SnapshotSave
{
    private const string TemporarySuffix = ".tmp";

    public static async Task<int> RunAsync(Session session, string file, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(file);
        string temporary = path + TemporarySuffix;
        try
        {
            SnapshotResult received;
            await using (FileStream target = Create(file, temporary))
            {
                received = await session.Client.SnapshotAsync(target, session.Consistency, new Progress(session), cancellationToken);
            }

            KeptSnapshot kept = Publish(temporary, path, received);
            Print(session, file, kept);
            return ExitCode.Ok;
        }
        catch (DataDirectoryException damaged)
        {
            session.Note($"what was received is not whole, and was dropped: offset {damaged.OffsetBytes.ToString(CultureInfo.InvariantCulture)}: {damaged.Finding}");
            return ExitCode.CheckFailed;
        }
        catch (Exception failure) when (failure is StorageIoException or IOException)
        {
            session.Note($"the snapshot could not be kept: {failure.Message}");
            return ExitCode.Unavailable;
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    private static FileStream Create(string file, string temporary)
    {
        try
        {
            return new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{file}' cannot be written: {failure.Message}");
        }
    }

    private static KeptSnapshot Publish(string temporary, string path, SnapshotResult received)
    {
        PosixFileSystem files = new();
        KeptSnapshot kept = KeptSnapshot.Check(files, temporary);
        if (kept.Facts.Revision != received.Revision)
        {
            throw new DataDirectoryException(temporary, -1, string.Create(CultureInfo.InvariantCulture, $"it holds revision {kept.Facts.Revision}, and the node announced {received.Revision}"));
        }

        using (IFile written = files.Open(temporary, FileOpenMode.ReadWrite))
        {
            written.DataSync();
        }

        files.Rename(temporary, path);
        files.SyncDirectory(Path.GetDirectoryName(path)!);
        return kept;
    }

    private static void Print(Session session, string file, KeptSnapshot kept) => session.Print(session.IsJson
        ? Json.Write(json => SnapshotFiles.Write(json, file, kept)) + "\n"
        : string.Create(CultureInfo.InvariantCulture, $"saved revision {kept.Facts.Revision} to {file}: {kept.Facts.Keys} keys, {kept.Metadata.LengthBytes} bytes, verified\n"));

    /// <summary>Says now and then how far it has come, to people.</summary>
    private sealed class Progress(Session session) : IProgress<long>
    {
        private const int PeriodMs = 1000;

        private long _shownUntil = Environment.TickCount64 + PeriodMs;

        public void Report(long value)
        {
            if (!session.IsJson && Environment.TickCount64 >= _shownUntil)
            {
                session.Note(string.Create(CultureInfo.InvariantCulture, $"received {value >> 20} MiB so far"));
                _shownUntil = Environment.TickCount64 + PeriodMs;
            }
        }
    }
}
