namespace RaftStore.Verification;

/// <summary>What a check came to.</summary>
public enum Verdict
{
    /// <summary>One order explains every answer.</summary>
    Linearizable,

    /// <summary>No order does.</summary>
    NotLinearizable,

    /// <summary>Nothing bad was found, but the search was given up for at least one key.</summary>
    GaveUp,
}

/// <summary>The result of a check. Immutable.</summary>
/// <param name="Verdict">What it came to.</param>
/// <param name="Violations">What cannot be explained; empty unless the verdict is <see cref="Verdict.NotLinearizable"/>.</param>
/// <param name="KeysGivenUp">Keys whose search went past its bounds; about them nothing is known.</param>
/// <param name="Operations">How many operations were looked at.</param>
/// <param name="Keys">How many keys they were about.</param>
/// <param name="Pruned">Writes of unknown outcome that were left out, since nothing depends on them.</param>
/// <param name="Steps">Steps of the search, over all keys.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CheckResult(
    Verdict Verdict,
    IReadOnlyList<Violation> Violations,
    IReadOnlyList<string> KeysGivenUp,
    int Operations,
    int Keys,
    int Pruned,
    long Steps,
    TimeSpan Elapsed);

/// <summary>A piece of the history that proves by itself, whatever else happened, that something is wrong.</summary>
/// <param name="Key">The key it is about.</param>
/// <param name="Title">What is wrong, as one sentence.</param>
/// <param name="Piece">The operations that cannot all be true, by the time they were sent.</param>
/// <param name="Sentences">The piece told one operation a line, and then why no order explains it.</param>
/// <param name="IsShortest">No operation of the piece can be left out. False where the time for shortening ran out.</param>
public sealed record Violation(string Key, string Title, IReadOnlyList<Operation> Piece, IReadOnlyList<string> Sentences, bool IsShortest)
{
    /// <summary>All of it, a sentence a line.</summary>
    public string Text => string.Join('\n', Sentences);
}
