namespace RaftStore.Raft;

/// <summary>Gathers what goes into the next <see cref="Ready"/>. It alone decides which list a message goes to, by one rule: no
/// message leaves before the term and vote it speaks for are durable (Figure 2: «updated on stable storage before responding
/// to RPCs»).</summary>
internal sealed class Outbox(DurabilityTracker durability, long lastIndex)
{
    /// <summary>Messages kept back while the hard state is on its way to the disk, at most: one sync lasts far less than the
    /// heartbeats it takes to fill this. Beyond it they are lost, as any message may be.</summary>
    public const int HeldMax = 256;

    private readonly List<Message> _held = [];
    private List<EntryBatch> _batches = [];
    private HardState? _hardState;
    private EntryId? _resetTo;
    private long? _truncateFrom;

    // The last index of the log as the disk will have it once every request made so far is done.
    private long _requestedIndex = lastIndex;

    // Two take turns, so that inputs may come while the caller still works through the last one.
    private Ready _handedOut = new();

    /// <summary>What is gathered so far.</summary>
    public Ready Gathered { get; private set; } = new();

    /// <summary>Messages that are kept back.</summary>
    public int HeldCount => _held.Count;

    /// <summary>True where the next <see cref="Ready"/> has work for the disk.</summary>
    public bool NeedsDisk => _hardState is not null || _resetTo is not null || _truncateFrom is not null || _batches.Count > 0;

    /// <summary>True where the newest term and vote are durable.</summary>
    public bool IsHardStateDurable => _hardState is null && durability.IsHardStateDurable;

    /// <summary>Sends a message as soon as its sender's term and vote are durable: at once, nearly always.</summary>
    public void Send(Message message)
    {
        if (_hardState is not null)
        {
            Gathered.MessagesAfterPersist.Add(message);
        }
        else if (durability.IsHardStateDurable)
        {
            Gathered.Messages.Add(message);
        }
        else if (_held.Count < HeldMax)
        {
            _held.Add(message);
        }
    }

    /// <summary>Sends a message once everything the next request carries is durable. Only where <see cref="NeedsDisk"/>.</summary>
    public void SendAfterPersist(Message message)
    {
        Invariant.Check(NeedsDisk, $"{message} waits for the disk, but nothing is to be written");
        Gathered.MessagesAfterPersist.Add(message);
    }

    /// <summary>Term or vote have changed.</summary>
    public void Persist(HardState hardState) => _hardState = hardState;

    /// <summary>A batch was appended to the log.</summary>
    public void Persist(EntryBatch batch) => _batches.Add(batch);

    /// <summary>The log was truncated from the batch on that begins at <paramref name="index"/>.</summary>
    public void Truncate(long index)
    {
        int keep = _batches.Count;
        while (keep > 0 && _batches[keep - 1].FirstIndex >= index)
        {
            keep--;
        }

        _batches.RemoveRange(keep, _batches.Count - keep);
        if (index <= _requestedIndex)
        {
            _truncateFrom = Math.Min(index, _truncateFrom ?? index);
            _requestedIndex = index - 1;
        }
    }

    /// <summary>The log was replaced by a snapshot that ends in <paramref name="entry"/>.</summary>
    public void Reset(EntryId entry)
    {
        _batches.Clear();
        _truncateFrom = null;
        _resetTo = entry;
        _requestedIndex = entry.Index;
    }

    /// <summary>The disk completed a request: what was kept back for it may leave, unless its term is over.</summary>
    public void Release(long currentTerm)
    {
        if (_held.Count == 0 || !IsHardStateDurable)
        {
            return;
        }

        foreach (Message message in _held)
        {
            if (message.Term >= currentTerm)
            {
                Gathered.Messages.Add(message);
            }
        }

        _held.Clear();
    }

    /// <summary>Makes the request for the disk, where there is anything to write.</summary>
    public void Seal(long currentTerm, long commitIndex, long nowMs)
    {
        // Several inputs may have come since the last Ready; an answer given in a term that ended meanwhile is void.
        List<Message> answers = Gathered.MessagesAfterPersist;
        for (int i = answers.Count - 1; i >= 0; i--)
        {
            if (answers[i].Term < currentTerm)
            {
                answers.RemoveAt(i);
            }
        }

        if (!NeedsDisk)
        {
            Invariant.Check(answers.Count == 0, $"{answers.Count} messages wait for a write that does not exist");
            return;
        }

        long last = _batches.Count > 0 ? _batches[^1].LastIndex : _requestedIndex;
        Gathered.Persist = new PersistRequest
        {
            Token = durability.Requested(last, _hardState is not null, nowMs),
            HardState = _hardState,
            ResetTo = _resetTo,
            TruncateFrom = _truncateFrom,
            Batches = _batches.Count > 0 ? _batches : [],
            CommitIndex = commitIndex,
        };
        _requestedIndex = last;
        _hardState = null;
        _resetTo = null;
        _truncateFrom = null;
        if (_batches.Count > 0)
        {
            // The request owns the list now.
            _batches = [];
        }
    }

    /// <summary>Hands out what was gathered; it stays as it is until the next call.</summary>
    public Ready HandOut()
    {
        Ready ready = Gathered;
        Gathered = _handedOut;
        Gathered.Clear();
        _handedOut = ready;
        return ready;
    }
}
