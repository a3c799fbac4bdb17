using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>A seeded workload over a log, and the model of what the log must hold after a crash at any moment: every state that
/// the log went through since the last acknowledged one, record by record, and nothing else.</summary>
internal sealed class RandomLogScript(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<string> _logStates = [""];
    private readonly List<HardState> _hardStates = [default];
    private readonly List<EntryBatch> _batches = [];
    private HardState _hardState;
    private EntryId _last;
    private EntryId _snapshot;
    private long _token;

    /// <summary>The last entry of the newest durable snapshot.</summary>
    public EntryId Snapshot => _snapshot;

    /// <summary>Runs <paramref name="steps"/> steps; an exception out of the disk ends it half-way.</summary>
    public void Run(WriteAheadLog log, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            switch (_random.Next(10))
            {
                case 0:
                    RaiseTerm(log);
                    break;
                case 1:
                    Truncate(log);
                    break;
                case 2:
                    Purge(log);
                    break;
                case 3 when _random.Next(4) == 0:
                    Reset(log);
                    break;
                case 4:
                    if (log.WantsSpare)
                    {
                        log.PrepareSpare();
                    }

                    break;
                default:
                    Append(log);
                    break;
            }
        }
    }

    /// <summary>Fails unless the recovered log is one of the states allowed, and takes it as the state to go on from.</summary>
    public void AcceptRecovered(RecoveredLog recovered, string context)
    {
        Assert.True(_hardStates.Contains(recovered.HardState), $"{context}: hard state {recovered.HardState} is none of {string.Join(", ", _hardStates)}");
        string found = Describe(recovered.Batches);
        Assert.True(
            _logStates.Contains(found),
            $"{context}: after snapshot {_snapshot} the log holds\n  {found}\nwhich is none of\n  {string.Join("\n  ", _logStates)}");
        _hardState = recovered.HardState;
        _batches.Clear();
        _batches.AddRange(recovered.Batches);
        _last = _batches.Count > 0 ? _batches[^1].Last : _snapshot;
        Acknowledge();
    }

    private static string Describe(IEnumerable<EntryBatch> batches) => string.Join(' ', batches.Select(batch => $"{batch}#{batch.Crc:x8}"));

    private void RaiseTerm(WriteAheadLog log)
    {
        _hardState = new HardState(_hardState.Term + 1, new NodeId((uint)_random.Next(4)));
        _hardStates.Add(_hardState);
        Write(log, new PersistRequest { Token = NextToken(), HardState = _hardState, CommitIndex = _snapshot.Index });
    }

    private void Append(WriteAheadLog log)
    {
        if (_hardState.Term == 0)
        {
            RaiseTerm(log);
        }

        List<EntryBatch> batches = [];
        for (int i = _random.Next(3); i >= 0; i--)
        {
            int bytes = _random.Next(8) switch { 0 => _random.Next(70_000), 1 => 20_000, _ => _random.Next(2_000) };
            EntryBatch batch = LogDriver.Batch(_last.Index + 1, _hardState.Term, 1 + _random.Next(3), bytes / 2, (byte)_random.Next(3));
            batches.Add(batch);
            Add(batch);
        }

        Write(log, new PersistRequest { Token = NextToken(), CommitIndex = _snapshot.Index, Batches = batches });
    }

    private void Truncate(WriteAheadLog log)
    {
        if (_batches.Count == 0)
        {
            return;
        }

        int keep = _random.Next(_batches.Count);
        long from = _batches[keep].FirstIndex;
        _hardState = new HardState(_hardState.Term + 1, NodeId.None);
        _hardStates.Add(_hardState);
        _batches.RemoveRange(keep, _batches.Count - keep);
        _last = keep > 0 ? _batches[keep - 1].Last : _snapshot;
        NoteState();
        EntryBatch batch = LogDriver.Batch(from, _hardState.Term, 2, 100);
        Add(batch);
        Write(log, new PersistRequest { Token = NextToken(), HardState = _hardState, TruncateFrom = from, CommitIndex = _snapshot.Index, Batches = [batch] });
    }

    private void Purge(WriteAheadLog log)
    {
        if (_batches.Count < 2)
        {
            return;
        }

        Sync(log);
        int count = 1 + _random.Next(_batches.Count - 1);
        _snapshot = _batches[count - 1].Last;
        _batches.RemoveRange(0, count);
        Acknowledge();
        log.Purge(_snapshot.Index);
    }

    private void Reset(WriteAheadLog log)
    {
        _hardState = new HardState(_hardState.Term + 1, NodeId.None);
        _hardStates.Add(_hardState);
        log.Append(new PersistRequest { Token = NextToken(), HardState = _hardState });
        Sync(log);
        _snapshot = new EntryId(_last.Index + 20, _hardState.Term);
        _last = _snapshot;
        _batches.Clear();

        // The snapshot is durable before the log is told, so that whatever the log held must be discarded at a start from here on.
        Acknowledge();
        EntryBatch batch = LogDriver.Batch(_last.Index + 1, _hardState.Term);
        Add(batch);
        Write(log, new PersistRequest { Token = NextToken(), ResetTo = _snapshot, CommitIndex = _snapshot.Index, Batches = [batch] });
    }

    private void Write(WriteAheadLog log, PersistRequest request)
    {
        log.Append(request);
        _hardStates.Clear();
        _hardStates.Add(_hardState);
        if (_random.Next(3) > 0)
        {
            Sync(log);
        }
    }

    private void Sync(WriteAheadLog log)
    {
        log.Sync();
        Acknowledge();
    }

    private BatchToken NextToken() => new(++_token);

    private void Add(EntryBatch batch)
    {
        _batches.Add(batch);
        _last = batch.Last;
        NoteState();
    }

    private void NoteState() => _logStates.Add(Describe(_batches));

    private void Acknowledge()
    {
        _hardStates.Clear();
        _hardStates.Add(_hardState);
        _logStates.Clear();
        NoteState();
    }
}
