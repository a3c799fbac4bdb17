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

    /// <summary>What the member that forwarded a write is told of its end.</summary>
    public static ForwardOutcome OutcomeOf(WriteOutcome outcome) => outcome.Certainty switch
    {
        WriteCertainty.Applied => ForwardOutcome.Applied,
        WriteCertainty.Unknown => ForwardOutcome.Unknown,
        WriteCertainty.NotApplied => OutcomeOf(outcome.Reason),
        _ => throw new NotSupportedException($"No certainty {outcome.Certainty} is known."),
    };

    /// <summary>Another member's writes came.</summary>
    public void Take(ForwardArrival arrival)
    {
        ForwardRequest request = arrival.Request;
        bool isForUs = context.IsLeader && request.Term == context.Core.Term;
        bool isAdmitted = arrival.Refusal == RefusalReason.None;
        foreach (ForwardedCommand command in request.Commands)
        {
            if (!isForUs)
            {
                // A request for another term can never be taken, however often it comes: to say so is safe.
                GiveBack(command, isAdmitted);
                replies.Add(request.From, command.Id, ForwardOutcome.NotLeader);
            }
            else if (!_gate.TryPass(request.Term, request.From, command.Id))
            {
                // Its first copy has been answered, or will be.
                GiveBack(command, isAdmitted);
            }
            else if (!isAdmitted)
            {
                replies.Add(request.From, command.Id, OutcomeOf(arrival.Refusal));
            }
            else
            {
                accept(RentFor(request, command));
            }
        }
    }

    private static ForwardOutcome OutcomeOf(RefusalReason reason) => reason switch
    {
        RefusalReason.Overloaded => ForwardOutcome.Overloaded,
        RefusalReason.DiskFull => ForwardOutcome.DiskFull,
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
