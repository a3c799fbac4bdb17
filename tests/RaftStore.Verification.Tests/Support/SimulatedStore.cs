using System.Globalization;

namespace RaftStore.Verification.Tests.Support;

/// <summary>How a simulated history is drawn.</summary>
/// <param name="Clients">Clients with one request under way each.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Operations">Operations.</param>
/// <param name="UnknownShare">Of so many writes in a thousand the answer is lost.</param>
/// <param name="TellsRevisions">Answers name revisions.</param>
/// <param name="RevisionStep">How far apart revisions are; above 1 there is room for the revisions of unknown writes wherever they are placed.</param>
internal sealed record SimulatedLoad(int Clients, int Keys, int Operations, int UnknownShare, bool TellsRevisions, int RevisionStep = 1)
{
    /// <summary>Ranges and reads of the past, too.</summary>
    public bool HasRanges { get; init; }

    /// <summary>The longest time that a request takes.</summary>
    public int LatencyMax { get; init; } = 1000;
}

/// <summary>A correct store with real concurrency: requests overlap, each takes effect at a drawn moment between its beginning and its end, and
/// those of unknown outcome at some moment after it, or never.</summary>
internal sealed class SimulatedStore(SimulatedLoad load, Random random)
{
    private readonly SortedDictionary<string, (string Value, long Revision)> _content = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _lastRevisionOfKey = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Action, (long Time, int Tie)> _events = new();
    private readonly List<Operation> _history = [];
    private long _revision;
    private long _now;
    private int _sent;

    /// <summary>A history that is linearizable.</summary>
    public static List<Operation> Draw(SimulatedLoad load, Random random) => new SimulatedStore(load, random).Run();

    private List<Operation> Run()
    {
        for (int client = 1; client <= load.Clients; client++)
        {
            int number = client;
            At(random.Next(10), () => Send(number));
        }

        while (_events.TryDequeue(out Action? next, out (long Time, int Tie) when))
        {
            _now = when.Time;
            next();
        }

        return _history;
    }

    private void At(long delay, Action action) => _events.Enqueue(action, (_now + delay, random.Next()));

    private void Send(int client)
    {
        if (_sent == load.Operations)
        {
            return;
        }

        _sent++;
        Operation request = DrawRequest(client);
        // Whether an unknown deletion of a range takes effect on all of its keys at once is not checked, so that none is drawn.
        bool isUnknown = request.IsWrite && !request.IsRange && random.Next(1000) < load.UnknownShare;
        Operation? answer = null;
        int toEffect = random.Next(load.LatencyMax / 2);
        int toAnswer = toEffect + 1 + random.Next(load.LatencyMax / 2);
        if (!isUnknown || random.Next(2) == 0)
        {
            At(isUnknown ? random.Next(load.LatencyMax * 5) : toEffect, () => answer = Apply(request));
        }

        At(toAnswer, () =>
        {
            _history.Add(isUnknown ? request with { Outcome = OperationOutcome.Unknown } : answer! with { AnsweredAt = _now });
            At(1 + random.Next(3), () => Send(client));
        });
    }

    private Operation DrawRequest(int client)
    {
        string key = string.Create(CultureInfo.InvariantCulture, $"k{random.Next(load.Keys):00}");
        Operation blank = new() { Client = client, Kind = OperationKind.Get, Key = key, InvokedAt = _now, Outcome = OperationOutcome.Ok };
        Operation put = blank with { Kind = OperationKind.Put, Value = string.Create(CultureInfo.InvariantCulture, $"v{_sent}") };
        return random.Next(load.HasRanges ? 24 : 20) switch
        {
            < 7 => put,
            7 => put with { Condition = Precondition.IfAbsent },
            8 => put with { Condition = Precondition.IfExists },
            < 11 when load.TellsRevisions => put with { Condition = Precondition.IfRevision(_lastRevisionOfKey.GetValueOrDefault(key)) },
            11 => blank with { Kind = OperationKind.Delete },
            20 => blank with { Kind = OperationKind.DeleteRange, Key = "k00", End = random.Next(2) == 0 ? null : key },
            21 => blank with { Kind = OperationKind.Range, AtRevision = random.NextInt64(_revision + 1) },
            22 => blank with { Kind = OperationKind.Range, Key = "k00" },
            _ => blank,
        };
    }

    private Operation Apply(Operation request)
    {
        bool exists = _content.TryGetValue(request.Key, out (string Value, long Revision) held);
        if (!request.IsWrite)
        {
            request = Told(request, _revision);
            return request.Kind == OperationKind.Range ? ApplyRange(request)
                : request with { Value = exists ? held.Value : null, ModRevision = !exists ? 0 : load.TellsRevisions ? held.Revision : -1 };
        }

        bool holds = request.Condition switch { { IsAbsent: true } => !exists, { IsExists: true } => exists, { IsRevision: true } condition => exists && held.Revision == condition.Revision, _ => true };
        string[] deleted = request.Kind == OperationKind.Put ? [] : [.. _content.Keys.Where(request.Covers)];
        if (!holds || (request.Kind != OperationKind.Put && deleted.Length == 0))
        {
            return Told(request, _revision) with { ModRevision = holds ? -1 : !exists ? 0 : load.TellsRevisions ? held.Revision : -1 };
        }

        _revision += load.RevisionStep;
        if (request.Kind == OperationKind.Put)
        {
            _content[request.Key] = (request.Value!, _revision);
            _lastRevisionOfKey[request.Key] = _revision;
        }

        Array.ForEach(deleted, key => _content.Remove(key));
        return Told(request, _revision) with { Changed = true };
    }

    /// <summary>The store keeps no past: what is asked of it is answered as of now.</summary>
    private Operation ApplyRange(Operation request) => request with
    {
        AtRevision = request.AtRevision >= 0 ? _revision : -1,
        Items = [.. _content.Where(pair => request.Covers(pair.Key)).Select(pair => new ReadItem(pair.Key, pair.Value.Value, pair.Value.Revision))],
    };

    private Operation Told(Operation request, long revision) => load.TellsRevisions ? request with { Revision = revision } : request;
}
