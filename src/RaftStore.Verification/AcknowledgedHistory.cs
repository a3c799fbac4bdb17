namespace RaftStore.Verification;

/// <summary>What clients were told, and the rules that hold for it whatever happened to the cluster: nothing acknowledged is
/// lost, and no read is older than an answer given before it began. Revisions make this cheap: every answer names the store's
/// revision, so the order of answers can be checked without searching for it. Any thread.</summary>
/// <remarks>It checks less than a search for a linearization would, and is never wrong about what it reports.</remarks>
public sealed class AcknowledgedHistory
{
    private readonly Lock _lock = new();
    private readonly List<Write> _writes = [];
    private readonly List<Read> _reads = [];
    private long _revisionAnswered;

    /// <summary>Operations recorded with a certain outcome.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _writes.Count(write => write.Revision >= 0) + _reads.Count;
            }
        }
    }

    /// <summary>To be called just before a request is sent.</summary>
    /// <returns>The highest revision that any answer named so far: what the request must not be older than.</returns>
    public long Begin()
    {
        lock (_lock)
        {
            return _revisionAnswered;
        }
    }

    /// <summary>A write was acknowledged.</summary>
    /// <param name="value">What was written, unique among all writes; null for a delete.</param>
    /// <param name="revision">The revision that the answer named.</param>
    /// <param name="begun">What <see cref="Begin"/> returned before it was sent.</param>
    public void WriteAcknowledged(string key, string? value, long revision, long begun)
    {
        lock (_lock)
        {
            _writes.Add(new Write(key, value, revision, begun));
            _revisionAnswered = Math.Max(_revisionAnswered, revision);
        }
    }

    /// <summary>A write ended with an unknown outcome: it may show up, once, or never.</summary>
    public void WriteUnknown(string key, string? value)
    {
        lock (_lock)
        {
            _writes.Add(new Write(key, value, -1, -1));
        }
    }

    /// <summary>A linearizable read was answered.</summary>
    /// <param name="value">What it returned; null where the key did not exist.</param>
    /// <param name="modRevision">The revision of that value; 0 where the key did not exist.</param>
    /// <param name="storeRevision">The store's revision that the answer named.</param>
    /// <param name="begun">What <see cref="Begin"/> returned before it was sent.</param>
    public void ReadAnswered(string key, string? value, long modRevision, long storeRevision, long begun)
    {
        lock (_lock)
        {
            _reads.Add(new Read(key, value, modRevision, storeRevision, begun));
            _revisionAnswered = Math.Max(_revisionAnswered, storeRevision);
        }
    }

    /// <summary>Checks everything recorded so far; best called when nothing is under way.</summary>
    /// <returns>A sentence for each broken rule; empty where all hold.</returns>
    public IReadOnlyList<string> FindViolations()
    {
        lock (_lock)
        {
            List<string> violations = [];
            CheckOrderOfAnswers(violations);
            ILookup<string, Write> writes = _writes.ToLookup(write => write.Key, StringComparer.Ordinal);
            foreach (IGrouping<string, Read> reads in _reads.GroupBy(read => read.Key, StringComparer.Ordinal))
            {
                KeyWrites key = new([.. writes[reads.Key]]);
                foreach (Read read in reads)
                {
                    if (key.Explain(read) is { } problem)
                    {
                        violations.Add(problem);
                    }
                }
            }

            return violations;
        }
    }

    private void CheckOrderOfAnswers(List<string> violations)
    {
        foreach (Write write in _writes)
        {
            // A delete of nothing makes no revision: it may repeat the one that was answered before.
            if (write.Revision >= 0 && (write.Value is null ? write.Revision < write.Begun : write.Revision <= write.Begun))
            {
                violations.Add($"the write of {write.Value ?? "nothing"} to {write.Key} got revision {write.Revision}, though revision {write.Begun} had been answered before it began");
            }
        }

        foreach (IGrouping<long, Write> same in _writes.Where(write => write is { Revision: >= 0, Value: not null }).GroupBy(write => write.Revision))
        {
            if (same.Count() > 1)
            {
                violations.Add($"revision {same.Key} was given to {same.Count()} writes: {string.Join(", ", same.Select(write => $"{write.Key}={write.Value}"))}");
            }
        }

        foreach (Read read in _reads.Where(read => read.StoreRevision < read.Begun))
        {
            violations.Add($"a read of {read.Key} saw revision {read.StoreRevision}, though revision {read.Begun} had been answered before it began");
        }
    }

    private sealed record Write(string Key, string? Value, long Revision, long Begun);

    private sealed record Read(string Key, string? Value, long ModRevision, long StoreRevision, long Begun);

    /// <summary>The writes of one key: acknowledged ones by revision, and those that may have happened.</summary>
    private sealed class KeyWrites
    {
        private readonly List<Write> _acknowledged;
        private readonly HashSet<string> _unknownValues = new(StringComparer.Ordinal);
        private readonly bool _hasUnknownDelete;

        public KeyWrites(List<Write> writes)
        {
            _acknowledged = [.. writes.Where(write => write.Revision >= 0).OrderBy(write => write.Revision)];
            foreach (Write write in writes.Where(write => write.Revision < 0))
            {
                _hasUnknownDelete |= write.Value is null;
                if (write.Value is not null)
                {
                    _unknownValues.Add(write.Value);
                }
            }
        }

        public string? Explain(Read read)
        {
            Write? newest = NewestUpTo(read.StoreRevision);
            if (read.Value is null)
            {
                return newest?.Value is null || _hasUnknownDelete
                    ? null
                    : $"{read.Key} was missing at revision {read.StoreRevision}, though {newest.Value} had been acknowledged at revision {newest.Revision} and nothing deleted it";
            }

            if (newest is not null && newest.Revision > read.ModRevision)
            {
                return $"{read.Key} had {read.Value} of revision {read.ModRevision} at revision {read.StoreRevision}, though {newest.Value ?? "a delete"} had been acknowledged at revision {newest.Revision}";
            }

            bool isExplained = newest is not null && newest.Revision == read.ModRevision ? newest.Value == read.Value : _unknownValues.Contains(read.Value);
            return isExplained ? null : $"{read.Key} had {read.Value} of revision {read.ModRevision}, which no write explains";
        }

        private Write? NewestUpTo(long revision)
        {
            int low = 0;
            int high = _acknowledged.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_acknowledged[middle].Revision <= revision)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low == 0 ? null : _acknowledged[low - 1];
        }
    }
}
