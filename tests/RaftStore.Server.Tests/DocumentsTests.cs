using System.Runtime.CompilerServices;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests;

/// <summary><c>docs/http-api.md</c> lists what the server answers, and nothing else.</summary>
[Collection(OneNodeCollection.Name)]
public sealed class DocumentsTests(OneNode node)
{
    [Fact]
    public void HttpApi_EveryErrorType_IsInTheTableWithItsStatus()
    {
        string[] lines = Lines();

        Assert.All(ProblemType.All, type => Assert.Contains(lines, line => line.StartsWith($"| {type.Status} | `{type.Name}` |", StringComparison.Ordinal)));
        Assert.Equal(ProblemType.All.Count, lines.Count(line => line.Length > 5 && line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]) && line[5..].StartsWith(" | `", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task HttpApi_EveryMetric_IsListed()
    {
        string document = string.Join('\n', Lines());
        string text = await node.Client.GetStringAsync("/metrics");

        string[] families = [.. text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])];
        Assert.NotEmpty(families);
        Assert.All(families, family => Assert.Contains($"`{family}`", document, StringComparison.Ordinal));
    }

    [Fact]
    public void HttpApi_EveryParameter_IsNamed()
    {
        string document = string.Join('\n', Lines());

        foreach (KvParameters parameter in Enum.GetValues<KvParameters>().Where(parameter => System.Numerics.BitOperations.IsPow2((int)parameter)))
        {
            Assert.Contains(KvParameterNames.NameOf(parameter), document, StringComparison.Ordinal);
        }
    }

    private static string[] Lines([CallerFilePath] string thisFile = "") =>
        File.ReadAllLines(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "docs", "http-api.md"));
}
