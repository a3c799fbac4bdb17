using System.Text;
using RaftStore.Kv;
using RaftStore.Node;

namespace RaftStore.Simulation;

/// <summary>A client with at most one request under way. It never sends a write a second time.</summary>
internal sealed class SimulatedClient
{
    private const long RequestTimeoutMs = 3_000;

    private readonly World _world;
    private readonly Workload _workload;
    private readonly int _number;
    private SimulatedMachine? _machine;
    private SimulatedRequest? _request;
    private ValueTask<WriteOutcome> _write;
    private ValueTask<RefusalReason> _read;
    private long _dueUs;
    private long _sentAt;
    private long _begun;
    private long _compactedAtBegin;
    private long _seenRevision;
    private bool _isQuarantined;
    private bool _isFinal;
    private int _finalAnswers;

    public SimulatedClient(World world, Workload workload, int number)
    {
        _world = world;
        _workload = workload;
        _number = number;
    }

    /// <summary>Set when only the last write and the last read are left to do.</summary>
    public bool IsFinishing { get; set; }

    /// <summary>True once both have been answered.</summary>
    public bool IsFinished => _finalAnswers >= 2;

    /// <summary>Plans the next request.</summary>
    public void Think()
    {
        if (!IsFinished)
        {
            _dueUs = _workload.DrawDueUs(_dueUs);
            _world.Events.At(_dueUs, Send);
        }
    }

    /// <summary>Takes the answer that it waits for, where there is one.</summary>
    /// <returns>True where there was: it does not wait any more.</returns>
    public bool TakeAnswer()
    {
        SimulatedRequest request = _request!;
        if (!(request.Command is null ? _read.IsCompleted : _write.IsCompleted))
        {
            return false;
        }

        bool answered = request.Command is null ? TakeRead(request, _read.Result) : TakeWrite(request, _write.Result);
        _finalAnswers += answered && _isFinal ? 1 : 0;
        Think();
        return true;
    }

    /// <summary>The machine that it waits for is gone, and the answer with it.</summary>
    public void MachineEnded()
    {
        if (_request!.Command is not null)
        {
            NoteUnknown(_request);
        }

        Think();
    }

    private void Send()
    {
        _machine = _workload.DrawMachine();
        if (!_machine.IsUp)
        {
            // Nothing was asked: somebody else is, soon.
            _world.Events.After(_workload.DrawRetryUs(), Send);
            return;
        }

        _isFinal = IsFinishing;
        _isQuarantined = _machine.Node!.Status.Divergence is not null;
        _request = !IsFinishing ? _workload.DrawRequest(_seenRevision) : _finalAnswers == 0 ? _workload.LastWrite() : _workload.LastRead();
        _begun = _workload.History.Begin();
        _sentAt = _workload.Operations.Now();
        _compactedAtBegin = _workload.CompactedRevision;
        long deadlineMs = _machine.NowMs + RequestTimeoutMs;
        if (_request.Command is not null)
        {
            _write = _machine.Node!.WriteAsync(_request.Command, deadlineMs);
        }
        else if (_request.Kind == RequestKind.ReadAtLeast)
        {
            _read = _machine.Node!.WaitForRevisionAsync(_request.Revision, deadlineMs);
        }
        else
        {
            _read = _machine.Node!.ConfirmReadAsync(deadlineMs);
        }

        _workload.Asked(_machine, this);
        _machine.PlanPump(0);
    }

    private bool TakeRead(SimulatedRequest request, RefusalReason refusal)
    {
        _world.Trace.Note(((long)_number << 8) + (long)refusal);
        if (refusal != RefusalReason.None)
        {
            _workload.Counts.ReadsRefused++;
            return false;
        }

        CheckMayAnswer(request);
        _workload.Counts.ReadsAnswered++;
        KvView view = _machine!.Node!.View;
        long revision = view.Revision;
        switch (request.Kind)
        {
            case RequestKind.ReadAtLeast:
                // Older than now, perhaps; never older than what this client has seen anywhere.
                ClusterInvariants.Check(revision >= request.Revision, $"a read at revision {request.Revision} or later was answered at {revision}");
                _begun = request.Revision;
                _world.Invariants.Saw("read answered at its least revision");
                break;
            case RequestKind.ReadPast when view.ReadabilityOf(request.Revision) != RevisionReadability.Readable:
                _world.Invariants.Saw($"past revision refused as {view.ReadabilityOf(request.Revision)}");
                Workload.CheckCompacted(view, _compactedAtBegin);
                return true;
            case RequestKind.ReadPast:
                revision = request.Revision;
                _begun = 0;
                _world.Invariants.Saw("past revision read");
                break;
        }

        bool found = view.TryGet(Encoding.ASCII.GetBytes(request.Key!), revision, out KvItem item);
        NoteRead(request.Key!, found ? item : null, revision);
        if (!IsExcused(found ? item : null))
        {
            (long atRevision, long newest) = (request.Kind == RequestKind.Read ? -1 : revision, request.Kind == RequestKind.ReadAtLeast ? -1 : view.Revision);
            _workload.Operations.Read(_number, _sentAt, request.Key!, found ? item : null, atRevision, newest);
        }

        _seenRevision = Math.Max(_seenRevision, revision);
        _workload.Read(view, request.Key!, revision);
        if (request.Kind != RequestKind.ReadAtLeast)
        {
            Workload.CheckCompacted(view, _compactedAtBegin);
        }

        return true;
    }

