namespace RaftStore.Client.Http;

/// <summary>What the attempts of one call met, kept so that its failure can be told in one line.</summary>
internal sealed class FailureLog
{
    private readonly Dictionary<Uri, string> _unanswered = [];
    private Answer? _lastAnswer;
    private Attempt _last;
    private Uri? _lastEndpoint;

    /// <summary>How many attempts failed.</summary>
    public int Attempts { get; private set; }

    /// <summary>Whether no endpoint took a connection since the round began.</summary>
    public bool NobodyReachedThisRound { get; private set; } = true;

    /// <summary>The longest pause that a node which limits our rate asked for in this round. (A 503 counts whole seconds, longer than an election: there the usual pause holds.)</summary>
    public TimeSpan? RetryAfterThisRound { get; private set; }

    /// <summary>The longest that a node took to say that it could not serve the call; null while none has said so.</summary>
    public TimeSpan? SlowestRefusal { get; private set; }

    public void BeginRound()
    {
        NobodyReachedThisRound = true;
        RetryAfterThisRound = null;
    }

    public void Add(Uri endpoint, Attempt attempt)
    {
        Attempts++;
        _last = attempt;
        _lastEndpoint = endpoint;
        NobodyReachedThisRound &= !attempt.MayHaveBeenSent;
        if (attempt.Answer is not { } answer)
        {
            _unanswered[endpoint] = attempt.Describe();
            return;
        }

        answer.Attempts = Attempts;
        _lastAnswer = answer;
        SlowestRefusal = answer.Took < SlowestRefusal ? SlowestRefusal : answer.Took;
        if (answer.Status == 429 && answer.RetryAfter() is { } pause && !(RetryAfterThisRound >= pause))
        {
            RetryAfterThisRound = pause;
        }
    }

    /// <summary>The failure of a write whose bytes may have been taken by a node that did not answer.</summary>
    public RaftStoreException UnknownOutcome() => Unanswered(Outcome.Unknown);

    /// <summary>The failure of a call that certainly did nothing, when there is no time or no hope left to repeat it.</summary>
    public RaftStoreException OutOfTime() => _lastAnswer is { } answer ? answer.ToException() : Unanswered(Outcome.NotApplied);

    private RaftStoreException Unanswered(Outcome outcome)
    {
        string detail = outcome == Outcome.Unknown
            ? $"{_lastEndpoint!.Authority} {_last.Describe()}"
            : string.Join("; ", _unanswered.GroupBy(one => one.Value, one => one.Key.Authority).Select(group => $"{string.Join(", ", group)} {group.Key}"));
        return new RaftStoreException(outcome, detail, _last.Error)
        {
            Detail = detail,
            Endpoint = _lastEndpoint,
            Attempts = Attempts,
        };
    }
}
