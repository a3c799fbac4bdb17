using System.Text;
using RaftStore.Kv;
using RaftStore.Verification;

namespace RaftStore.Simulation;

/// <summary>I11: every request of every client and what became of it, for the search for one order that explains all answers. What ended with an unknown
/// outcome is tried both ways.</summary>
internal sealed class ClientHistory(World world)
{
    /// <summary>All keys begin with these letters, and nothing else does.</summary>
    private const string FirstKey = "key";
    private const string EndOfKeys = "kez";

    /// <summary>No limit that depends on how fast the machine is: the verdict belongs to the seed.</summary>
    private static readonly CheckOptions Options = new() { StepsMax = 20_000_000, Time = Timeout.InfiniteTimeSpan, UnitsPerSecond = 1_000_000 };

    private readonly List<Operation> _operations = [];
    private long _clock;

    /// <summary>The virtual time in microseconds, a little later at each call, so that what comes after another is seen to.</summary>
    public long Now() => _clock = Math.Max(_clock + 1, world.Events.NowUs);

    /// <summary>A read was answered.</summary>
    /// <param name="atRevision">The revision that the answer shows; -1 for the newest.</param>
    /// <param name="newest">The newest revision when it was answered; -1 where the node need not have had it.</param>
    public void Read(int client, long sentAt, string key, KvItem? item, long atRevision, long newest) => _operations.Add(new Operation
    {
        Client = client,
        Kind = OperationKind.Get,
        Key = key,
        InvokedAt = sentAt,
        AnsweredAt = Now(),
        Outcome = OperationOutcome.Ok,
        Value = item is { } held ? Encoding.ASCII.GetString(held.Value.Span) : null,
        ModRevision = item?.ModRevision ?? 0,
        Revision = newest,
        AtRevision = atRevision,
    });

    /// <summary>A write was answered: it was done, or its condition did not hold, or there was nothing to delete.</summary>
    public void Written(int client, long sentAt, SimulatedRequest request, KvResult result)
    {
        bool isDone = result.Status == KvStatus.Done;
        _operations.Add(Begun(client, sentAt, request) with
        {
            AnsweredAt = Now(),
            Outcome = OperationOutcome.Ok,
            Changed = isDone && (request.Value is not null || result.Deleted > 0),
            Revision = result.Revision,
            ModRevision = isDone ? -1 : result.Previous?.ModRevision ?? 0,
        });
    }

    /// <summary>Nobody knows what became of a write.</summary>
    public void Unknown(int client, long sentAt, SimulatedRequest request) => _operations.Add(Begun(client, sentAt, request));

    /// <summary>Looks for an order that explains all answers.</summary>
    public void Check()
    {
        CheckResult result = LinearizabilityChecker.Check(_operations, Options);
        if (result.Verdict == Verdict.NotLinearizable)
        {
            throw new SimulationFailureException($"the clients' history is not linearizable; {result.Violations.Count} pieces, the first: {result.Violations[0].Title}{Environment.NewLine}{result.Violations[0].Text}");
        }

        world.Invariants.Saw("history found linearizable", result.Verdict == Verdict.Linearizable ? 1 : 0);
        world.Invariants.Saw("search for an order given up", result.Verdict == Verdict.GaveUp ? 1 : 0);
        world.Invariants.Saw("unknown write in a history", _operations.Count(operation => operation.Outcome == OperationOutcome.Unknown));
    }

    private static Operation Begun(int client, long sentAt, SimulatedRequest request) => new()
    {
        Client = client,
        Kind = request.Value is not null ? OperationKind.Put : request.Key is not null ? OperationKind.Delete : OperationKind.DeleteRange,
        Key = request.Key ?? FirstKey,
        End = request.Key is null ? EndOfKeys : null,
        InvokedAt = sentAt,
        Outcome = OperationOutcome.Unknown,
        Value = request.Value,
        Condition = request.IfAbsent ? Precondition.IfAbsent : Precondition.None,
    };
}
