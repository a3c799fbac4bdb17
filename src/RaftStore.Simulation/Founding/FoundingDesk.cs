using Google.Protobuf;
using RaftStore.Node.Codec;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What a machine says on its peer port to those who are no members: the product's handshakes, sightings and formation messages, as bytes. A
/// question and an answer are a length, the message of the handshake, and what follows it.</summary>
/// <param name="self">Who the machine says to be.</param>
/// <param name="course">Its course.</param>
internal sealed class FoundingDesk(PeerIdentity self, FoundingCourse course)
{
    /// <summary>By which founders are answered; null while there is none.</summary>
    public FormationProtocol? Formation { get; set; }

    /// <summary>The question who is there.</summary>
    public byte[] Inquiry() => Pack(HandshakeRules.MakeInquiry(self), []);

    /// <summary>This founder's status for another.</summary>
    public byte[] StatusFor(string founder) => Pack(HandshakeRules.MakeFormationHello(self, founder), FormationCodec.Encode(Formation!.StatusFor(founder)));

    /// <summary>Who answers at an address, by the answer to an inquiry.</summary>
    public static SearchAnswer ReadSighting(string address, byte[]? answer)
    {
        if (answer is null)
        {
            return new SearchAnswer(address, null, "no answer in time");
        }

        try
        {
            return new SearchAnswer(address, Introduction.Read(Welcome(answer, out _)), "");
        }
        catch (HandshakeException exception)
        {
            return new SearchAnswer(address, null, exception.Message);
        }
    }

    /// <summary>True for the question who is there.</summary>
    public static bool IsInquiry(byte[] question) => ProtobufMessages.TryParse(PeerHello.Parser, Unpack(question, out _)) is { Channel: HelloChannel.Inquiry };

    /// <summary>What a founder answers; null where he refuses.</summary>
    public FormationStatus? ReadStatus(string founder, byte[] answer)
    {
        try
        {
            HandshakeRules.CheckWelcome(Welcome(answer, out byte[] rest), HandshakeRules.MakeFormationHello(self, founder));
            return FormationCodec.DecodeFrom(founder, rest);
        }
        catch (HandshakeException exception)
        {
            Formation?.NoteTrouble(founder, exception.Message);
            return null;
        }
    }

    /// <summary>The answer to a question.</summary>
    /// <param name="question">What came.</param>
    /// <param name="member">The member that the machine is; null for none yet.</param>
    /// <param name="members">The members that it knows then.</param>
    /// <param name="nowMs">The machine's monotonic time.</param>
    /// <param name="take">Takes what a founder says; false where the process has ended by that.</param>
    public byte[]? Answer(byte[] question, PeerIdentity? member, Configuration? members, long nowMs, Func<FormationStatus, bool> take)
    {
        PeerHello hello = ProtobufMessages.TryParse(PeerHello.Parser, Unpack(question, out byte[] rest)) ?? throw new SimulationFailureException($"{self.Name} is sent a hello that it cannot read");
        PeerWelcome welcome = HandshakeRules.Judge(hello, member ?? self, members, canForm: Formation is not null);
        bool isInquiry = hello.Channel == HelloChannel.Inquiry;
        if (isInquiry && welcome.Refusal == HelloRefusal.None)
        {
            welcome = Introduction.Describe(course.Introduce(hello.SenderName, hello.PeerAddress, nowMs), welcome.Version);
        }

        if (isInquiry || welcome.Refusal != HelloRefusal.None)
        {
            return Pack(welcome, []);
        }

        FormationStatus status = FormationCodec.DecodeFrom(hello.SenderName, rest);
        return take(status) && Formation is { } formation ? Pack(welcome, FormationCodec.Encode(formation.AnswerFor(status))) : null;
    }

    private static PeerWelcome Welcome(byte[] answer, out byte[] rest)
        => ProtobufMessages.TryParse(PeerWelcome.Parser, Unpack(answer, out rest)) ?? throw new HandshakeException("what answers is no node");

    private static byte[] Pack(IMessage handshake, byte[] rest)
    {
        byte[] head = handshake.ToByteArray();
        return [(byte)head.Length, (byte)(head.Length >> 8), .. head, .. rest];
    }

    private static byte[] Unpack(byte[] packed, out byte[] rest)
    {
        int length = packed[0] | (packed[1] << 8);
        int end = Math.Min(packed.Length, 2 + length);
        rest = packed[end..];
        return packed[2..end];
    }
}
