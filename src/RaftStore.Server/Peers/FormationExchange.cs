using System.Net.Sockets;
using System.Security.Cryptography;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Server.Peers;

/// <summary>Carries the messages of <see cref="FormationProtocol"/> over the peer port and makes identities durable. A founder dials every
/// other and exchanges statuses with it, now and whenever something changed. A formed node dials nobody but goes on answering: that is how a
/// founder that was away learns that all had confirmed, and one that lost its disk that it may not come back.</summary>
internal sealed class FormationExchange : IDisposable
{
    /// <summary>Time between two exchanges with a founder where nothing changed, in milliseconds.</summary>
    private const int IntervalMs = 250;

    /// <summary>Founders that may be connected at the same time, strangers among them; one more is closed.</summary>
    private const int ServedMax = FormationCodec.FoundersMax + 8;

    /// <summary>At most one line of progress in so many milliseconds.</summary>
    private const long ProgressMs = 1000;

    private readonly object _gate = new();
    private readonly FormationProtocol _protocol;
    private readonly Action<NodeIdentity> _writeIdentity;
    private readonly Func<Member, IReadOnlyList<string>> _addressesOf;
    private readonly PeerLimits _limits;
    private readonly PeerMeter _meter;
    private readonly ILogger _log;
    private readonly LogGate _strangers = new(intervalMs: 10_000);
    private readonly HashSet<PeerSocket> _dialled = [];

    // Under _gate.
    private Action<FormationStep>? _whenOver;
    private Action<StorageException>? _whenFailed;
    private long _changes;
    private int _served;
    private bool _isOver;
    private bool _isStopped;
    private string _detail = "";
    private string _loggedDetail = "";
    private long _loggedMs = long.MinValue;

    /// <summary>Makes the exchange; it answers at once, and dials after <see cref="Start"/>.</summary>
    /// <param name="self">This node, without an id while it has none.</param>
    /// <param name="founders">The founding list; for a formed node the members of its cluster.</param>
    /// <param name="identity">What the disk holds.</param>
    /// <param name="writeIdentity">Makes an identity durable.</param>
    /// <param name="addressesOf">Where a founder may be reached, the likeliest first; at least one. Asked before every attempt.</param>
    /// <param name="limits">Bounds and times.</param>
    /// <param name="meter">Where to count.</param>
    /// <param name="log">Where to log.</param>
    public FormationExchange(PeerIdentity self, Configuration founders, NodeIdentity? identity, Action<NodeIdentity> writeIdentity, Func<Member, IReadOnlyList<string>> addressesOf, PeerLimits limits, PeerMeter meter, ILogger log)
    {
        Self = self;
        _protocol = new FormationProtocol(self.Name, founders, identity, DrawRandom);
        _writeIdentity = writeIdentity;
        _addressesOf = addressesOf;
        _limits = limits;
        _meter = meter;
        _log = log;
        _isOver = identity is { State: FormationState.Formed };
    }

    /// <summary>This node as it shows itself while it is forming.</summary>
    public PeerIdentity Self { get; }

    /// <summary>What is being waited for, in one sentence. Any thread.</summary>
    public string Detail
    {
        get
        {
            lock (_gate)
            {
                return _detail;
            }
        }
    }

    /// <summary>Does what can be done alone, and begins to dial the other founders.</summary>
    /// <param name="whenOver">Called once, with <see cref="FormationAction.Formed"/> or <see cref="FormationAction.Stop"/>. It must not block.</param>
    /// <param name="whenFailed">Called instead, where an identity could not be made durable. It must not block.</param>
    public void Start(Action<FormationStep> whenOver, Action<StorageException> whenFailed)
    {
        lock (_gate)
        {
            _whenOver = whenOver;
            _whenFailed = whenFailed;
            Drive();
        }

        foreach (Member other in _protocol.Others)
        {
            Thread thread = new(() => Dial(other), maxStackSize: 256 << 10) { IsBackground = true, Name = $"forming with {other.Name}" };
            thread.Start();
        }
    }

    /// <summary>Answers one who dialled, for as long as he asks. Blocks: the connection's own thread.</summary>
    /// <exception cref="HandshakeException">What came is no status, or not from whom the handshake named.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public void Serve(PeerSocket socket, string sender)
    {
        lock (_gate)
        {
            if (_served == ServedMax)
            {
                throw new HandshakeException($"{ServedMax} founders are connected already");
            }

            _served++;
        }

        try
        {
            while (HandshakeFrames.Read(socket, FormationCodec.LengthBytesMax, _limits.SilenceTimeoutMs) is { } bytes)
            {
                FormationStatus status = FormationCodec.DecodeFrom(sender, bytes);
                NoteLostDisk(status);
                socket.SendAll(HandshakeFrames.Encode(FormationCodec.Encode(Answer(status))), _limits.HandshakeTimeoutMs);
            }
        }
        finally
        {
            lock (_gate)
            {
                _served--;
            }
        }
    }

    /// <summary>Ends every exchange.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            foreach (PeerSocket socket in _dialled)
            {
                socket.Dispose();
            }

