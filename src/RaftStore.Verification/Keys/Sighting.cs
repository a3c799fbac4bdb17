namespace RaftStore.Verification.Keys;

/// <summary>Somebody saw a value.</summary>
/// <param name="By">Who.</param>
/// <param name="Value">What.</param>
/// <param name="ModRevision">The revision that wrote it, as the answer says; -1 where it does not.</param>
internal readonly record struct Sighting(Operation By, string Value, long ModRevision);

/// <summary>A write whose revision is known, told to its own client or to a reader.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Value">What the key held from then on; null after a deletion.</param>
/// <param name="Event">The write.</param>
internal readonly record struct KnownWrite(long Revision, string? Value, KeyEvent Event);

/// <summary>A revision that had been told to somebody: what was sent later comes after it.</summary>
/// <param name="Revision">The revision; -1 for none.</param>
/// <param name="By">Whose answer told it.</param>
internal readonly record struct Floor(long Revision, Operation? By)
{
    public static readonly Floor None = new(-1, null);
}

/// <summary>Something that cannot be, found without any search.</summary>
/// <param name="Title">What is wrong, as one sentence.</param>
/// <param name="Piece">The operations that contradict each other.</param>
internal sealed record Contradiction(string Title, params IReadOnlyList<Operation> Piece);
