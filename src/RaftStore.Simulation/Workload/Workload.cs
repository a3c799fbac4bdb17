using System.Globalization;
using RaftStore.Kv;
using RaftStore.Verification;

namespace RaftStore.Simulation;

/// <summary>Clients that read and write a few keys through random machines, one request at a time each, and note what they
/// were told.</summary>
internal sealed class Workload
{
    /// <summary>Written once in a run in which the state of a machine is made wrong, and then only read: what is wrong with it stays.</summary>
    public const string LastingKey = "lasting";

    private const int KeysMax = 8;
    private const int ClientsPerMachine = 2;
    private static readonly string[] Keys = [.. Enumerable.Range(0, KeysMax).Select(number => string.Create(CultureInfo.InvariantCulture, $"key{number}"))];
    private const long ThinkUsMax = 60_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly List<SimulatedClient> _clients = [];
    private readonly List<Waiting> _waiting = [];
    private readonly PastRevisions _past = new();
    private long _values;
    private long _newestRevision;

    public Workload(World world)
    {
        _world = world;
        Operations = new ClientHistory(world);
        _random = new RandomStream(world.Seed, "workload");
    }

    /// <summary>What the clients were told.</summary>
    public AcknowledgedHistory History { get; } = new();

    /// <summary>The same as one request after the other.</summary>
    public ClientHistory Operations { get; }

    /// <summary>How requests ended.</summary>
    public WorkloadCounts Counts { get; } = new();

    /// <summary>True once, after the healing, every client has had a write and a read of its own answered.</summary>
    public bool IsFinished => _clients.TrueForAll(client => client.IsFinished);

    /// <summary>The highest revision that a compaction, by request, was answered for.</summary>
    public long CompactedRevision { get; private set; }

    public static IEnumerable<string> AllKeys => Keys;

