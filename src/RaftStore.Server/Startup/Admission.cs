using System.Collections.Immutable;
using System.Security.Cryptography;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Discovery;
using RaftStore.Server.Peers;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server.Startup;

/// <summary>How this node comes to belong to a cluster: it founds one with a list of others, asks one to take it in, or finds out by DNS which of the
/// two it has to do. Afterwards it goes on answering founders, and finds members that have moved. Any thread.</summary>
internal sealed class Admission : IDisposable
{
    private readonly ServerSettings _settings;
    private readonly DataDirectory _directory;
    private readonly NodeIdentity? _identity;
    private readonly PeerIdentity _self;
    private readonly PeerNetwork _network;
    private readonly ILogger _log;
    private readonly Action<NodeIdentity> _run;
    private readonly Action<Exception> _fail;
    private readonly FoundingCourse _course;

    /// <summary>Held while a conclusion is carried out and while all ends: nothing begins afterwards.</summary>
    private readonly Lock _gate = new();
    private readonly DiscoveryExchange? _discovery;
    private FormationExchange? _formation;
    private JoinExchange? _join;
    private ImmutableArray<string> _joinUrls;
    private bool _isStopped; // under _gate

    /// <summary>Makes everything; nobody is dialled yet.</summary>
    /// <param name="settings">What the server was told.</param>
    /// <param name="directory">The open data directory; it stays the caller's.</param>
    /// <param name="identity">What it holds; null for an empty one.</param>
    /// <param name="founders">The list of <c>--cluster</c>, or this node alone.</param>
    /// <param name="network">What the peer connections need.</param>
    /// <param name="log">Where to log.</param>
    /// <param name="run">Called once this node belongs to a cluster, with its durable identity; it may block.</param>
    /// <param name="fail">Called where it never will.</param>
    public Admission(ServerSettings settings, DataDirectory directory, NodeIdentity? identity, Configuration founders, PeerNetwork network, ILogger log, Action<NodeIdentity> run, Action<Exception> fail)
    {
        _settings = settings;
        _directory = directory;
        _identity = identity;
        _self = new PeerIdentity(ClusterId.None, NodeId.None, settings.Name, settings.Advertise, settings.PeerAdvertise);
        _network = network;
        _log = log;
        _run = run;
        _fail = fail;
        _joinUrls = settings.Join;
        ulong life = DrawRandom();
        FounderSearch? search = null;
        if (settings.Discover is { } target)
        {
            IHostResolver resolver = target.Server is { } server ? new DnsServerResolver(server) : new SystemResolver();
            search = new FounderSearch(settings.Name, settings.PeerAdvertise, life, settings.BootstrapExpect);
            _discovery = new DiscoveryExchange(target, resolver, _self, search, network);
        }

        NodeSighting self = new() { Name = _self.Name, Stage = NodeStage.Unknown, Life = life, PeerAddress = _self.PeerAddress, ClientAddress = _self.ClientAddress };
        bool isGiven = identity is not null || (settings.Join.IsEmpty && search is null);
        _course = new FoundingCourse(self, search, identity, isGiven ? founders : null);
        Reception = new PeerReception(_self, (asker, address) => _course.Introduce(asker, address, Environment.TickCount64), network.Limits, network.Meter, network.Log);
        if (_course.Founders is { } list)
        {
            Form(list, identity);
        }
    }

    /// <summary>What answers on the peer port.</summary>
    public PeerReception Reception { get; }

    /// <summary>What is being waited for, in one sentence; empty for nothing.</summary>
    public string Detail => Volatile.Read(ref _join)?.Detail ?? (Volatile.Read(ref _formation)?.Detail is { Length: > 0 } detail ? detail : _discovery?.Detail ?? "");

    private bool IsFormed => _identity is { State: FormationState.Formed };

    /// <summary>Begins to look for a cluster, where this node has none. The peer port must be listening: who takes it in looks whether it answers.</summary>
    /// <exception cref="DataDirectoryException">The directory does not fit what is asked for.</exception>
    public void Begin()
    {
        if (IsFormed)
        {
            _discovery?.Start(conclude: null);
        }
        else if (!_settings.Join.IsEmpty)
        {
            Join();
        }
        else if (_discovery is not null)
        {
            _formation?.Start(OnFormationOver, _fail);
            _discovery.Start(Conclude);
        }
        else
        {
            _formation!.Start(OnFormationOver, _fail);
        }
    }

