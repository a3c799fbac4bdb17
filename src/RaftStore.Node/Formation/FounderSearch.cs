using System.Collections.Immutable;
using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>How a node with an empty directory, which was told a name in DNS instead of a list of founders, comes to a list that every
/// founder has, or to a cluster that it can join. It does no I/O and reads no clock: whoever drives it asks the nodes. Any thread.</summary>
/// <remarks>
/// <para>It goes on in rounds. In each everybody is asked who is shown by DNS, who was met before, and who has asked this node. Each
/// answers with its <em>word</em>: the list of founders it is for. A node's word is the list of somebody who is firm already, or else the first N by name
/// of all that are known to it. A node becomes <em>firm</em>, and only then takes part in <see cref="FormationProtocol"/>, where everybody who is
/// known to it has answered with the same word, in a round that began after it had that word itself.</para>
/// <para><b>Why no two different lists are both founded by nodes of which one has asked the other:</b> let m found L and x found L'. Let P be the
/// moment in which each had that word for the last time for new, and r the moment at which it then heard the other's; the word stays from P on. Say m has
/// asked x. At that moment x's word was L, so P(x) is later; and x knows m since it was asked. So x hears m's word after P(x), which is after P(m): it
/// is L, not L', and x does not become firm. (ADR 10 has the whole argument, with what is outside of it.)</para>
/// </remarks>
public sealed class FounderSearch
{
    /// <summary>Nodes that are asked in a round at most; a name that shows more is not one of founders.</summary>
    public const int AskedMax = 64;

    /// <summary>One who was met, whom DNS does not show any more and who has not answered for so long, is forgotten, in milliseconds.</summary>
    public const long ForgottenAfterMs = 60_000;

    /// <summary>Rounds in which a founder has another word, or none, after which a firm node asks itself anew.</summary>
    private const int DissentingRoundsMax = 3;

    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly string _peerAddress;
    private readonly ulong _life;
    private readonly int _expect;
    private readonly SortedDictionary<string, Candidate> _known = new(StringComparer.Ordinal);
    private Configuration? _word;
    private bool _isFirm;
    private bool _isFixed;
    private bool _joins;
    private int _dissentingRounds;

    /// <summary>Begins without a word.</summary>
    /// <param name="name">This node.</param>
    /// <param name="peerAddress">host:port where peers reach it.</param>
    /// <param name="life">Drawn for this start of the process.</param>
    /// <param name="expect">How many founders make a cluster; 0 for a node that only joins.</param>
    public FounderSearch(string name, string peerAddress, ulong life, int expect)
    {
        _name = name;
        _peerAddress = peerAddress;
        _life = life;
        _expect = expect;
    }

    /// <summary>How many founders make a cluster; 0 for a node that only joins.</summary>
    public int Expect => _expect;

    /// <summary>This node's word and whether it is firm, for one who asks; he is known from now on.</summary>
    /// <param name="asker">His name.</param>
    /// <param name="peerAddress">Where he says that peers reach him; empty where he does not say.</param>
    /// <param name="nowMs">The monotonic time.</param>
    public (Configuration? Word, bool IsFirm) Answer(string asker, string peerAddress, long nowMs)
    {
        lock (_gate)
        {
            if (asker != _name && peerAddress.Length > 0 && !_known.ContainsKey(asker) && _known.Count < AskedMax)
            {
                _known.Add(asker, new Candidate(peerAddress, nowMs));
            }

            return (_word, _isFirm);
        }
    }

    /// <summary>This node's directory holds the founding of that list: it is its word for ever.</summary>
    public void Fix(Configuration founders)
    {
        lock (_gate)
        {
            (_word, _isFirm, _isFixed) = (founders, true, true);
        }
    }

    /// <summary>Whom to ask in the round that begins now.</summary>
    /// <param name="shown">host:port of everybody whom DNS shows.</param>
    public ImmutableArray<string> AddressesToAsk(IEnumerable<string> shown)
    {
        lock (_gate)
        {
            foreach (Candidate candidate in _known.Values)
            {
                candidate.IsAsked = true;
            }

            return [.. shown
                .Concat(_known.Values.Select(candidate => candidate.Address))
                .Where(address => address != _peerAddress)
                .Distinct(StringComparer.Ordinal)
                .Take(AskedMax)];
        }
    }

    /// <summary>Draws the conclusion of a round.</summary>
    /// <param name="answers">What became of every address of <see cref="AddressesToAsk"/>.</param>
    /// <param name="shown">host:port of everybody whom DNS shows.</param>
    /// <param name="trouble">Why DNS shows nobody; empty where it answered.</param>
    /// <param name="nowMs">The monotonic time.</param>
    public SearchStep Conclude(IReadOnlyList<SearchAnswer> answers, IReadOnlyCollection<string> shown, string trouble, long nowMs)
    {
        lock (_gate)
        {
            NodeSighting[] others = [.. answers
                .Where(answer => answer.Node is { } node && node.Life != _life)
                .Select(answer => answer.Node!)
                .DistinctBy(node => (node.Name, node.Life))];
            Learn(answers, shown, nowMs);
            return ConcludeFormed(others, nowMs) ?? ConcludeWord(others, answers, trouble);
        }
    }

