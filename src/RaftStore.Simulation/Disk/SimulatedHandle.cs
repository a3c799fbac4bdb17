using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>A simulated file that a program holds open.</summary>
internal sealed class SimulatedHandle(SimulatedDisk disk, string path, SimulatedFile file) : IFile
{
    public long LengthBytes => file.LengthBytes;

    public int Read(long offsetBytes, Span<byte> target) => file.Read(offsetBytes, target);

    public void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        disk.CheckSpace("pwrite", path, offsetBytes + source.Length - file.LengthBytes);

        // First the write, then the power cut that may hit it: a cut keeps any part of what is not synced.
        file.Write(offsetBytes, source);
        disk.Operation("pwrite", path, offsetBytes);
    }

    public void DataSync()
    {
        disk.Operation("fdatasync", path);
        disk.Synced();
        file.Sync();
    }

    public void Dispose()
    {
    }
}
