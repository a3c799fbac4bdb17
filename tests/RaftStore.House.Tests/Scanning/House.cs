namespace RaftStore.House.Tests.Scanning;

/// <summary>How this project fails: with every violation, a line each.</summary>
internal static class House
{
    public static void AssertNone(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, $"{found.Length} found:\n{string.Join('\n', found.Take(100))}");
    }
}