    private void Learn(IReadOnlyList<SearchAnswer> answers, IReadOnlyCollection<string> shown, long nowMs)
    {
        foreach (SearchAnswer answer in answers)
        {
            if (answer.Node is not { } node || node.Name == _name)
            {
                continue;
            }

            if (!IsCandidate(node))
            {
                _known.Remove(node.Name);
            }
            else if (_known.Count < AskedMax || _known.ContainsKey(node.Name))
            {
                _known[node.Name] = new Candidate(node.PeerAddress.Length > 0 ? node.PeerAddress : answer.Address, nowMs) { Node = node, IsAsked = true };
            }
        }

        string[] forgotten = [.. _known
            .Where(pair => nowMs - pair.Value.HeardMs > ForgottenAfterMs && !shown.Contains(pair.Value.Address))
            .Select(pair => pair.Key)];
        foreach (string name in forgotten)
        {
            _known.Remove(name);
        }
    }

    private SearchStep? ConcludeFormed(NodeSighting[] others, long nowMs)
    {
        NodeSighting[] formed = [.. others.Where(node => node.Stage == NodeStage.Formed)];
        bool isOurs = _isFirm && Array.TrueForAll(formed, node => _word!.FindByName(node.Name) is not null);
        if (formed.Length == 0 || _isFixed || isOurs)
        {
            return null;
        }

        if (formed.Select(node => node.Cluster).Distinct().Count() > 1)
        {
            return Wait($"nodes of different clusters answer: {string.Join(", ", formed.Select(node => $"{node.Name} ({node.PeerAddress}) of {node.Cluster}"))}. Take those out of the name that do not belong there");
        }

        if (_isFirm)
        {
            // They can be joined only once the formation has ended, and DNS may show them no more by then.
            foreach (NodeSighting member in formed.Where(member => member.PeerAddress.Length > 0))
            {
                _known[member.Name] = new Candidate(member.PeerAddress, nowMs) { Node = member };
            }

            return Release();
        }

        // For good: it may be taken in at any moment from now on.
        _joins = true;
        _word = null;
        return new SearchStep(SearchAction.Join, $"cluster {formed[0].Cluster} is formed; asking it to take this node in", null, [.. formed.Select(node => node.ClientAddress).Where(url => url.Length > 0).Order(StringComparer.Ordinal)]);
    }

    private SearchStep ConcludeWord(NodeSighting[] others, IReadOnlyList<SearchAnswer> answers, string trouble)
    {
        if (_isFirm)
        {
            return ConcludeFirm(others);
        }

        if (_joins)
        {
            return Wait("a cluster that is formed was asked to take this node in, and none of its members answers now");
        }

        if (_expect == 0)
        {
            return Wait($"no node of a formed cluster answers{(trouble.Length > 0 ? $" ({trouble})" : "")}; without --bootstrap-expect this node only joins");
        }

        if (DescribeConflict(others) is { } conflict)
        {
            return Wait(conflict);
        }

        Configuration? word = ChooseWord(others);
        bool isNew = word is null || _word is null || !FoundingList.AreEqual(word, _word);
        _word = word;
        if (word is null)
        {
            return Wait(DescribeFound(trouble));
        }

        SearchAnswer? silent = answers.FirstOrDefault(answer => answer.Node is null or { Stage: NodeStage.Unknown });
        if (silent is not null)
        {
            return Wait($"{DescribeFound("")}; {silent.Address} does not answer ({silent.Trouble.TrimEnd('.')}). Every node that the name shows must, before a cluster is founded");
        }

        NodeSighting? dissenter = others.FirstOrDefault(node => IsCandidate(node) && (node.Founders is null || !FoundingList.AreEqual(node.Founders, word)));
        if (isNew || dissenter is not null || _known.Values.Any(candidate => !candidate.IsAsked))
        {
            return Wait($"{DescribeFound("")}; waiting for {dissenter?.Name ?? "all"} to know the same");
        }

        if (word.FindByName(_name) is null)
        {
            return Wait($"{string.Join(", ", word.Voters.Select(member => member.Name))} found the cluster; this node joins it then");
        }

        _isFirm = true;
        _dissentingRounds = 0;
        return new SearchStep(SearchAction.Found, DescribeFound(""), word);
    }

