using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>That a look finds what a start finds is tried by <see cref="LogDriver.Open"/>, before every start of every test.</summary>
public sealed class LogEndReaderTests
{
    private static readonly HardState Term1 = new(1, new NodeId(1));

    [Fact]
    public void Read_OfALogThatGained_ReadsAgainOnlyWhatMayHaveChanged()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1, batches: [.. Enumerable.Range(1, 30).Select(index => LogDriver.Batch(index, 1, 1, 3000))]);
        LogEndReader reader = new(LogDriver.Directory, LogDriver.Cluster);
        reader.Read(driver.Disk, EntryId.Zero, (_, _) => true);
        Assert.Equal(new EntryId(30, 1), reader.Last);

        // Damage that nobody tells of shows that the damaged place is not read again.
        string first = driver.Disk.Paths.First(path => path.EndsWith(".wal", StringComparison.Ordinal));
        byte[] content = driver.Disk.Content(first);
        content[200] ^= 1;
        driver.Disk.SetContent(first, content);
        driver.Write(batches: [.. Enumerable.Range(31, 30).Select(index => LogDriver.Batch(index, 1, 1, 3000))]);
        reader.Read(driver.Disk, EntryId.Zero, (_, _) => true);
        Assert.Equal(new EntryId(60, 1), reader.Last);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => reader.Read(driver.Disk, EntryId.Zero, (path, _) => path != first));
        Assert.Equal(first, refusal.Path);
        Assert.Throws<DataDirectoryException>(() => reader.Read(driver.Disk, EntryId.Zero, (_, _) => true));
    }

    [Fact]
    public void Read_InALaterTerm_FindsTermAndVote()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1, batches: LogDriver.Batch(1, 1));
        LogEndReader reader = new(LogDriver.Directory, LogDriver.Cluster);
        reader.Read(driver.Disk, EntryId.Zero, (_, _) => true);
        driver.Write(new HardState(2, new NodeId(3)), batches: LogDriver.Batch(2, 2));
        reader.Read(driver.Disk, EntryId.Zero, (_, _) => true);

        Assert.Equal(new HardState(2, new NodeId(3)), reader.HardState);
        Assert.Equal(new EntryId(2, 2), reader.Last);
        Assert.Equal([0, 1, 2, -1], Enumerable.Range(0, 4).Select(index => reader.TermAt(index)));
    }
}
