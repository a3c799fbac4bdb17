namespace RaftStore.Client.Http;

/// <summary>
/// The endpoints of a client and what their answers taught about them. Everything here is a hint: a wrong one costs a
/// hop, never a wrong answer, and no hint makes a request visit an endpoint twice in one round.
/// </summary>
/// <remarks>Safe for use by many threads.</remarks>
internal sealed class EndpointSet
{
    private readonly Lock _gate = new();
    private readonly string?[] _names;
    private int _current;
    private string? _leader;
    private long _leaderTerm;
    private uint _turn;

    public EndpointSet(IReadOnlyList<Uri> endpoints)
    {
        All = [.. endpoints];
        _names = new string?[All.Length];
    }

    public Uri[] All { get; }

    /// <summary>Where a new request begins: at the leader if it is known, else where the last request succeeded; a stale read takes its turn.</summary>
    public int First(bool prefersLeader)
    {
        lock (_gate)
        {
            if (!prefersLeader)
            {
                // The first turn begins at the first endpoint, as a user who lists a near node first expects.
                int first = (int)(_turn % (uint)All.Length);
                _turn = unchecked(_turn + 1);
                return first;
            }

            int leader = IndexOf(_leader);
            return leader >= 0 ? leader : _current;
        }
    }

    /// <summary>The endpoint known by this node name, or -1.</summary>
    public int Find(string? name)
    {
        lock (_gate)
        {
            return IndexOf(name);
        }
    }

    /// <summary>Takes in what an answer says: who answered, and who leads as of which term. A hint of an older term than the known one is dropped.</summary>
    public void Learn(int endpoint, string? node, string? leader, long? term)
    {
        lock (_gate)
        {
            if (!string.IsNullOrEmpty(node))
            {
                int before = IndexOf(node);
                if (before >= 0 && before != endpoint)
                {
                    _names[before] = null;
                }

                _names[endpoint] = node;
            }

            if (term is { } known && known >= _leaderTerm)
            {
                _leaderTerm = known;
                _leader = string.IsNullOrEmpty(leader) ? null : leader;
            }
        }
    }

    /// <summary>Remembers that a request succeeded here, so that the next one begins here.</summary>
    public void Succeeded(int endpoint)
    {
        lock (_gate)
        {
            _current = endpoint;
        }
    }

    /// <summary>Remembers that this endpoint could not be reached: it is no longer where requests begin.</summary>
    public void Failed(int endpoint)
    {
        lock (_gate)
        {
            if (_current == endpoint)
            {
                _current = (endpoint + 1) % All.Length;
            }

            if (_leader is not null && _names[endpoint] == _leader)
            {
                _leader = null;
            }
        }
    }

    private int IndexOf(string? name) => name is null ? -1 : Array.IndexOf(_names, name);
}
