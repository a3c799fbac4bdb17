using System.Net;
using System.Net.Sockets;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Server.Peers;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Discovery;

/// <summary>Asks, again and again, everybody whom a name in DNS shows: to find founders or a cluster while this node has none, and for
/// addresses to dial once it has one. A thread of its own.</summary>
internal sealed class DiscoveryExchange : IDisposable
{
    /// <summary>Time between two rounds, in milliseconds, shortened by up to a half at random so that nodes do not ask in step.</summary>
    private const int PauseMs = 1000;

    /// <summary>The same once this node has a cluster, where a member that does not answer may stay away for days.</summary>
    private const int SettledPauseMs = 5000;

    /// <summary>Time for one node to answer, in milliseconds; all are asked at the same time.</summary>
    private const int AnswerTimeoutMs = 2000;

    private readonly object _gate = new();
    private readonly DiscoverTarget _target;
    private readonly IHostResolver _resolver;
    private readonly PeerIdentity _self;
    private readonly FounderSearch _search;
    private readonly PeerNetwork _network;
    private readonly Thread _thread;
    private volatile string _detail = "looking for others by DNS";

    // Under _gate.
    private Action<SearchStep>? _conclude;
    private bool _isWanted;
    private long _lastRoundMs = long.MinValue;
    private bool _isStopped;

    /// <summary>Makes the exchange; it asks nobody yet.</summary>
    /// <param name="target">Where to look.</param>
    /// <param name="resolver">How to look.</param>
    /// <param name="self">This node, as it asks.</param>
    /// <param name="search">What draws the conclusions while this node has no cluster.</param>
    /// <param name="network">Bounds, counters and log.</param>
    public DiscoveryExchange(DiscoverTarget target, IHostResolver resolver, PeerIdentity self, FounderSearch search, PeerNetwork network)
    {
        _target = target;
        _resolver = resolver;
        _self = self;
        _search = search;
        _network = network;
        _thread = new Thread(Run) { IsBackground = true, Name = "discovery" };
    }

    /// <summary>Where nodes were found.</summary>
    public AddressBook Book { get; } = new();

    /// <summary>Where the search stands, in one sentence. Any thread.</summary>
    public string Detail => _detail;

    /// <summary>Begins to ask.</summary>
    /// <param name="conclude">Called with every conclusion, on the exchange's thread, until <see cref="Settle"/>; null where this node has a cluster
    /// already.</param>
    public void Start(Action<SearchStep>? conclude)
    {
        _conclude = conclude;
        _thread.Start();
    }

    /// <summary>This node has a cluster: from now on it asks only where <see cref="Want"/> was called.</summary>
    public void Settle()
    {
        lock (_gate)
        {
            _conclude = null;
        }
    }

    /// <summary>A member does not answer where it is said to be: the next round is wanted. Any thread; it never waits.</summary>
    public void Want()
    {
        lock (_gate)
        {
            _isWanted = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends after the round under way.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (WaitForRound())
        {
            (string[] shown, string trouble) = Resolve();
            SearchAnswer[] answers = Ask(_search.AddressesToAsk(shown));
            Book.Note(answers);
            Action<SearchStep>? conclude;
            lock (_gate)
            {
                conclude = _isStopped ? null : _conclude;
            }

            if (conclude is not null)
            {
                SearchStep step = _search.Conclude(answers, shown, trouble, Environment.TickCount64);
                Note(step.Detail);
                conclude(step);
            }
        }
    }

    private bool WaitForRound()
    {
        lock (_gate)
        {
            int jitterMs = Random.Shared.Next(PauseMs / 2);
            while (!_isStopped)
            {
                // While searching a round follows the other; later one is made where it is wanted.
                bool isDue = _conclude is not null || _isWanted;
                int pauseMs = _conclude is not null ? PauseMs - jitterMs : SettledPauseMs;
                long leftMs = _lastRoundMs == long.MinValue ? 0 : _lastRoundMs + pauseMs - Environment.TickCount64;
                if (leftMs <= 0 && isDue)
                {
                    _isWanted = false;
                    _lastRoundMs = Environment.TickCount64;
                    return true;
                }

                Monitor.Wait(_gate, leftMs > 0 ? (int)leftMs : SettledPauseMs);
            }

            return false;
        }
    }

    private (string[] Shown, string Trouble) Resolve()
    {
        try
        {
            string[] shown = [.. _resolver.Resolve(_target.Name)
                .Select(address => new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, _target.Port).ToString())
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Take(FounderSearch.AskedMax)];
            return (shown, shown.Length == 0 ? $"DNS shows no address of {_target.Name}" : "");
        }
        catch (SocketException e)
        {
            return ([], $"{_target.Name} cannot be resolved: {e.Message}");
        }
    }

    private SearchAnswer[] Ask(IReadOnlyList<string> addresses)
    {
        SearchAnswer?[] answers = new SearchAnswer?[addresses.Count];
        Thread[] threads = [.. Enumerable.Range(0, addresses.Count).Select(place => new Thread(() => Volatile.Write(ref answers[place], Ask(addresses[place])), maxStackSize: 256 << 10) { IsBackground = true, Name = $"asking {addresses[place]}" })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        // Connecting and the answer have a time each; only a resolver that hangs can take longer.
        long deadlineMs = Environment.TickCount64 + (2 * AnswerTimeoutMs);
        foreach (Thread thread in threads)
        {
            thread.Join((int)Math.Max(0, deadlineMs - Environment.TickCount64));
        }

        return [.. addresses.Select((address, place) => Volatile.Read(ref answers[place]) ?? new SearchAnswer(address, null, "no answer in time"))];
    }

    private SearchAnswer Ask(string address)
    {
        PeerProbe probe = PeerProbe.Ask(_self, address, AnswerTimeoutMs, _network.Meter);
        return new SearchAnswer(address, probe.Node, probe.Trouble);
    }

    private void Note(string detail)
    {
        if (!string.Equals(detail, _detail, StringComparison.Ordinal))
        {
            _detail = detail;
            DiscoveryLog.Searching(_network.Log, _self.Name, _target.ToString(), detail);
        }
    }
}
