using System.Globalization;
using RaftStore.Kv;
using RaftStore.Verification;

namespace RaftStore.Simulation;

/// <summary>Clients that read and write a few keys through random machines, one request at a time each, and note what they
/// were told.</summary>
internal sealed class Workload
{
    private const int KeysMax = 8;
    private const int ClientsPerMachine = 2;
    private const long ThinkUsMax = 60_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly List<SimulatedClient> _clients = [];
    private readonly PastRevisions _past = new();
    private long _values;
    private long _newestRevision;

    public Workload(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "workload");
    }

    /// <summary>What the clients were told.</summary>
    public AcknowledgedHistory History { get; } = new();

    /// <summary>How requests ended.</summary>
    public WorkloadCounts Counts { get; } = new();

    /// <summary>True once, after the healing, every client has had a write and a read of its own answered, and every machine
    /// has applied the same log to the same state.</summary>
    public bool HasConverged => _clients.All(client => client.IsFinished) && StatesAreEqual();

    public static IEnumerable<string> AllKeys => Enumerable.Range(0, KeysMax).Select(KeyName);

    public void Start()
    {
        for (int i = 0; i < _world.Machines.Count * ClientsPerMachine; i++)
        {
            SimulatedClient client = new(_world, this, i);
            _clients.Add(client);
            client.Think();
        }
    }

    /// <summary>From here on each client does one last write and one last read, which have to succeed.</summary>
    public void Finish()
    {
        foreach (SimulatedClient client in _clients)
        {
            client.IsFinishing = true;
        }
    }

    public void AfterPump(SimulatedMachine machine)
    {
        foreach (SimulatedClient client in _clients)
        {
            client.Poll(machine);
        }
    }

    public void MachineEnded(SimulatedMachine machine)
    {
        foreach (SimulatedClient client in _clients)
        {
            client.MachineEnded(machine);
        }
    }

    public long DrawThinkUs() => _random.Between(0, ThinkUsMax);

    public SimulatedMachine DrawMachine() => _world.Machines[_random.Below(_world.Machines.Count)];

    public SimulatedRequest DrawRequest()
    {
        string key = KeyName(_random.Below(KeysMax));
        return _random.Below(20) switch
        {
            < 9 => SimulatedRequest.Put(key, NextValue()),
            < 11 => SimulatedRequest.PutIfAbsent(key, NextValue()),
            < 13 => SimulatedRequest.Delete(key),
            < 14 => SimulatedRequest.DeleteAll(),
            < 15 => SimulatedRequest.Compact(Math.Max(0, _newestRevision + 3 - _random.Below(30))),
            _ => SimulatedRequest.Read(key),
        };
    }

    /// <summary>Some client was told of that revision.</summary>
    public void Answered(long revision) => _newestRevision = Math.Max(_newestRevision, revision);

    /// <summary>Reads a key at the view's own revision and at some past one.</summary>
    public void ReadPast(KvView view, string key)
    {
        _past.Read(view, key, view.Revision);
        long past = view.CompactedRevision + _random.Between(0, view.Revision - view.CompactedRevision);
        _past.Read(view, key, past);
        _world.Invariants.Saw("past revision read", past < view.Revision ? 1 : 0);
    }

    public SimulatedRequest LastWrite() => SimulatedRequest.Put(KeyName(_random.Below(KeysMax)), NextValue());

    public SimulatedRequest LastRead() => SimulatedRequest.Read(KeyName(_random.Below(KeysMax)));

    /// <summary>Checks what the clients were told.</summary>
    public void CheckHistory()
    {
        IReadOnlyList<string> violations = History.FindViolations();
        if (violations.Count > 0)
        {
            throw new SimulationFailureException($"{violations.Count} answers contradict each other; the first: {violations[0]}");
        }
    }

    private static string KeyName(int number) => string.Create(CultureInfo.InvariantCulture, $"key{number}");

    // Values of very different lengths, so that batches and snapshots have many shapes.
    private string NextValue() => string.Create(CultureInfo.InvariantCulture, $"value{++_values}").PadRight(_random.OneIn(20) ? 2000 : 12 + _random.Below(80), '.');

    private bool StatesAreEqual()
    {
        SimulatedMachine first = _world.Machines[0];
        return _world.Machines.All(machine => machine.Node is not null
            && machine.Node.View.AppliedIndex == first.Node!.View.AppliedIndex
            && machine.Node.View.Hash == first.Node.View.Hash
            && machine.Node.Status.CommitIndex == first.Node.Status.CommitIndex);
    }
}
