using System.Globalization;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>What the test assembly does when it is started as a program: writes a log on a real disk, one batch a sync, and says after
/// each that it is durable; so that a tracer can let its system calls fail from outside.</summary>
internal static class SyncProbe
{
    public const int BatchCount = 5;

    private static int Main(string[] arguments)
    {
        string directory = arguments[0];
        try
        {
            using WriteAheadLog log = WriteAheadLog.Open(new PosixFileSystem(), directory, new ClusterId(1), LogDriver.Small, EntryId.Zero, out _);
            Console.WriteLine("opened");
            log.Append(new PersistRequest { Token = new BatchToken(0), HardState = new HardState(1, new NodeId(1)) });
            Console.WriteLine("voted");
            for (int index = 1; index <= BatchCount; index++)
            {
                log.Append(new PersistRequest { Token = new BatchToken(index), Batches = [LogDriver.Batch(index, 1)] });
                log.Sync();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"durable {index}"));
            }

            return 0;
        }
        catch (StorageIoException failure)
        {
            Console.WriteLine($"failed: {failure.Message}");
            return 4;
        }
    }
}
