using System.Collections.Immutable;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>A machine that was told a name and a number, from its empty disk to the cluster to which it belongs in the end: the product's search, course
/// and formation, carried as a server does it.</summary>
internal sealed class Seeker
{
    /// <summary>Between two rounds of the search, in microseconds.</summary>
    private const long PauseUsMin = 500_000;
    private const long PauseUsMax = 1_000_000;

    /// <summary>Time for one node to answer, in microseconds.</summary>
    private const long AnswerUs = 2_000_000;

    /// <summary>Between two exchanges with a founder where nothing changed, and how soon after a change, in microseconds.</summary>
    private const long ExchangeUs = 250_000;
    private const long ChangedUsMax = 5_000;

    private readonly World _world;
    private readonly Founding _founding;
    private readonly RandomStream _random;
    private DataDirectory? _directory;
    private FounderSearch? _search;
    private FoundingCourse? _course;
    private FoundingDesk? _desk;
    private ImmutableArray<string> _clients = [];
    private string _detail = "";
    private bool _isChangePlanned;

    public Seeker(Founding founding, World world, SimulatedMachine machine)
    {
        _founding = founding;
        _world = world;
        Machine = machine;
        _random = new RandomStream(world.Seed, $"seeker {machine.Number}");
    }

    public SimulatedMachine Machine { get; private set; }

    public string Name => Machine.Name;

    /// <summary>Counts the lives of its process.</summary>
    public int Life { get; private set; }

    /// <summary>True while its process runs and belongs to no cluster.</summary>
    public bool IsUp { get; private set; }

    /// <summary>True while it asks a cluster to take it in.</summary>
    public bool Joins { get; private set; }

    /// <summary>True once it belongs to the cluster.</summary>
    public bool IsOver => !Machine.Id.IsNone;

    /// <summary>True while it founds a cluster, durably or not.</summary>
    public bool Founds => IsUp && _desk is { Formation: not null };

    /// <summary>True while it looks for others, durably for no list: who asks it is known to it from then on.</summary>
    public bool IsSearching => IsUp && !Joins && OnDisk is null;

    /// <summary>Where it stands, in a few words.</summary>
    public string Detail => IsOver ? "member" : IsUp ? _detail : "down";

    /// <summary>What its disk says.</summary>
    public NodeIdentity? OnDisk
    {
        get
        {
            if (_directory is not null)
            {
                return _directory.Identity;
            }

            using DataDirectory directory = DataDirectory.Open(Machine.Disk.CopyAsSeen(), SimulatedMachine.DataPath);
            return directory.Identity;
        }
    }

    /// <summary>Starts the process, unless it runs or is not needed any more.</summary>
    public void Start()
    {
        if (!IsUp && !IsOver && !Joins)
        {
            Life++;
            IsUp = true;
            Guard(Boot);
        }
    }

    /// <summary>The power fails.</summary>
    public void PowerCut()
    {
        _world.Invariants.Saw("founder lost power while founding", Founds ? 1 : 0);
        End();
        Machine.Disk.PowerCut();
        _world.Trace.Tell($"{Name} loses its power");
    }

    /// <summary>The process ends.</summary>
    public void Kill(string why)
    {
        End();
        Machine.Disk.ProcessKilled();
        _world.Trace.Tell($"{Name} ends: {why}");
    }

    /// <summary>The disk is lost, or emptied by an operator.</summary>
    public void Wipe(string why)
    {
        End();
        Machine.Disk.Wipe();
        _founding.Rules.Wiped(this);
        _world.Trace.Tell($"{Name} has an empty disk: {why}");
    }

    /// <summary>Its name and address go over to another machine with an empty disk: the disk of this one is lost, and the member with it.</summary>
    public void Replace(SimulatedMachine machine)
    {
        Wipe("it was lost while the others founded");
        Machine = machine;
    }