    private SearchStep ConcludeFirm(NodeSighting[] others)
    {
        bool agrees = _word!.Voters.All(founder => founder.Name == _name
            || others.Any(node => node.Name == founder.Name && (node.Stage == NodeStage.Formed || (node.Founders is { } word && FoundingList.AreEqual(word, _word)))));
        _dissentingRounds = agrees ? 0 : _dissentingRounds + 1;
        return _isFixed || _dissentingRounds < DissentingRoundsMax ? new SearchStep(SearchAction.Found, DescribeFound(""), _word) : Release();
    }

    /// <summary>Not firm any more. The word stays for now: another one may be given only when the formation of this one has ended.</summary>
    private SearchStep Release()
    {
        _isFirm = false;
        _dissentingRounds = 0;
        return new SearchStep(SearchAction.Release, "a founder has another list, or does not answer any more; looking anew", null);
    }

    private string? DescribeConflict(NodeSighting[] others)
    {
        foreach (NodeSighting node in others)
        {
            if (node.Name == _name || others.Any(other => other.Name == node.Name && other.Life != node.Life))
            {
                string where = string.Join(" and ", others.Where(other => other.Name == node.Name).Select(other => other.PeerAddress).Concat(node.Name == _name ? [_peerAddress] : []));
                return $"two nodes call themselves {node.Name}, at {where}: give every node a --name of its own";
            }

            if (node.Stage == NodeStage.Searching && node.Expect > 0 && node.Expect != _expect)
            {
                return $"{node.Name} ({node.PeerAddress}) expects {node.Expect} founders, and this node {_expect}: give all the same --bootstrap-expect";
            }
        }

        return null;
    }

    private Configuration? ChooseWord(NodeSighting[] others)
    {
        Configuration? firm = others
            .Where(node => node.Founders is not null && (node.IsFirm || node.Stage == NodeStage.Forming))
            .Select(node => node.Founders!)
            .MinBy(founders => string.Join(',', founders.Voters.Select(member => $"{member.Name}={member.PeerAddress}")), StringComparer.Ordinal);
        if (firm is not null)
        {
            return firm;
        }

        (string Name, string PeerAddress)[] all = [.. _known
            .Where(pair => pair.Value.IsFounder)
            .Select(pair => (pair.Key, pair.Value.Address))
            .Append((_name, _peerAddress))
            .OrderBy(founder => founder.Item1, StringComparer.Ordinal)];
        return all.Length < _expect ? null : FoundingList.Create(all.Take(_expect));
    }

    private string DescribeFound(string trouble)
    {
        string[] names = [.. _known.Where(pair => pair.Value.IsFounder).Select(pair => $"{pair.Key} ({pair.Value.Address})").Append($"{_name} ({_peerAddress})").Order(StringComparer.Ordinal)];
        return $"found {names.Length} of {_expect}: {string.Join(", ", names)}{(trouble.Length > 0 ? $"; {trouble}" : "")}";
    }

    private static bool IsCandidate(NodeSighting node) => node.Stage == NodeStage.Forming || (node.Stage == NodeStage.Searching && node.Expect > 0);

    private static SearchStep Wait(string detail) => new(SearchAction.Wait, detail, null);

    /// <summary>One who was met, or who has asked.</summary>
    private sealed class Candidate(string address, long heardMs)
    {
        public string Address { get; } = address;

        public long HeardMs { get; } = heardMs;

        /// <summary>What it said last; null for one that has asked and was not asked yet.</summary>
        public NodeSighting? Node { get; init; }

        /// <summary>Whether it could found a cluster, as far as it has said.</summary>
        public bool IsFounder => Node is { } node && IsCandidate(node);

        /// <summary>Whether it was among those asked in the last round.</summary>
        public bool IsAsked { get; set; }
    }
}

/// <summary>What became of one address in a round.</summary>
/// <param name="Address">host:port that was asked.</param>
/// <param name="Node">Who answered; null for nobody.</param>
/// <param name="Trouble">Why nobody did; empty where somebody did.</param>
public sealed record SearchAnswer(string Address, NodeSighting? Node, string Trouble);

/// <summary>What a node that searches has to do.</summary>
public enum SearchAction
{
    /// <summary>Nothing but the next round.</summary>
    Wait,

    /// <summary>Form the cluster of <see cref="SearchStep.Founders"/>, or go on with that.</summary>
    Found,

    /// <summary>End the formation that is under way; where it has reached the disk, say so by <see cref="FounderSearch.Fix"/>.</summary>
    Release,

    /// <summary>Ask the cluster at <see cref="SearchStep.Clients"/> to take this node in.</summary>
    Join,
}

/// <summary>The conclusion of a round.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Detail">Where the search stands, in one sentence.</param>
/// <param name="Founders">For <see cref="SearchAction.Found"/>.</param>
/// <param name="Clients">For <see cref="SearchAction.Join"/>: URLs of members.</param>
public sealed record SearchStep(SearchAction Action, string Detail, Configuration? Founders, ImmutableArray<string> Clients = default);
