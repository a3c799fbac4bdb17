using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What a power cut now would leave that loses all it can, to be read where it lies: nothing is copied, and nothing can be changed. Good
/// until the disk is next used.</summary>
internal sealed class PlatterView(SimulatedDirectory root) : IFileSystem
{
    public IFile Open(string path, FileOpenMode mode) => mode != FileOpenMode.CreateNew && root.Find(path, durable: true) is SimulatedFile file
        ? new Handle(file)
        : throw new StorageIoException("open", path, -1, SimulatedDisk.NoSuchFile, "no such file on the platter");

    public bool FileExists(string path) => root.Find(path, durable: true) is SimulatedFile;

    /// <summary>What that file holds; null where it is not there.</summary>
    public PlatterImage? ImageOf(string path) => (root.Find(path, durable: true) as SimulatedFile)?.PlatterImage;

    /// <summary>Whether that file holds what it held; see <see cref="SimulatedFile.HoldsStill"/>.</summary>
    public bool HoldsStill(string path, in PlatterImage image, long bytes) => root.Find(path, durable: true) is SimulatedFile file && file.HoldsStill(image, bytes);

    public bool DirectoryExists(string path) => root.Find(path, durable: true) is SimulatedDirectory;

    public IReadOnlyList<string> ListFiles(string directory) => List<SimulatedFile>(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => List<SimulatedDirectory>(directory);

    public void CreateDirectory(string path) => throw ReadOnly();

    public void Rename(string from, string to) => throw ReadOnly();

    public void Delete(string path) => throw ReadOnly();

    public void DeleteDirectory(string path) => throw ReadOnly();

    public void SyncDirectory(string directory) => throw ReadOnly();

    public IDisposable? TryLock(string path) => throw ReadOnly();

    private List<string> List<T>(string directory) => (root.Find(directory, durable: true) as SimulatedDirectory)?.List<T>(durable: true) ?? [];

    private static InvalidOperationException ReadOnly() => new("a platter is only looked at");

    private sealed class Handle(SimulatedFile file) : IFile
    {
        public long LengthBytes => file.PlatterLengthBytes;

        public int Read(long offsetBytes, Span<byte> target) => file.ReadPlatter(offsetBytes, target);

        public void Write(long offsetBytes, ReadOnlySpan<byte> source) => throw ReadOnly();

        public void DataSync() => throw ReadOnly();

        public void Dispose()
        {
        }
    }
}
