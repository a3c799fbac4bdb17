using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Formation;

/// <summary>Founders with disks and a network that loses, repeats, delays and reorders, all driven by one seed.</summary>
internal sealed class FormationWorld
{
    private readonly Random _random;
    private readonly List<FormationStatus> _network = [];
    private readonly SortedDictionary<ulong, SortedSet<string>> _everFormed = [];
    private long _nowMs;

    public FormationWorld(int founders, int seed)
    {
        _random = new Random(seed);
        Founders = FoundingList.Create(Enumerable.Range(1, founders).Select(i => ($"n{i}", $"host{i}:7500")));
        Machines = [.. Founders.Voters.Select(member => new Machine(member.Name))];
    }

    public Configuration Founders { get; }

    public IReadOnlyList<Machine> Machines { get; }

    /// <summary>Every cluster that any disk ever said was formed, with the nodes whose disks did.</summary>
    public IReadOnlyDictionary<ulong, SortedSet<string>> EverFormed => _everFormed;

    public Machine this[string name] => Machines.Single(machine => machine.Name == name);

    public ulong Draw() => (ulong)_random.NextInt64();

    public void Start(Machine machine, Configuration? list = null) =>
        machine.Protocol = new FormationProtocol(machine.Name, list ?? machine.List ?? Founders, machine.Disk, Draw);

    /// <summary>Ends a process. Where an identity was being written, the disk has either of the two afterwards.</summary>
    public void Crash(Machine machine, bool writeReachedDisk)
    {
        if (machine.IsUp && machine.Protocol!.Next() is { Action: FormationAction.WriteIdentity, Identity: { } identity } && writeReachedDisk)
        {
            SetDisk(machine, identity);
        }

        machine.Protocol = null;
    }

    public static void Wipe(Machine machine)
    {
        machine.Protocol = null;
        machine.Disk = null;
        machine.StopReason = null;
    }

    /// <summary>Makes durable what is being written, in two moments between which anything may happen.</summary>
    public void FinishWrite(Machine machine)
    {
        if (machine.IsUp && machine.Protocol!.Next() is { Action: FormationAction.WriteIdentity, Identity: { } identity })
        {
            SetDisk(machine, identity);
            machine.Protocol.IdentitySynced();
        }
    }

    public void Send(Machine from, Machine to)
    {
        if (from.IsUp)
        {
            _network.Add(from.Protocol!.StatusFor(to.Name));
        }
    }

    public void Deliver(FormationStatus status)
    {
        Machine to = this[status.To];
        if (to.IsUp)
        {
            to.Protocol!.Receive(status, ++_nowMs);
            NoteStop(to);
        }
    }

    /// <summary>One random event of a hostile world.</summary>
    public void StepAtRandom()
    {
        Machine machine = Pick();
        switch (_random.Next(100))
        {
            case < 40:
                Send(machine, Pick());
                break;
            case < 80 when _network.Count > 0:
                int place = _random.Next(_network.Count);
                FormationStatus status = _network[place];
                if (_random.Next(4) > 0)
                {
                    _network.RemoveAt(place);
                }

                Deliver(status);
                break;
            case < 92:
                FinishWrite(machine);
                break;
            case 92 when _random.Next(4) == 0:
                Crash(machine, writeReachedDisk: _random.Next(2) == 0);
                break;
            case >= 93 when !machine.IsUp && machine.StopReason is null:
                Start(machine);
                break;
        }

        if (_network.Count > 8 * Machines.Count)
        {
            _network.RemoveAt(_random.Next(_network.Count));
        }
    }

    /// <summary>Everybody is started, the network is well, and what it still held arrives first.</summary>
    public void Heal(int rounds)
    {
        while (_network.Count > 0)
        {
            Deliver(_network[0]);
            _network.RemoveAt(0);
        }

        foreach (Machine machine in Machines.Where(machine => !machine.IsUp && machine.StopReason is null))
        {
            Start(machine);
        }

        for (int i = 0; i < rounds; i++)
        {
            Round();
        }
    }

    /// <summary>Everybody tells everybody once, in order, and writes what it has to.</summary>
    public void Round()
    {
        foreach (Machine from in Machines)
        {
            foreach (Machine to in Machines.Where(to => to != from && from.IsUp && to.IsUp))
            {
                Deliver(from.Protocol!.StatusFor(to.Name));
                FinishWrite(to);
            }

            FinishWrite(from);
        }
    }

    private void SetDisk(Machine machine, NodeIdentity identity)
    {
        machine.Disk = identity;
        if (identity.State == FormationState.Formed)
        {
            if (!_everFormed.TryGetValue(identity.Cluster.Value, out SortedSet<string>? names))
            {
                _everFormed.Add(identity.Cluster.Value, names = new SortedSet<string>(StringComparer.Ordinal));
            }

            names.Add(machine.Name);
        }
    }

    private static void NoteStop(Machine machine)
    {
        if (machine.Protocol!.Next() is { Action: FormationAction.Stop } step)
        {
            machine.StopReason = step.Reason;
            machine.Protocol = null;
        }
    }

    public Machine Pick() => Machines[_random.Next(Machines.Count)];

    internal sealed class Machine(string name)
    {
        public string Name { get; } = name;

        /// <summary>The list it is started with where that is not the world's.</summary>
        public Configuration? List { get; set; }

        public NodeIdentity? Disk { get; set; }

        public FormationProtocol? Protocol { get; set; }

        public string? StopReason { get; set; }

        public bool IsUp => Protocol is not null;

        public bool IsFormed => Disk is { State: FormationState.Formed };

        public string Report => Protocol!.Describe(nowMs: 0);
    }
}
