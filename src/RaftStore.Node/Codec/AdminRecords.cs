using RaftStore.Node.Membership;
using RaftStore.Node.Wire;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>To and from the protobuf records of what only the leader can do.</summary>
internal static class AdminRecords
{
    /// <summary>Stands for «the one who was asked does not lead» in an answer.</summary>
    private const uint NotLeader = uint.MaxValue;

    private const int NameLengthMax = 63;

    public static AdminRequest ToRecord(AdminQuestion question)
    {
        AdminRequest record = new() { RequestId = question.Id, TimeoutMs = (uint)Math.Clamp(question.TimeoutMs, 0, uint.MaxValue), IsRepeated = question.IsRepeated };
        switch (question.Action)
        {
            case ChangeMembership { Change: AddLearner add }:
                record.Add = new AddLearnerRecord
                {
                    Name = add.Name,
                    PeerAddress = add.PeerAddress,
                    ClientAddress = add.ClientAddress,
                    PromotesItself = add.PromotesItself,
                    Replaces = add.Replaces.Value,
                    Instance = add.Instance,
                };
                break;
            case ChangeMembership { Change: PromoteLearner promote }:
                record.Promote = promote.Id.Value;
                break;
            case ChangeMembership { Change: RemoveMember remove }:
                record.Remove = new RemoveRecord { Id = remove.Id.Value, Force = remove.Force };
                break;
            case ChangeMembership { Change: UpdateMember update }:
                record.Update = ToRecord(update);
                break;
            case TransferLeadership transfer:
                record.TransferTo = transfer.Target.Value;
                break;
            case RepairState repair:
                record.Repair = new RepairRecord { Id = repair.Member.Value, Trusts = repair.Trusts };
                break;
            default:
                throw new NotSupportedException($"No record is known for {question.Action}.");
        }

        return record;
    }

    public static AdminResponse ToRecord(AdminAnswer answer) => new()
    {
        RequestId = answer.Id,
        Result = answer.Outcome is { } outcome ? (uint)outcome.Result : NotLeader,
        Member = answer.Outcome?.Member.Value ?? 0,
        Repair = answer.Outcome is { Repair: var repair } && repair != default ? ToRecord(repair) : null,
    };

    /// <summary>Null where the bytes are no such request.</summary>
    public static AdminQuestion? FromRequest(Envelope envelope, ReadOnlyMemory<byte> bytes)
        => ProtobufMessages.TryParse(AdminRequest.Parser, bytes.Span) is { } record && ActionOf(record) is { } action
            ? new AdminQuestion(envelope.From, envelope.To, envelope.Term, record.RequestId, record.TimeoutMs, record.IsRepeated, action)
            : null;

    /// <summary>Null where the bytes are no such answer.</summary>
    public static AdminAnswer? FromResponse(Envelope envelope, ReadOnlyMemory<byte> bytes)
    {
        if (ProtobufMessages.TryParse(AdminResponse.Parser, bytes.Span) is not { } record)
        {
            return null;
        }

        if (record.Result == NotLeader)
        {
            return new AdminAnswer(envelope.From, envelope.To, envelope.Term, record.RequestId, Outcome: null);
        }

        return record.Result <= (uint)AdminResult.MajorityDiffers && TryRead(record.Repair, out RepairStatus repair)
            ? new AdminAnswer(envelope.From, envelope.To, envelope.Term, record.RequestId, new AdminOutcome((AdminResult)record.Result, new NodeId(record.Member), repair))
            : null;
    }

    private static bool TryRead(RepairStatusRecord? record, out RepairStatus repair)
    {
        repair = default;
        if (record is null)
        {
            return true;
        }

        bool isSound = record.Stage <= (uint)RepairStage.Lifting && IsNumber(record.Index) && IsNumber(record.ReceivedBytes) && IsNumber(record.LengthBytes);
        repair = isSound ? new RepairStatus((RepairStage)record.Stage, record.Index, record.ReceivedBytes, record.LengthBytes) : default;
        return isSound;
    }

    private static bool IsNumber(long value) => value is >= 0 and <= FrameReader.NumberMax;

    private static RepairStatusRecord ToRecord(RepairStatus repair) => new()
    {
        Stage = (uint)repair.Stage,
        Index = repair.Index,
        ReceivedBytes = repair.ReceivedBytes,
        LengthBytes = repair.LengthBytes,
    };

    private static UpdateRecord ToRecord(UpdateMember update)
    {
        UpdateRecord record = new() { Id = update.Id.Value };
        if (update.PeerAddress is not null)
        {
            record.PeerAddress = update.PeerAddress;
        }

        if (update.ClientAddress is not null)
        {
            record.ClientAddress = update.ClientAddress;
        }

        if (update.Instance is { } instance)
        {
            record.Instance = instance;
        }

        return record;
    }

    private static AdminAction? ActionOf(AdminRequest record) => record.ActionCase switch
    {
        AdminRequest.ActionOneofCase.Add when IsSound(record.Add) => new ChangeMembership(new AddLearner(
            record.Add.Name,
            record.Add.PeerAddress,
            record.Add.ClientAddress,
            record.Add.PromotesItself,
            new NodeId(record.Add.Replaces),
            record.Add.Instance)),
        AdminRequest.ActionOneofCase.Promote => new ChangeMembership(new PromoteLearner(new NodeId(record.Promote))),
        AdminRequest.ActionOneofCase.Remove => new ChangeMembership(new RemoveMember(new NodeId(record.Remove.Id), record.Remove.Force)),
        AdminRequest.ActionOneofCase.Update when IsSound(record.Update) => new ChangeMembership(new UpdateMember(
            new NodeId(record.Update.Id),
            record.Update.HasPeerAddress ? record.Update.PeerAddress : null,
            record.Update.HasClientAddress ? record.Update.ClientAddress : null,
            record.Update.HasInstance ? record.Update.Instance : null)),
        AdminRequest.ActionOneofCase.Repair => new RepairState(new NodeId(record.Repair.Id), record.Repair.Trusts),
        AdminRequest.ActionOneofCase.TransferTo => new TransferLeadership(new NodeId(record.TransferTo)),
        _ => null,
    };

    private static bool IsSound(AddLearnerRecord add) => add.Name.Length is > 0 and <= NameLengthMax
        && add.PeerAddress.Length is > 0 and <= ConfigurationCodec.TextLengthMax && add.ClientAddress.Length <= ConfigurationCodec.TextLengthMax;

    private static bool IsSound(UpdateRecord update)
        => update.PeerAddress.Length <= ConfigurationCodec.TextLengthMax && update.ClientAddress.Length <= ConfigurationCodec.TextLengthMax;
}
