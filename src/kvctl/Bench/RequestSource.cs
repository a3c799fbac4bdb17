namespace RaftStore.Kvctl.Bench;

/// <summary>Draws the requests of one client. The same seed draws the same ones.</summary>
/// <remarks>For one thread.</remarks>
internal sealed class RequestSource
{
    private readonly BenchOptions _options;
    private readonly RequestTemplate _write;
    private readonly RequestTemplate _read;
    private readonly SharedCounter? _sequence;
    private ulong _state;
    private long _current = -1;

    /// <param name="options">The benchmark.</param>
    /// <param name="host">The host this client talks to.</param>
    /// <param name="client">The client's number: clients of one seed differ by it.</param>
    /// <param name="sequence">Where numbers of keys come from that are taken once each; null draws at random.</param>
    public RequestSource(BenchOptions options, string host, int client, SharedCounter? sequence)
    {
        _options = options;
        _sequence = sequence;
        var random = new Random(unchecked((options.Seed * 7919) + client));
        _state = (ulong)random.NextInt64();
        _write = RequestTemplate.Build(options.Target, isWrite: true, isStale: false, host, options.ValueBytes, random);
        _read = RequestTemplate.Build(options.Target, isWrite: false, options.Workload == BenchWorkload.Stale, host, 0, random);
    }

    /// <summary>The next request; null when there are no more.</summary>
    public RequestTemplate? Next()
    {
        RequestTemplate template = DrawsWrite() ? _write : _read;
        if (_sequence is not null)
        {
            if (_current < 0)
            {
                _current = _sequence.Take();
            }

            if (_current < 0)
            {
                return null;
            }

            template.Patch(_current, NextRandom());
            return template;
        }

        template.Patch((long)(NextRandom() % (ulong)_options.Keys), NextRandom());
        return template;
    }

    /// <summary>The last request was answered well: its key, if it was to be written once, is done.</summary>
    public void Succeeded() => _current = -1;

    private bool DrawsWrite() => _options.Workload switch
    {
        BenchWorkload.Put => true,
        BenchWorkload.Get or BenchWorkload.Stale => false,
        BenchWorkload.Mixed => NextRandom() % 100 >= (ulong)_options.ReadPercent,
        var other => throw new InvalidOperationException($"workload {other}"),
    };

    /// <summary>SplitMix64: a few cycles, and no two seeds share a sequence.</summary>
    private ulong NextRandom()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
