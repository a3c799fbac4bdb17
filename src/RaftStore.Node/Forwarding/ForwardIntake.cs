using RaftStore.Node.Pump;
using RaftStore.Node.Waiters;

namespace RaftStore.Node.Forwarding;

/// <summary>The leader's side of forwarding: takes other members' writes, each once and only as leader of the term they were
/// meant for, and says no to the others. Pump thread.</summary>
/// <param name="context">What the parts of the pump share.</param>
/// <param name="pool">Where waiters come from.</param>
/// <param name="replies">Where refusals go.</param>
/// <param name="accept">Takes a write that is to be proposed.</param>
internal sealed class ForwardIntake(PumpContext context, WaiterPool<WriteWaiter> pool, ForwardReplies replies, Action<WriteWaiter> accept)
{
    private readonly ForwardGate _gate = new();

    /// <summary>Runs of members whose writes are remembered.</summary>
    public int RememberedSenders => _gate.SenderCount;

    /// <summary>What the member that forwarded a write is told of its end.</summary>
    public static ForwardOutcome OutcomeOf(WriteOutcome outcome) => outcome.Certainty switch
    {
        WriteCertainty.Applied => ForwardOutcome.Applied,
        WriteCertainty.Unknown => ForwardOutcome.Unknown,
        WriteCertainty.NotApplied => OutcomeOf(outcome.Reason),
        _ => throw new NotSupportedException($"No certainty {outcome.Certainty} is known."),
    };

    /// <summary>This node leads that term: commands for it may come.</summary>
    public void Lead(long term) => _gate.Lead(term);

    /// <summary>Another member's writes came.</summary>
    public void Take(ForwardArrival arrival)
    {
        ForwardRequest request = arrival.Request;
        bool leadsTerm = context.IsLeader && request.Term == context.Core.Term;
        bool isAdmitted = arrival.Refusal == RefusalReason.None;
        foreach (ForwardedCommand command in request.Commands)
        {
            bool isNew = _gate.Judge(request.Term, request.From, command.Id) == ForwardVerdict.New;
            if (isNew && isAdmitted && leadsTerm)
            {
                accept(RentFor(request, command));
                continue;
            }

            GiveBack(command, isAdmitted);
            if (isNew)
            {
                // Certain: no copy came before, and none that comes later will be new.
                replies.Add(request.From, command.Id, leadsTerm ? OutcomeOf(arrival.Refusal) : ForwardOutcome.NotLeader);
            }
        }
    }

    private static ForwardOutcome OutcomeOf(RefusalReason reason) => reason switch
    {
        RefusalReason.Overloaded => ForwardOutcome.Overloaded,
        RefusalReason.DiskFull => ForwardOutcome.DiskFull,
        RefusalReason.LowOnMemory => ForwardOutcome.LowOnMemory,
        RefusalReason.ShuttingDown => ForwardOutcome.ShuttingDown,
        _ => ForwardOutcome.NotLeader,
    };

    private void GiveBack(ForwardedCommand command, bool isAdmitted)
    {
        if (isAdmitted)
        {
            context.ReleaseWaiter();
            context.ReleaseBytes(command.Command.Length);
        }
    }

    private WriteWaiter RentFor(ForwardRequest request, ForwardedCommand command)
    {
        WriteWaiter write = pool.Rent();
        write.Command = command.Command;
        write.HeldBytes = command.Command.Length;
        write.Origin = request.From;
        write.OriginId = command.Id;
        write.DeadlineMs = context.NowMs + command.TimeoutMs;
        return write;
    }
}
