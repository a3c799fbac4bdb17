namespace RaftStore.Benchmarks.Support;

/// <summary>A directory for real files: in <c>BENCH_DIR</c>, or among the system's temporary ones. A sync costs what that
/// disk takes, and nothing at all on tmpfs.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory()
    {
        string parent = Environment.GetEnvironmentVariable("BENCH_DIR") ?? System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"raftstore-bench-{Guid.NewGuid():n}")).FullName;
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
