using System.Text.Json.Nodes;
using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Support;

/// <summary>Holds an error answer against the contract.</summary>
internal static class ProblemAssert
{
    /// <summary>The answer is that problem, in full, with the outcome that its kind has.</summary>
    /// <returns>Its <c>detail</c>.</returns>
    public static async Task<string> IsAsync(ProblemType type, HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == type.Status, $"Expected {type.Status} {type.Name}, got {(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.ToString());
        return Check(type, JsonNode.Parse(text)!.AsObject(), ProblemWriter.IsWrite(answer.RequestMessage!.Method.Method));
    }

    /// <summary>The same for an answer off a raw socket.</summary>
    public static string Is(ProblemType type, RawAnswer answer, bool isWrite)
    {
        Assert.True(answer.Status == type.Status, $"Expected {type.Status} {type.Name}, got {answer.Status}: {answer.Text}");
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        return Check(type, answer.Json, isWrite);
    }

    private static string Check(ProblemType type, JsonObject problem, bool isWrite)
    {
        Assert.Equal("urn:raftstore:error:" + type.Name, (string?)problem["type"]);
        Assert.Equal(type.Title, (string?)problem["title"]);
        Assert.Equal(type.Status, (int)problem["status"]!);
        Assert.Equal(isWrite ? (type.Status is 500 or 504 ? "unknown" : "not-applied") : null, (string?)problem["outcome"]);
        string detail = (string)problem["detail"]!;
        Assert.NotEmpty(detail);
        return detail;
    }
}
