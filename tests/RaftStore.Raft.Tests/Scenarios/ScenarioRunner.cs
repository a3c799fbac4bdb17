using System.Globalization;
using System.Text;
using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Scenarios;

/// <summary>Carries out the commands of a scenario file and writes down everything that every core asks for.</summary>
/// <remarks>
/// A line that begins with <c>&gt;</c> is a command, one with <c>#</c> the story; everything else is output. Nothing happens
/// that no command says: time stands still, messages wait on their link, and disks do not finish.
/// <list type="table">
/// <item><c>nodes 5 [append-bytes=1] [catch-up-bytes=0] [inflight=2]</c>: founds a cluster</item>
/// <item><c>disk 2 term=3 terms=1,1,2</c>: what node 2's disk holds before it starts</item>
/// <item><c>start</c>: starts all nodes</item>
/// <item><c>timeout 1</c>: lets the election timeout of node 1 pass</item>
/// <item><c>tick 1 100</c> / <c>tick all 100</c>: lets milliseconds pass</item>
/// <item><c>propose 1 a b</c>, <c>read 1</c></item>
/// <item><c>add 1 [promote] [replaces=3]</c>, <c>promote 1 4</c>, <c>remove 1 3 [force]</c>, <c>transfer 1 2</c>: asks node 1 for it</item>
/// <item><c>join 4 1</c>: starts node 4 with an empty disk and the members that node 1 knows</item>
/// <item><c>deliver 1-&gt;2</c> / <c>deliver all</c>: what waits on one link, or on all of them, once</item>
/// <item><c>drop 1-&gt;2</c> / <c>drop all</c>: loses it instead</item>
/// <item><c>sync 1 [n]</c> / <c>sync all</c>: the disk finishes what it was given, or the first n requests of it</item>
/// <item><c>settle</c>: delivers and syncs until nothing is left</item>
/// <item><c>cut 1</c> / <c>heal</c>: what goes to or comes from node 1 is lost</item>
/// <item><c>crash 1</c>, <c>restart 1</c>: only what the disk had finished is left</item>
/// <item><c>snapshot 1-&gt;2</c>, <c>install 2</c>: sends a snapshot of what 1 applied; 2 has the whole file</item>
/// <item><c>log</c>: the log of every node, and how far it is committed; <c>status</c>, <c>members</c>: a line for every node</item>
/// </list>
/// </remarks>
internal sealed class ScenarioRunner
{
    private readonly StringBuilder _output = new();
    private readonly List<Message> _network = [];
    private readonly SortedDictionary<uint, ScenarioNode> _nodes = [];
    private readonly HashSet<uint> _cut = [];
    private RaftOptions _options = new() { Id = new NodeId(1), Seed = 1 };
    private InstallSnapshot? _lastChunk;
    private long _nextRead;