    /// <summary>Its identity is that of the cluster: from now on it runs as a member.</summary>
    public void Admit(NodeIdentity identity)
    {
        End();
        Machine.Disk.CutPowerAfter(-1);
        _world.AdmitFounder(Machine, identity);
    }

    /// <summary>Answers what somebody asks at this machine.</summary>
    public byte[]? Answer(byte[] question)
    {
        if (!IsUp || _desk is not { } desk)
        {
            return null;
        }

        byte[]? answer = null;
        Guard(() => answer = desk.Answer(question, member: null, members: null, Machine.NowMs, Take));
        return answer;
    }

    private void Boot()
    {
        _directory = DataDirectory.Open(Machine.Disk, SimulatedMachine.DataPath);
        NodeIdentity? identity = _directory.Identity;
        _founding.Rules.Found(this, identity);
        string url = Founding.ClientAddressOf(Machine);
        ulong life = _random.NextBits();
        _search = new FounderSearch(Name, Machine.Address, life, _world.Profile.Machines);
        NodeSighting self = new() { Name = Name, Stage = NodeStage.Unknown, Life = life, PeerAddress = Machine.Address, ClientAddress = url };
        _course = new FoundingCourse(self, _search, identity, given: null);
        _desk = new FoundingDesk(new PeerIdentity(ClusterId.None, NodeId.None, Name, url, Machine.Address), _course);
        _world.Trace.Tell($"{Name} starts, and {(identity is null ? "has an empty disk" : $"is {identity.State} in cluster {identity.Cluster}")}");
        if (_course.Founders is not null)
        {
            _world.Invariants.Saw("founder came back to the founding that it had begun", identity is { State: FormationState.Forming } ? 1 : 0);
            Form();
        }

        if (IsUp && identity is not { State: FormationState.Formed })
        {
            In(_random.Between(1, PauseUsMin), BeginRound);
        }
    }

    private void End()
    {
        Life++;
        IsUp = Joins = _isChangePlanned = false;
        _directory?.Dispose();
        _directory = null;
        _desk = null;
        _detail = "";
    }

    // What a process does may end it.
    private void Guard(Action act)
    {
        try
        {
            act();
        }
        catch (SimulatedPowerCutException)
        {
            PowerCut();
            _founding.RestartLater(this);
        }
        catch (DataDirectoryException exception)
        {
            throw new SimulationFailureException($"{Name} finds its data damaged, though nothing damaged it: {exception.Message}", exception);
        }
    }

    /// <summary>Lets something happen later in this life of the process.</summary>
    private void In(long delayUs, Action happen)
    {
        int life = Life;
        _world.Events.After(delayUs, () => Now(life, happen));
    }

    private void Now(int life, Action happen)
    {
        if (life == Life && !IsOver)
        {
            Guard(happen);
        }
    }

    private void BeginRound()
    {
        int life = Life;
        _founding.Names.Ask(this, (shown, trouble) => Now(life, () => AskAll(shown, trouble)));
    }

    private void AskAll(string[] shown, string trouble)
    {
        int life = Life;
        ImmutableArray<string> addresses = _search!.AddressesToAsk(shown);
        SearchAnswer[] answers = new SearchAnswer[addresses.Length];
        int open = addresses.Length;
        if (open == 0)
        {
            Conclude(answers, shown, trouble);
            return;
        }

        for (int i = 0; i < addresses.Length; i++)
        {
            int place = i;
            _founding.Ask(this, addresses[place], _desk!.Inquiry(), AnswerUs, answer => Now(life, () =>
            {
                answers[place] = FoundingDesk.ReadSighting(addresses[place], answer);
                if (--open == 0)
                {
                    Conclude(answers, shown, trouble);
                }
            }));
        }
    }

