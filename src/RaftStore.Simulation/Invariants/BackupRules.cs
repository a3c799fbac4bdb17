using System.Text;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What a backup is worth: whole, it restores to exactly the revision that was named with it; cut or changed in one byte, it is refused.</summary>
internal sealed class BackupRules(World world, RandomStream random)
{
    private const string Path = "/backup/file.snap";
    private const int RestoreOneIn = 4;

    /// <summary>A stream that came to its end.</summary>
    /// <param name="named">The state that was captured: its revision went out with the stream.</param>
    /// <param name="begun">What the history knew before it was asked for; 0 where it may be older.</param>
    public void Check(byte[] stream, KvView named, long begun)
    {
        SimulatedDisk disk = DiskWith(stream);
        KeptSnapshot kept = KeptSnapshot.Check(disk, Path);
        ClusterInvariants.Check(
            kept.Cluster == world.Cluster && kept.Facts.Revision == named.Revision && kept.Facts.StateHash == named.Hash,
            $"a backup of revision {named.Revision} with hash {named.Hash} says that it is {kept.Facts}");
        KvView loaded = KeptSnapshot.Load(disk, Path).Current;
        ClusterInvariants.Check(loaded.Revision == named.Revision && loaded.Hash == named.Hash, $"a backup of revision {named.Revision} with hash {named.Hash} loads to {loaded.Revision} with {loaded.Hash}");
        Compare(loaded, begun);
        world.Invariants.Saw("backup taken from a running machine");
        CheckCut(stream[..random.Below(stream.Length)]);
        stream[random.Below(stream.Length)] ^= (byte)(1 << random.Below(8));
        CheckRefused(stream, "one bit changed");
        if (random.OneIn(RestoreOneIn))
        {
            RestoreRules.Check(world, random, disk, () => KeptSnapshot.Load(disk, Path), kept.Metadata.LastIncluded.Term);
        }
    }

    /// <summary>A stream that was cut somewhere.</summary>
    public void CheckCut(byte[] stream)
    {
        CheckRefused(stream, "its end missing");
        world.Invariants.Saw("cut backup refused");
    }

    private static void CheckRefused(byte[] stream, string what)
    {
        try
        {
            KeptSnapshot.Check(DiskWith(stream), Path);
        }
        catch (DataDirectoryException)
        {
            return;
        }

        throw new SimulationFailureException($"a backup of {stream.Length} bytes with {what} is taken for whole");
    }

    private void Compare(KvView loaded, long begun)
    {
        foreach (string key in Workload.AllKeys)
        {
            bool found = loaded.TryGet(Encoding.ASCII.GetBytes(key), loaded.Revision, out KvItem item);
            world.Workload.History.ReadAnswered(key, found ? Encoding.ASCII.GetString(item.Value.Span) : null, found ? item.ModRevision : 0, loaded.Revision, begun);
            world.Workload.Read(loaded, key, loaded.Revision);
        }
    }

    private static SimulatedDisk DiskWith(byte[] stream)
    {
        SimulatedDisk disk = new(new RandomStream(0, "backup"));
        disk.CreateDirectory("/backup");
        using IFile file = disk.Open(Path, FileOpenMode.CreateNew);
        file.Write(0, stream);
        return disk;
    }
}
