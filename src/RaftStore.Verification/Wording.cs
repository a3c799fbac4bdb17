using System.Globalization;
using System.Text;

namespace RaftStore.Verification;

/// <summary>Tells operations to people.</summary>
internal static class Wording
{
    private const int TextMax = 48;

    /// <summary>A key or value, short and without anything that acts on a terminal.</summary>
    public static string Short(string text)
    {
        StringBuilder shown = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown.Length >= TextMax)
            {
                return shown.Append('…').ToString();
            }

            bool acts = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            shown.Append(acts ? string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}") : rune.ToString());
        }

        return shown.ToString();
    }

    /// <summary>A sentence: who did what, when, and what came of it.</summary>
    /// <param name="unitsPerSecond">How many units of the clock make a second; 0 where it is no time.</param>
    /// <param name="key">The key it is told about: of a range, what it showed of that one. Null for none.</param>
    public static string Tell(Operation operation, long unitsPerSecond, string? key = null)
    {
        string to = operation.Outcome == OperationOutcome.Unknown ? "on" : $"to {Time(operation.AnsweredAt, unitsPerSecond)}";
        return $"From {Time(operation.InvokedAt, unitsPerSecond)} {to}, client {operation.Client} {What(operation)}: {Result(operation, key)}.";
    }

    /// <summary>What was asked for, such as «put k = «v» if absent».</summary>
    public static string What(Operation operation)
    {
        string key = $"«{Short(operation.Key)}»";
        string at = operation.AtRevision >= 0 ? $" at revision {operation.AtRevision}" : string.Empty;
        string range = $"from {key} {(operation.End is null ? "on" : $"to «{Short(operation.End)}»")}";
        string condition = operation.Condition switch
        {
            { IsAbsent: true } => " if it is absent",
            { IsExists: true } => " if it exists",
            { IsRevision: true } asked => $" if it is at revision {asked.Revision}",
            _ => string.Empty,
        };
        return operation.Kind switch
        {
            OperationKind.Get => $"reads {key}{at}",
            OperationKind.Put => $"writes «{Short(operation.Value!)}» to {key}{condition}",
            OperationKind.Delete => $"deletes {key}{condition}",
            OperationKind.Range => $"reads the range {range}{at}",
            OperationKind.DeleteRange => $"deletes the range {range}",
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, null),
        };
    }

    /// <summary>What came of it.</summary>
    /// <param name="key">The key it is told about, see <see cref="Tell"/>.</param>
    public static string Result(Operation operation, string? key = null)
    {
        if (operation.Outcome != OperationOutcome.Ok)
        {
            return operation.Outcome == OperationOutcome.Unknown ? "outcome unknown" : "certainly not applied";
        }

        string at = operation.Revision >= 0 ? $" at revision {operation.Revision}" : string.Empty;
        string mod = operation.ModRevision > 0 ? $" of revision {operation.ModRevision}" : string.Empty;
        return operation.Kind switch
        {
            OperationKind.Get when operation.Value is null => $"not found{at}",
            OperationKind.Get => $"found «{Short(operation.Value)}»{mod}{at}",
            OperationKind.Range => $"{operation.Items.Count} keys{at}{Among(operation, key)}",
            _ when operation.Changed => $"done{at}",
            _ when operation.Condition.IsNone => $"nothing was there{at}",
            _ => $"refused{at}, {operation.ModRevision switch { 0 => "the key does not exist", > 0 => $"the key is at revision {operation.ModRevision}", _ => "the condition did not hold" }}",
        };
    }

    /// <summary>What a range read showed of a key.</summary>
    public static ReadItem? Seen(Operation range, string key)
    {
        int index = range.Items.ToList().FindIndex(item => item.Key == key);
        return index < 0 ? null : range.Items[index];
    }

    private static string Among(Operation range, string? key) => key is null ? string.Empty
        : Seen(range, key) is not { } item ? $", «{Short(key)}» not among them"
        : $", among them «{Short(key)}» = «{Short(item.Value)}»{(item.ModRevision > 0 ? $" of revision {item.ModRevision}" : string.Empty)}";

    /// <summary>The same, with a capital letter at its front.</summary>
    public static string Capitalised(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];

    /// <summary>A time of the history's clock.</summary>
    public static string Time(long time, long unitsPerSecond) => unitsPerSecond <= 0
        ? time.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{time / (decimal)unitsPerSecond:0.000000} s");
}
