namespace RaftStore.Verification.Keys;

/// <summary>Turns operations into what they say about one key.</summary>
internal static class KeyEvents
{
    /// <summary>An operation on one key; null where it says nothing.</summary>
    /// <param name="contradiction">What the answer says against itself, where it does.</param>
    public static KeyEvent? Of(Operation operation, Floor floor, out string? contradiction)
    {
        contradiction = null;
        if (operation.Outcome == OperationOutcome.NotApplied || (operation.Outcome == OperationOutcome.Unknown && !operation.IsWrite))
        {
            return null;
        }

        KeyEvent blank = new() { Source = operation, From = operation.InvokedAt, Floor = floor };
        if (operation.Outcome == OperationOutcome.Unknown)
        {
            return Conditioned(blank with { Effect = EffectOf(operation), Written = WrittenBy(operation), IsCertain = false });
        }

        blank = blank with { To = operation.AnsweredAt, Revision = operation.Revision };
        if (!operation.IsWrite)
        {
            return Read(blank, operation, operation.Value, operation.ModRevision);
        }

        if (operation.Changed)
        {
            KeyEvent done = Conditioned(blank with { Effect = EffectOf(operation), Written = WrittenBy(operation) });
            return operation.Kind == OperationKind.Delete && done.Need == Need.Any ? done with { Need = Need.Present } : done;
        }

        return Failed(blank, operation, out contradiction);
    }

    /// <summary>What a range operation says about one of the keys it covers; null where it says nothing.</summary>
    /// <param name="item">The key as the answer showed it, null where it did not show it.</param>
    public static KeyEvent? OfRange(Operation operation, ReadItem? item, Floor floor)
    {
        bool isUnknown = operation.Outcome == OperationOutcome.Unknown;
        if (operation.Outcome == OperationOutcome.NotApplied || (isUnknown && operation.Kind == OperationKind.Range))
        {
            return null;
        }

        KeyEvent blank = new() { Source = operation, From = operation.InvokedAt, Floor = floor };
        if (operation.Kind == OperationKind.Range)
        {
            return Read(blank with { To = operation.AnsweredAt, Revision = operation.Revision }, operation, item?.Value, item?.ModRevision ?? 0);
        }

        // Which of its keys a deletion found is not told, unless it found none.
        return isUnknown ? blank with { Effect = Effect.Delete, IsCertain = false }
            : operation.Changed ? blank with { Effect = Effect.Delete, To = operation.AnsweredAt, Revision = operation.Revision }
            : blank with { Need = Need.Absent, To = operation.AnsweredAt, Revision = operation.Revision };
    }

    private static KeyEvent Read(KeyEvent blank, Operation operation, string? value, long modRevision)
    {
        bool isPast = operation.AtRevision >= 0;
        return blank with
        {
            Need = value is null ? Need.Absent : Need.Value,
            Seen = value,
            SeenRevision = value is null ? -1 : modRevision,
            Revision = isPast ? operation.AtRevision : blank.Revision,
            IsPast = isPast,
        };
    }

    private static KeyEvent Conditioned(KeyEvent blank) => blank.Source.Condition switch
    {
        { IsAbsent: true } => blank with { Need = Need.Absent },
        { IsExists: true } => blank with { Need = Need.Present },
        { IsRevision: true } condition => blank with { Need = Need.Revision, SeenRevision = condition.Revision },
        _ => blank,
    };

    /// <summary>A write that was answered and changed nothing tells why.</summary>
    private static KeyEvent? Failed(KeyEvent blank, Operation operation, out string? contradiction)
    {
        Precondition condition = operation.Condition;
        long current = operation.ModRevision;
        contradiction = null;
        if (condition.IsNone)
        {
            contradiction = operation.Kind == OperationKind.Put ? "a put without a condition was answered as having changed nothing" : null;
            return blank with { Need = Need.Absent };
        }

        bool heldAfterAll = (condition.IsAbsent && current == 0) || (condition.IsExists && current > 0) || (condition.IsRevision && current == condition.Revision);
        if (heldAfterAll)
        {
            contradiction = current == 0 ? "the write was refused because the key exists, and the refusal says that it does not" : $"the write was refused, though the refusal names just the state it asked for (revision {current})";
            return null;
        }

        return condition.IsExists || current == 0 ? blank with { Need = Need.Absent }
            : current > 0 ? blank with { Need = Need.Revision, SeenRevision = current }
            : condition.IsAbsent ? blank with { Need = Need.Present }
            : blank with { Need = Need.NotRevision, SeenRevision = condition.Revision };
    }

    private static Effect EffectOf(Operation operation) => operation.Kind == OperationKind.Put ? Effect.Write : Effect.Delete;

    private static string? WrittenBy(Operation operation) => operation.Kind == OperationKind.Put ? operation.Value : null;
}