    public void Start()
    {
        // Where a rate is asked for, enough of them that it is kept while some wait for a machine that does not answer.
        int perMachine = _world.Profile.OperationsPerSecond == 0 ? ClientsPerMachine : 30 * ClientsPerMachine;
        for (int i = 0; i < _world.Founders.Voters.Length * perMachine; i++)
        {
            SimulatedClient client = new(_world, this, i);
            _clients.Add(client);
        }

        foreach (SimulatedClient client in _clients)
        {
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

    /// <summary>A client has asked that machine something.</summary>
    public void Asked(SimulatedMachine machine, SimulatedClient client)
    {
        while (_waiting.Count <= machine.Number)
        {
            _waiting.Add(new Waiting());
        }

        Waiting waiting = _waiting[machine.Number];
        waiting.Clients.Add(client);
        waiting.AnswersSeen = -1;
    }

    /// <summary>Whoever waits for that machine and has an answer takes it, in the order in which they asked.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        if (machine.Number >= _waiting.Count)
        {
            return;
        }

        // Whoever has asked since the last look may have been answered at once; the others only by a pump that counted it.
        Waiting waiting = _waiting[machine.Number];
        long answers = machine.Node!.Answers;
        if (waiting.AnswersSeen != answers)
        {
            waiting.AnswersSeen = answers;
            waiting.Clients.RemoveAll(static client => client.TakeAnswer());
        }
    }

    public void MachineEnded(SimulatedMachine machine)
    {
        if (machine.Number < _waiting.Count)
        {
            List<SimulatedClient> left = _waiting[machine.Number].Clients;
            _waiting[machine.Number] = new Waiting();
            left.ForEach(client => client.MachineEnded());
        }
    }

    /// <summary>Draws how long a client waits that found nobody to ask, in microseconds.</summary>
    public long DrawRetryUs() => _random.Between(0, ThinkUsMax);

    /// <summary>Draws when a client begins its next request, in microseconds.</summary>
    /// <param name="dueUs">When its last one was due; where a rate is asked for, a late answer does not put off what follows.</param>
    public long DrawDueUs(long dueUs)
    {
        int perSecond = _world.Profile.OperationsPerSecond;
        return perSecond == 0 || _world.IsHealed
            ? _world.Events.NowUs + _random.Between(0, ThinkUsMax)
            : dueUs + _random.Between(0, 2_000_000L * _clients.Count / perSecond);
    }

    public SimulatedMachine DrawMachine()
    {
        // Every request draws one: the present are counted out instead of listed.
        IReadOnlyList<SimulatedMachine> machines = _world.Machines;
        int present = 0;
        for (int i = 0; i < machines.Count; i++)
        {
            present += machines[i].MayRun ? 1 : 0;
        }

        int left = _random.Below(present);
        int place = 0;
        while (!machines[place].MayRun || left-- > 0)
        {
            place++;
        }

        return machines[place];
    }

    /// <summary>Draws what a client asks for.</summary>
    /// <param name="seenRevision">The highest revision that this client was told of, by whichever machine.</param>
    public SimulatedRequest DrawRequest(long seenRevision)
    {
        if (_world.Profile.ForgesState && _random.OneIn(5))
        {
            return DrawAboutLasting(seenRevision);
        }

        string key = KeyName(_random.Below(KeysMax));
        return _random.Below(26) switch
        {
            < 9 => SimulatedRequest.Put(key, NextValue()),
            < 11 => SimulatedRequest.PutIfAbsent(key, NextValue()),
            < 13 => SimulatedRequest.Delete(key),
            < 14 => SimulatedRequest.DeleteAll(),
            < 15 => SimulatedRequest.Compact(Math.Max(0, _newestRevision + 3 - _random.Below(30))),
            15 => _random.OneIn(2) ? SimulatedRequest.KeepHistory(_random.Below(2_000), _random.Below(20)) : SimulatedRequest.KeepHistory(KvLimits.Default.HistoryAgeMs, KvLimits.Default.HistoryRevisionsMin),
            < 19 => SimulatedRequest.ReadAtLeast(key, seenRevision),
            < 22 => SimulatedRequest.ReadPast(key, Math.Max(0, _newestRevision + 3 - _random.Below(60))),
            _ => SimulatedRequest.Read(key),
        };
    }

    /// <summary>Some client was told of that revision.</summary>
    public void Answered(long revision) => _newestRevision = Math.Max(_newestRevision, revision);

    /// <summary>Some client was told that everything below that revision is gone.</summary>
    public void Compacted(long revision) => CompactedRevision = Math.Max(CompactedRevision, revision);

    /// <summary>What was compacted before a read began is gone for it.</summary>
    public static void CheckCompacted(KvView view, long compactedRevision)
        => ClusterInvariants.Check(view.CompactedRevision >= compactedRevision, $"revision {view.CompactedRevision} can still be read, though a compaction to {compactedRevision} had been answered before");

    /// <summary>Notes what a key was at a revision, and looks at it at another one.</summary>
    public void Read(KvView view, string key, long revision)
    {
        _past.Read(view, key, revision);
        _past.Read(view, key, view.CompactedRevision + _random.Between(0, view.Revision - view.CompactedRevision));
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

        Operations.Check();
    }

    private SimulatedRequest DrawAboutLasting(long seenRevision) => _random.Below(4) switch
    {
        0 => SimulatedRequest.PutIfAbsent(LastingKey, NextValue()),
        1 => SimulatedRequest.ReadAtLeast(LastingKey, seenRevision),
        2 => SimulatedRequest.ReadPast(LastingKey, Math.Max(0, _newestRevision - _random.Below(10))),
        _ => SimulatedRequest.Read(LastingKey),
    };

    private static string KeyName(int number) => Keys[number];

    // Values of very different lengths, so that batches and snapshots have many shapes.
    private string NextValue() => string.Create(CultureInfo.InvariantCulture, $"value{++_values}").PadRight(_random.OneIn(20) ? 2000 : 12 + _random.Below(80), '.');

    /// <summary>Who waits for one machine.</summary>
    private sealed class Waiting
    {
        public List<SimulatedClient> Clients { get; } = [];

        /// <summary>How many answers its node had given at the last look; -1 where somebody has asked since.</summary>
        public long AnswersSeen { get; set; } = -1;
    }
}