            Monitor.PulseAll(_gate);
        }
    }

    private static ulong DrawRandom()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    private FormationStatus Answer(FormationStatus status)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                throw new HandshakeException("this formation has ended");
            }

            Take(status);
            return _protocol.AnswerFor(status);
        }
    }

    /// <summary>Under <see cref="_gate"/>.</summary>
    private void Take(FormationStatus status)
    {
        if (_protocol.Receive(status, Environment.TickCount64))
        {
            Drive();
            _changes++;
            Monitor.PulseAll(_gate);
        }

        NoteProgress();
    }

    /// <summary>Does what the protocol asks for until it has to wait, or is over. Under <see cref="_gate"/>: nobody may be told anything while an
    /// identity is on its way to the disk.</summary>
    private void Drive()
    {
        if (_isOver || _isStopped)
        {
            return;
        }

        try
        {
            FormationStep step = _protocol.Advance(Write);
            if (step.Action == FormationAction.Wait)
            {
                NoteProgress();
                return;
            }

            _isOver = true;
            _whenOver?.Invoke(step);
        }
        catch (StorageException e)
        {
            _isOver = true;
            _whenFailed?.Invoke(e);
        }
    }

    private void Write(NodeIdentity identity)
    {
        _writeIdentity(identity);
        FormationLog.IdentityWritten(_log, identity.Cluster, identity.Name, identity.Node, identity.State);
        _changes++;
        Monitor.PulseAll(_gate);
    }

    private void NoteProgress()
    {
        if (_isOver)
        {
            _detail = "";
            return;
        }

        long nowMs = Environment.TickCount64;
        _detail = _protocol.Describe(nowMs);
        bool mayLog = _loggedMs == long.MinValue || nowMs - _loggedMs >= ProgressMs;
        if (mayLog && !string.Equals(_detail, _loggedDetail, StringComparison.Ordinal))
        {
            _loggedMs = nowMs;
            _loggedDetail = _detail;
            FormationLog.Waiting(_log, Self.Name, _detail);
        }
    }

    private void Dial(Member other)
    {
        RedialDelay delay = new(_limits.RedialMinMs, _limits.RedialMaxMs, Random.Shared.NextDouble);
        for (int attempt = 0; ; attempt++)
        {
            string trouble = "";
            try
            {
                IReadOnlyList<string> addresses = _addressesOf(other);
                ExchangeUntilOver(other, addresses[attempt % addresses.Count], delay);
                return;
            }
            catch (Exception e) when (e is SocketException or HandshakeException or FormatException or ObjectDisposedException)
            {
                trouble = e.Message;
            }

            lock (_gate)
            {
                if (_isOver || _isStopped)
                {
                    return;
                }

                _protocol.NoteTrouble(other.Name, trouble);
                NoteProgress();
                Monitor.Wait(_gate, delay.Next());
            }
        }
    }

    private void ExchangeUntilOver(Member other, string address, RedialDelay delay)
    {
        using PeerSocket socket = PeerSocket.Connect(PeerAddress.Parse(address).Resolve(), _limits.ConnectTimeoutMs, _meter);
        Track(socket);
        try
        {
            PeerHello hello = HandshakeRules.MakeFormationHello(Self, other.Name);
            socket.SendAll(HandshakeFrames.Encode(hello), _limits.HandshakeTimeoutMs);
            HandshakeRules.CheckWelcome(HandshakeFrames.ReadWelcome(socket, _limits.HandshakeTimeoutMs), hello);
            delay.Reset();
            bool isLast;
            do
            {
                isLast = ExchangeOnce(socket, other);
            }
            while (!isLast);
        }
        finally
        {
            lock (_gate)
            {
                _dialled.Remove(socket);
            }
        }
    }

    /// <summary>Tells the other side this node's status, hears its, and waits for the next occasion.</summary>
    /// <returns>True where it was told that this node is formed, or stops: there is nothing more to say.</returns>
    private bool ExchangeOnce(PeerSocket socket, Member other)
    {
        byte[] frame;
        bool isLast;
        long told;
        lock (_gate)
        {
            isLast = _isOver || _isStopped;
            told = _changes;
            frame = HandshakeFrames.Encode(FormationCodec.Encode(_protocol.StatusFor(other.Name)));
        }

        socket.SendAll(frame, _limits.HandshakeTimeoutMs);
        byte[] answer = HandshakeFrames.Read(socket, FormationCodec.LengthBytesMax, _limits.HandshakeTimeoutMs)
            ?? throw new HandshakeException("the connection was closed");
        FormationStatus status = FormationCodec.DecodeFrom(other.Name, answer);
        lock (_gate)
        {
            Take(status);
            if (!isLast && !_isOver && !_isStopped && told == _changes)
            {
                Monitor.Wait(_gate, IntervalMs);
            }
        }

        return isLast;
    }

    private void Track(PeerSocket socket)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            _dialled.Add(socket);
        }
    }

    private void NoteLostDisk(FormationStatus status)
    {
        bool isFormed;
        lock (_gate)
        {
            isFormed = _isOver;
        }

        if (isFormed && !status.IsFormed && status.Cluster == ClusterId.None && _strangers.TryPass(Environment.TickCount64, out _))
        {
            FormationLog.EmptyFounder(_log, status.From);
        }
    }
}
