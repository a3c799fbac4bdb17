using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>A log over a <see cref="CrashingFileSystem"/>, what was asked of it, and what it acknowledged: the model that a recovered
/// log is compared with.</summary>
internal sealed class LogDriver
{
    public const string Directory = "wal";
    public static readonly ClusterId Cluster = new(0x1122334455667788);
    public static readonly WalOptions Small = new() { SegmentBytes = 64 << 10, RecycledSegmentsMax = 1 };

    private long _token;

    public LogDriver(CrashingFileSystem? disk = null)
    {
        Disk = disk ?? new CrashingFileSystem();
    }

    public CrashingFileSystem Disk { get; }

    public WalOptions Options { get; init; } = Small;

    public WriteAheadLog? Log { get; private set; }

    public RecoveredLog? Recovered { get; private set; }

    /// <summary>Opens the log, in whatever state it is, and compares what only looking at its end finds before.</summary>
    public static WriteAheadLog Open(IFileSystem disk, out RecoveredLog recovered, EntryId snapshot = default, WalOptions? options = null)
    {
        string? end = disk.FileExists($"{Directory}/hardstate") && disk.FileExists($"{Directory}/durable") ? ReadEnd(disk, snapshot) : null;
        WriteAheadLog log;
        try
        {
            log = WriteAheadLog.Open(disk, Directory, Cluster, options ?? Small, snapshot, out recovered);
        }
        catch (DataDirectoryException refusal) when (end is not null)
        {
            Assert.Equal(end, refusal.Message);
            throw;
        }

        EntryId last = recovered.Batches.Count > 0 ? recovered.Batches[^1].Last : recovered.Base;
        if (end is not null && recovered.HardState.Term > snapshot.Term)
        {
            Assert.Equal(end, $"{last}, {recovered.HardState}");
        }

        return log;
    }

    /// <summary>A batch whose entries' payloads are <paramref name="payload"/> repeated.</summary>
    public static EntryBatch Batch(long firstIndex, long term, int count = 1, int payloadBytes = 20, byte payload = 0x5A)
    {
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = new byte[payloadBytes];
            Array.Fill(bytes, payload);
            payloads[i] = bytes;
        }

        return EntryBatch.Seal(new EntryId(firstIndex, term), firstIndex * 10, EntryKind.Command, payloads);
    }

    public LogDriver Start(EntryId snapshot = default)
    {
        Log = Open(Disk, out RecoveredLog recovered, snapshot, Options);
        Recovered = recovered;
        return this;
    }

    public PersistRequest Request(HardState? hardState = null, EntryId? resetTo = null, long? truncateFrom = null, long commit = 0, params EntryBatch[] batches) => new()
    {
        Token = new BatchToken(++_token),
        HardState = hardState,
        ResetTo = resetTo,
        TruncateFrom = truncateFrom,
        CommitIndex = commit,
        Batches = batches,
    };

    /// <summary>Appends and syncs.</summary>
    public void Write(HardState? hardState = null, EntryId? resetTo = null, long? truncateFrom = null, long commit = 0, params EntryBatch[] batches)
    {
        Log!.Append(Request(hardState, resetTo, truncateFrom, commit, batches));
        Log.Sync();
    }

    /// <summary>The process dies and starts again.</summary>
    public LogDriver Restart(EntryId snapshot = default)
    {
        Log?.Dispose();
        Disk.Restart();
        return Start(snapshot);
    }

    private static string ReadEnd(IFileSystem disk, EntryId snapshot)
    {
        try
        {
            LogEndReader reader = new(Directory, Cluster);
            reader.Read(disk, snapshot, (_, _) => false);
            return $"{reader.Last}, {reader.HardState}";
        }
        catch (DataDirectoryException refusal)
        {
            return refusal.Message;
        }
    }

    public static string Describe(IEnumerable<EntryBatch> batches) => string.Join(' ', batches);
}
