using System.Buffers;

namespace RaftStore.Node.Formation;

/// <summary>What a node may be called: names stand in command lines, addresses and file names.</summary>
public static class NodeName
{
    /// <summary>The longest name, in characters.</summary>
    public const int LengthMax = 63;

    /// <summary>What a name is, for those who gave another: the end of a sentence.</summary>
    public const string Rule = "use 1 to 63 letters, digits, '.', '_' or '-', beginning with a letter or a digit";

    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>True for a name.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) => text.Length is >= 1 and <= LengthMax && char.IsAsciiLetterOrDigit(text[0]) && !text.ContainsAnyExcept(Alphabet);
}