    /// <summary>The scenario again, with the output that its commands have now.</summary>
    public static string Run(string scenario)
    {
        var runner = new ScenarioRunner();
        foreach (string line in scenario.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith('>'))
            {
                runner._output.Append(line).Append('\n');
                runner.Execute(line[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            else if (line.StartsWith('#') || line.Length == 0)
            {
                runner._output.Append(line).Append('\n');
            }
        }

        return runner._output.ToString().TrimEnd('\n') + "\n";
    }

    private void Execute(string[] words)
    {
        switch (words[0])
        {
            case "nodes":
                Found(int.Parse(words[1], CultureInfo.InvariantCulture), words[2..]);
                break;
            case "disk":
                _nodes[Id(words[1])].Preload(words[2..]);
                break;
            case "start":
                Each(_nodes.Values, node => node.Start(_options));
                break;
            case "timeout":
                ScenarioNode waiting = _nodes[Id(words[1])];
                waiting.Tick(_options.UpperElectionTimeoutMs);
                Take(waiting);
                break;
            case "tick":
                Each(Chosen(words[1]), node => node.Tick(Number(words[2])));
                break;
            case "propose":
                ScenarioNode proposer = _nodes[Id(words[1])];
                ProposeResult result = proposer.Raft!.Propose([.. words[2..].Select(word => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(word))]);
                Say(result.Status == ProposeStatus.Appended ? $"{proposer.Id}: appended from {result.FirstIndex}/{result.Term}" : $"{proposer.Id}: {result.Status}");
                Take(proposer);
                break;
            case "read":
                _nodes[Id(words[1])].Raft!.ReadIndex(new ReadId(++_nextRead));
                Take(_nodes[Id(words[1])]);
                break;
            case "deliver":
                Deliver(TakeFromLinks(words[1]));
                break;
            case "drop":
                TakeFromLinks(words[1]);
                break;
            case "sync":
                Each(Chosen(words[1]), node => Sync(node, words.Length > 2 ? (int)Number(words[2]) : int.MaxValue));
                break;
            case "settle":
                Settle();
                break;
            default:
                ExecuteFault(words);
                break;
        }
    }

    private void ExecuteFault(string[] words)
    {
        switch (words[0])
        {
            case "cut":
                _cut.Add(Id(words[1]));
                break;
            case "heal":
                _cut.Clear();
                break;
            case "crash":
                _nodes[Id(words[1])].Crash();
                _network.RemoveAll(message => message.From.Value == Id(words[1]));
                break;
            case "restart":
                Each([_nodes[Id(words[1])]], node => node.Start(_options));
                break;
            case "snapshot":
                SendSnapshot(words[1]);
                break;
            case "install":
                _nodes[Id(words[1])].Disk.Save(new TestSnapshot(_lastChunk!.Snapshot, []));
                Say($"{words[1]}: {(_nodes[Id(words[1])].Raft!.InstallSnapshot(_lastChunk.Snapshot) ? "takes the snapshot's state" : "drops a stale snapshot")}");
                Take(_nodes[Id(words[1])]);
                break;
            case "log":
                ShowLogs();
                break;
            case "status":
                foreach (ScenarioNode node in _nodes.Values)
                {
                    Say(node.Raft is { } raft ? Transcript.Of(raft) : $"{node.Id}: down");
                }

                break;
            case "members":
                foreach (ScenarioNode node in _nodes.Values)
                {
                    Say(node.Raft is { } raft ? $"{node.Id}: {Transcript.Of(raft.Configuration)} since {raft.ConfigurationIndex}, committed to {raft.CommitIndex}" : $"{node.Id}: down");
                }

                break;
            default:
                ExecuteMembership(words);
                break;
        }
    }

    private void ExecuteMembership(string[] words)
    {
        switch (words[0])
        {
            case "add":
                RaftNode asked = _nodes[Id(words[1])].Raft!;
                string name = $"n{asked.Configuration.NextId}";
                string? replaced = words.FirstOrDefault(word => word.StartsWith("replaces=", StringComparison.Ordinal));
                NodeId replaces = replaced is null ? NodeId.None : new NodeId(Id(replaced[9..]));
                Change(words[1], new AddLearner(name, $"{name}:1", "", words.Contains("promote"), replaces, Instance: 1));
                break;
            case "promote":
                Change(words[1], new PromoteLearner(new NodeId(Id(words[2]))));
                break;
            case "remove":
                Change(words[1], new RemoveMember(new NodeId(Id(words[2])), words.Contains("force")));
                break;
            case "transfer":
                Say($"{words[1]}: {_nodes[Id(words[1])].Raft!.TransferLeadership(new NodeId(Id(words[2])))}");
                Take(_nodes[Id(words[1])]);
                break;
            case "join":
                var newcomer = new ScenarioNode(new NodeId(Id(words[1])), _nodes[Id(words[2])].Raft!.Configuration);
                _nodes.Add(Id(words[1]), newcomer);
                Each([newcomer], node => node.Start(_options));
                break;
            default:
                throw new InvalidOperationException($"unknown command «{string.Join(' ', words)}»");
        }
    }

    private void Change(string node, MembershipChange change)
    {
        MembershipResult result = _nodes[Id(node)].Raft!.ChangeMembership(change);
        Say(result.Status == MembershipStatus.Appended ? $"{node}: appended as {result.Index}/{result.Term}, about {result.Member}" : $"{node}: {result.Status}");
        Take(_nodes[Id(node)]);
    }

    private static uint Id(string word) => uint.Parse(word, CultureInfo.InvariantCulture);

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    private void Found(int size, string[] settings)
    {
        long Setting(string name, long otherwise)
            => settings.FirstOrDefault(setting => setting.StartsWith(name + "=", StringComparison.Ordinal)) is { } found ? Number(found[(name.Length + 1)..]) : otherwise;

        _options = new RaftOptions
        {
            Id = new NodeId(1),
            Seed = 1,
            AppendBytesMax = (int)Setting("append-bytes", 256 << 10),
            CatchUpBytes = Setting("catch-up-bytes", 64 << 20),
            InflightMessagesMax = (int)Setting("inflight", 64),
        };
        for (uint id = 1; id <= size; id++)
        {
            _nodes.Add(id, new ScenarioNode(new NodeId(id), Driver.ConfigurationOf(size)));
        }
    }

    private IEnumerable<ScenarioNode> Chosen(string word) => word == "all" ? _nodes.Values.Where(node => node.Raft is not null) : [_nodes[Id(word)]];

    private void Each(IEnumerable<ScenarioNode> nodes, Action<ScenarioNode> action)
    {
        foreach (ScenarioNode node in nodes.ToList())
        {
            action(node);
            Take(node);
        }
    }

    private List<Message> TakeFromLinks(string link)
    {
        string[] ends = link.Split("->");
        List<Message> taken = link == "all" ? [.. _network] : _network.FindAll(message => message.From.Value == Id(ends[0]) && message.To.Value == Id(ends[1]));
        _network.RemoveAll(taken.Contains);
        return taken;
    }

    private void Deliver(List<Message> messages)
    {
        foreach (Message message in messages)
        {
            if (_nodes[message.To.Value] is { Raft: { } raft } node)
            {
                raft.Step(message);
                Take(node);
            }
        }
    }

    private void Sync(ScenarioNode node, int requests)
    {
        for (int i = 0; i < requests && node.Writes.Count > 0; i++)
        {
            (PersistRequest request, Message[] answers) = node.Writes.Dequeue();
            node.Disk.Complete(request);
            Say($"{node.Id}: #{request.Token.Value} is durable");
            foreach (Message answer in answers)
            {
                Send(answer);
            }

            node.Raft!.Persisted(request.Token);
            Take(node);
        }
    }

    private void Settle()
    {
        for (int round = 0; round < 1000 && (_network.Count > 0 || _nodes.Values.Any(node => node.Writes.Count > 0)); round++)
        {
            Deliver(TakeFromLinks("all"));
            Each(_nodes.Values.Where(node => node.Writes.Count > 0), node => Sync(node, int.MaxValue));
        }
    }

    private void Send(Message message)
    {
        bool isLost = _cut.Contains(message.From.Value) || _cut.Contains(message.To.Value) || !_nodes.TryGetValue(message.To.Value, out ScenarioNode? receiver) || receiver.Raft is null;
        Say(Transcript.Of(message) + (isLost ? " (lost)" : ""));
        if (!isLost)
        {
            _network.Add(message);
        }
    }

    private void Take(ScenarioNode node)
    {
        while (node.Raft is { } raft)
        {
            Ready ready = raft.TakeReady();
            if (ready.IsEmpty)
            {
                return;
            }

            if (ready.Persist is { } request)
            {
                Say($"{node.Id}: {Transcript.Of(request)}");
                node.Writes.Enqueue((request, [.. ready.MessagesAfterPersist]));
            }

            ready.Messages.ForEach(Send);
            ready.Committed.ForEach(batch => Say($"{node.Id}: apply {Transcript.Of(batch)}"));
            ready.ConfirmedReads.ForEach(read => Say($"{node.Id}: read {read.Id.Value} may be served once {read.Index} is applied"));
            ready.FailedReads.ForEach(read => Say($"{node.Id}: read {read.Id.Value} failed"));
            ready.SnapshotsWanted.ForEach(follower => Say($"{node.Id}: a snapshot is wanted for {follower}"));
            ready.SnapshotChunks.ForEach(chunk => Say($"{node.Id}: keeps bytes {chunk.OffsetBytes} to {chunk.OffsetBytes + chunk.Data.Length} of snapshot {chunk.Snapshot.LastIncluded}"));
            _lastChunk = ready.SnapshotChunks.LastOrDefault() ?? _lastChunk;
        }
    }

    private void SendSnapshot(string link)
    {
        string[] ends = link.Split("->");
        RaftNode leader = _nodes[Id(ends[0])].Raft!;
        EntryId applied = _nodes[Id(ends[0])].LastApplied;
        var metadata = new SnapshotMetadata(applied, 0, leader.Configuration, 100);
        Send(new InstallSnapshot(leader.Id, new NodeId(Id(ends[1])), leader.Term, metadata, 0, new byte[100]));
    }

    private void ShowLogs()
    {
        foreach (ScenarioNode node in _nodes.Values)
        {
            string terms = string.Join(' ', node.Disk.Batches.SelectMany(batch => Enumerable.Repeat(batch.Term, batch.Count)));
            string before = node.Disk.Base.Index > 0 ? $"(snapshot {node.Disk.Base}) " : "";
            Say($"{node.Id}: {before}{terms}{(node.Raft is { } raft ? $", committed to {raft.CommitIndex}" : ", down")}");
        }
    }

    private void Say(string text) => _output.Append("    ").Append(text).Append('\n');
}