    /// <summary>This node runs: members are served from now on.</summary>
    public void Enter(PeerTransport transport)
    {
        _course.Entered(transport.Self.Cluster, transport.Self.Id);
        Reception.Open(transport);
        _discovery?.Settle();
    }

    /// <summary>Where that node was found by DNS. Whoever asks cannot reach it where it is said to be, so it is looked for again.</summary>
    public IReadOnlyList<string> FindMoved(string name)
    {
        if (_discovery is null)
        {
            return [];
        }

        _discovery.Want();
        return _discovery.Book.Find(name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _discovery?.Dispose();
        lock (_gate)
        {
            _isStopped = true;
            _formation?.Dispose();
            _join?.Dispose();
        }
    }

    private static ulong DrawRandom() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Answers founders from now on by that list.</summary>
    private FormationExchange Form(Configuration founders, NodeIdentity? identity)
    {
        FormationExchange formation = new(_self, founders, identity, WriteIdentity, AddressesOf, _network.Limits, _network.Meter, _network.Log);
        Volatile.Write(ref _formation, formation);
        Reception.Open(formation);
        return formation;
    }

    private IReadOnlyList<string> AddressesOf(Member founder) => [founder.PeerAddress, .. _discovery?.Book.Find(founder.Name) ?? []];

    private void WriteIdentity(NodeIdentity identity)
    {
        _directory.WriteIdentity(identity);
        _course.IdentityWritten(identity);
    }

    /// <summary>On the thread of the discovery, the only one that changes <see cref="_formation"/> after the start.</summary>
    private void Conclude(SearchStep step)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            try
            {
                CarryOut(step);
            }
            catch (Exception e)
            {
                _fail(e);
            }
        }
    }

    private void CarryOut(SearchStep step)
    {
        if (step.Action == SearchAction.Join)
        {
            ImmutableInterlocked.InterlockedExchange(ref _joinUrls, step.Clients);
        }

        switch (_course.Follow(step))
        {
            case CourseAction.Form:
                Configuration founders = _course.Founders!;
                DiscoveryLog.Founding(_log, _self.Name, string.Join(", ", founders.Voters.Select(member => $"{member.Name}={member.PeerAddress}")), _settings.Discover!.ToString());
                Form(founders, _directory.Identity).Start(OnFormationOver, _fail);
                break;
            case CourseAction.EndFormation:
                EndFormation();
                break;
            case CourseAction.Join:
                Join();
                break;
            default:
                break;
        }
    }

    private void EndFormation()
    {
        FormationExchange? formation = _formation;
        Reception.CloseFormation();
        formation?.Dispose();
        Volatile.Write(ref _formation, null);
        _course.FormationEnded();
    }

    /// <summary>Asks the cluster in the background, and runs the node once it is taken in.</summary>
    private void Join()
    {
        if (_directory.Identity is not null)
        {
            throw new DataDirectoryException(_directory.Path, -1, $"it belongs to a founder of a cluster that was never formed: remove it, or start {_settings.Name} with --cluster");
        }

        ulong instance = _directory.DrawInstance(DrawRandom);
        JoinExchange join = new(_settings, instance, () => _joinUrls, _log);
        _course.Joining(instance);
        Volatile.Write(ref _join, join);
        _ = Task.Run(async () =>
        {
            try
            {
                if (await join.RunAsync().ConfigureAwait(false) is { } taken)
                {
                    StartupLog.Joined(_log, taken.Cluster, taken.Name, taken.Node);
                    _directory.WriteIdentity(taken);
                    _run(taken);
                }
            }
            catch (Exception e)
            {
                _fail(e);
            }
        });
    }

    private void OnFormationOver(FormationStep step)
    {
        if (step.Action == FormationAction.Stop)
        {
            _fail(new DataDirectoryException(_settings.DataPath, -1, step.Reason!));
            return;
        }

        // Not on the thread that tells us: it has others to answer.
        Thread thread = new(() => RunAfterFormation(step.Identity!)) { IsBackground = true, Name = "node start" };
        thread.Start();
    }

    private void RunAfterFormation(NodeIdentity identity)
    {
        try
        {
            _run(identity);
        }
        catch (Exception e)
        {
            _fail(e);
        }
    }
}