    private bool TakeWrite(SimulatedRequest request, WriteOutcome outcome)
    {
        _world.Trace.Note(((long)_number << 8) + ((long)outcome.Certainty << 4) + (long)outcome.Reason);
        switch (outcome.Certainty)
        {
            case WriteCertainty.Applied:
                CheckMayAnswer(request);
                _workload.Counts.WritesApplied++;
                NoteApplied(request, outcome.Result);
                return true;
            case WriteCertainty.NotApplied:
                // Nothing is noted: a value that shows up all the same is one that no write explains.
                _workload.Counts.WritesNotApplied++;
                return false;
            case WriteCertainty.Unknown:
                NoteUnknown(request);
                return false;
            default:
                throw new SimulationFailureException($"a write ended as {outcome.Certainty}");
        }
    }

    private void NoteApplied(SimulatedRequest request, KvResult result)
    {
        if (request.Kind == RequestKind.Write)
        {
            _workload.Operations.Written(_number, _sentAt, request, result);
        }

        _workload.Answered(result.Revision);
        _seenRevision = Math.Max(_seenRevision, result.Revision);
        if (request.Kind == RequestKind.Compact && result.Status is (KvStatus.Done or KvStatus.AlreadyCompacted or KvStatus.FutureRevision))
        {
            _world.Invariants.Saw($"compaction ended as {result.Status}");
            _workload.Compacted(result.Status == KvStatus.Done ? request.Revision : 0);
        }
        else if (request.Kind == RequestKind.ChangeSettings && result.Status == KvStatus.Done)
        {
            _world.Invariants.Saw("setting changed");
        }
        else if (result.Status == KvStatus.ConditionFailed)
        {
            NoteRead(request.Key!, result.Previous, result.Revision);
        }
        else if (result.Status != KvStatus.Done)
        {
            throw new SimulationFailureException($"a small write ended as {result.Status}");
        }
        else if (request.Value is null && result.Deleted == 0)
        {
            foreach (string key in KeysOf(request))
            {
                _workload.History.ReadAnswered(key, null, 0, result.Revision, _begun);
            }
        }
        else
        {
            _world.Invariants.Acknowledged(result.Revision);
            foreach (string key in KeysOf(request))
            {
                _workload.History.WriteAcknowledged(key, request.Value, result.Revision, _begun);
            }
        }
    }

    private void NoteRead(string key, KvItem? item, long revision)
    {
        if (!IsExcused(item))
        {
            _workload.History.ReadAnswered(key, ValueOf(item), item?.ModRevision ?? 0, revision, _begun);
        }
    }

    private bool IsExcused(KvItem? item) => _world.Forger.Excuses(_machine!, ValueOf(item));

    private static string? ValueOf(KvItem? item) => item is { } held ? Encoding.ASCII.GetString(held.Value.Span) : null;

    // Where it was lifted meanwhile, the request may have waited for the pump.
    private void CheckMayAnswer(SimulatedRequest request) => ClusterInvariants.Check(!_isQuarantined || _machine!.Node!.Status.Divergence is null, $"{_machine!.Id} answers a request ({request.Kind}) that it got while it was quarantined");

    private void NoteUnknown(SimulatedRequest request)
    {
        _workload.Counts.WritesUnknown++;
        if (request.Kind == RequestKind.Write)
        {
            _workload.Operations.Unknown(_number, _sentAt, request);
        }

        foreach (string key in KeysOf(request))
        {
            _workload.History.WriteUnknown(key, request.Value);
        }
    }

    private static IEnumerable<string> KeysOf(SimulatedRequest request) =>
        request.Kind != RequestKind.Write ? [] : request.Key is null ? Workload.AllKeys : [request.Key];
}
