namespace RaftStore.Storage;

/// <summary>What stands at the place in the log where the next record would be.</summary>
internal enum FoundAtPlace
{
    /// <summary>An intact record of this place, chained to the one before it.</summary>
    Record,

    /// <summary>Zeros, or the end of the file.</summary>
    Nothing,

    /// <summary>Bytes that were not written here by the last process: what a recycled segment held before, or what an
    /// earlier process wrote and lost.</summary>
    Stale,

    /// <summary>A header that claims this place in the last process's epoch, and whose checksum does not match.</summary>
    DamagedHeader,

    /// <summary>An intact header of this place, chained, whose body does not match its checksum or reaches past the file.</summary>
    DamagedBody,

    /// <summary>Intact and chained, but not anything that this version writes.</summary>
    Unknown,
}

/// <summary>What a start does about it.</summary>
internal enum RecoveryVerdict
{
    /// <summary>Take it, and go on behind it.</summary>
    Accept,

    /// <summary>The log ends here.</summary>
    End,

    /// <summary>The log ends here; what stands behind was cut short by a crash, and nobody had been told of it.</summary>
    TornTail,

    /// <summary>Something that was durable is damaged: refuse to start.</summary>
    Corrupt,

    /// <summary>A newer version wrote it: refuse to start.</summary>
    NotUnderstood,
}

/// <summary>One line of the decision table.</summary>
/// <param name="Found">What stands at the place.</param>
/// <param name="BelowDurableEnd">What is done where the place is known to have been durable.</param>
/// <param name="FromDurableEndOn">What is done elsewhere.</param>
/// <param name="What">The finding in words, for the message.</param>
internal sealed record RecoveryRule(FoundAtPlace Found, RecoveryVerdict BelowDurableEnd, RecoveryVerdict FromDurableEndOn, string What);

/// <summary>How a start decides between the end of the log, a torn tail and corruption. The same table is in <c>FORMAT.md</c>,
/// with the reason for each line.</summary>
internal static class RecoveryTable
{
    /// <summary>One rule for each finding, in the order of the findings.</summary>
    internal static readonly RecoveryRule[] Rules =
    [
        new(FoundAtPlace.Record, RecoveryVerdict.Accept, RecoveryVerdict.Accept, "a record"),
        new(FoundAtPlace.Nothing, RecoveryVerdict.Corrupt, RecoveryVerdict.End, "nothing stands where a durable record was"),
        new(FoundAtPlace.Stale, RecoveryVerdict.Corrupt, RecoveryVerdict.End, "older or damaged bytes stand where a durable record was"),
        new(FoundAtPlace.DamagedHeader, RecoveryVerdict.Corrupt, RecoveryVerdict.TornTail, "the header of a durable record is damaged"),
        new(FoundAtPlace.DamagedBody, RecoveryVerdict.Corrupt, RecoveryVerdict.TornTail, "the body of a durable record is damaged"),
        new(FoundAtPlace.Unknown, RecoveryVerdict.NotUnderstood, RecoveryVerdict.NotUnderstood, "an intact record is of a kind that this version does not know"),
    ];

    /// <summary>The rule for a finding.</summary>
    internal static RecoveryRule RuleFor(FoundAtPlace found) => Rules[(int)found];

    /// <summary>What is done about a finding.</summary>
    internal static RecoveryVerdict Decide(FoundAtPlace found, bool isBelowDurableEnd)
        => isBelowDurableEnd ? RuleFor(found).BelowDurableEnd : RuleFor(found).FromDurableEndOn;
}
