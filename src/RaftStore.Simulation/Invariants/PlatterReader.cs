using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>Reads one machine's platter with the product's own recovery, again and again. What an earlier look has checked is not read again as long
/// as the platter holds the same bytes there: each look compares them with those of the look before, so that nothing that changes
/// behind the product's back, in whatever place, is taken for known.</summary>
internal sealed class PlatterReader
{
    private const string WalPath = $"{SimulatedMachine.DataPath}/wal";
    private const string SnapshotPath = $"{SimulatedMachine.DataPath}/snapshots";

    private readonly ClusterId _cluster;
    private readonly LogEndReader _log;
    private Dictionary<string, PlatterImage> _images = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _snapshots = [];
    private SnapshotFile? _latest;
    private bool _hasLooked;

    public PlatterReader(ClusterId cluster)
    {
        _cluster = cluster;
        _log = new LogEndReader(WalPath, cluster);
    }

    /// <summary>The log as it was at the last look.</summary>
    public LogEndReader Log => _log;

    /// <summary>Looks at the platter.</summary>
    /// <exception cref="DataDirectoryException">A start would refuse it. The next look reads everything.</exception>
    public void Look(SimulatedDisk disk)
    {
        PlatterView platter = disk.Platter;
        bool hadLooked = _hasLooked;
        _hasLooked = false;
        IReadOnlyList<string> snapshots = platter.ListFiles(SnapshotPath);
        if (!hadLooked || !snapshots.SequenceEqual(_snapshots) || !snapshots.All(name => IsUnchanged(platter, $"{SnapshotPath}/{name}", long.MaxValue)))
        {
            _latest = SnapshotStore.OpenUnchanged(platter, SnapshotPath, _cluster).Latest;
            _snapshots = snapshots;
        }

        _log.Read(platter, _latest?.Metadata.LastIncluded ?? EntryId.Zero, (path, bytes) => hadLooked && IsUnchanged(platter, path, bytes));
        Remember(platter);
        _hasLooked = true;
    }

    private bool IsUnchanged(PlatterView platter, string path, long bytes) => _images.TryGetValue(path, out PlatterImage image) && platter.HoldsStill(path, image, bytes);

    private void Remember(PlatterView platter)
    {
        Dictionary<string, PlatterImage> images = new(StringComparer.Ordinal);
        foreach (string path in platter.ListFiles(WalPath).Select(name => $"{WalPath}/{name}").Concat(_snapshots.Select(name => $"{SnapshotPath}/{name}")))
        {
            images.Add(path, _images.TryGetValue(path, out PlatterImage image) && platter.HoldsStill(path, image, long.MaxValue) ? image : platter.ImageOf(path)!.Value);
        }

        _images = images;
    }
}