    private void Conclude(SearchAnswer[] answers, string[] shown, string trouble)
    {
        SearchStep step = _search!.Conclude(answers, shown, trouble, Machine.NowMs);
        if (step.Detail != _detail)
        {
            _detail = step.Detail;
            _world.Trace.Tell($"{Name}: {step.Detail}");
        }

        _clients = step.Action == SearchAction.Join ? step.Clients : _clients;
        In(_random.Between(PauseUsMin, PauseUsMax), BeginRound);
        switch (_course!.Follow(step))
        {
            case CourseAction.Form:
                _founding.BecameFirm(this);
                Form();
                break;
            case CourseAction.EndFormation:
                _desk!.Formation = null;
                _course.FormationEnded();
                _world.Invariants.Saw("founding given up before it was done");
                break;
            case CourseAction.Join:
                Join();
                break;
            default:
                break;
        }
    }

    private void Join()
    {
        _founding.Rules.Joins(this);
        _course!.Joining(_directory!.DrawInstance(_random.NextBits));
        _directory.Dispose();
        _directory = null;
        Machine.Disk.CutPowerAfter(-1);
        Joins = true;
        _world.Membership.Join(Machine, promotesItself: true, NodeId.None, DrawMember);
    }

    // Somebody of whom the search knows, and who answers clients now.
    private SimulatedMachine? DrawMember(RandomStream random)
    {
        SimulatedMachine[] up = [.. _world.Machines.Where(machine => machine.IsUp && _clients.Contains(Founding.ClientAddressOf(machine)))];
        return up.Length == 0 ? null : up[random.Below(up.Length)];
    }

    private void Form()
    {
        FormationProtocol formation = new(Name, _course!.Founders!, _directory!.Identity, _random.NextBits);
        _desk!.Formation = formation;
        Drive();
        foreach (Member other in formation.Others)
        {
            ExchangeOnWith(other, formation);
        }
    }

    private void ExchangeOnWith(Member other, FormationProtocol formation)
    {
        if (_desk is { } desk && ReferenceEquals(desk.Formation, formation) && _directory!.Identity is not { State: FormationState.Formed })
        {
            Exchange(other, desk);
            In(ExchangeUs, () => ExchangeOnWith(other, formation));
        }
    }

    private void Exchange(Member other, FoundingDesk desk)
    {
        int life = Life;
        _founding.Ask(this, other.PeerAddress, desk.StatusFor(other.Name), AnswerUs, answer => Now(life, () =>
        {
            if (answer is not null && desk.ReadStatus(other.Name, answer) is { } status)
            {
                Take(status);
            }
        }));
    }

    // True where the process goes on.
    private bool Take(FormationStatus status)
    {
        int life = Life;
        if (_desk is { Formation: { } formation } && formation.Receive(status, Machine.NowMs))
        {
            Drive();
            PlanChange();
        }

        return life == Life;
    }

    private void PlanChange()
    {
        if (_isChangePlanned || !IsUp)
        {
            return;
        }

        _isChangePlanned = true;
        In(_random.Between(1, ChangedUsMax), () =>
        {
            _isChangePlanned = false;
            if (_desk is { Formation: { } formation } desk)
            {
                foreach (Member other in formation.Others)
                {
                    Exchange(other, desk);
                }
            }
        });
    }

    private void Drive()
    {
        FormationStep step = _desk!.Formation!.Advance(Write);
        switch (step.Action)
        {
            case FormationAction.Formed:
                _founding.Formed(this, step.Identity!);
                break;
            case FormationAction.Stop:
                Kill($"exit code 3: {step.Reason}");
                _founding.Refused(this);
                break;
            default:
                break;
        }
    }

    private void Write(NodeIdentity identity)
    {
        _directory!.WriteIdentity(identity);
        _course!.IdentityWritten(identity);
        _world.Trace.Tell($"{Name} is durably {identity.State} in cluster {identity.Cluster}: {string.Join(", ", identity.Founders.Voters.Select(member => $"{member.Id}={member.Name}"))}");
        _founding.Written(this, identity);
        PlanChange();
    }
}
