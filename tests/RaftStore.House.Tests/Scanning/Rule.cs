namespace RaftStore.House.Tests.Scanning;

/// <summary>A rule fails with every violation, a line each.</summary>
internal static class Rule
{
    public static void AssertNone(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, $"{found.Length} found:\n{string.Join('\n', found.Take(100))}");
    }
}
