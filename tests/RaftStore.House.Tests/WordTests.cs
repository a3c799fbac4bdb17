using System.Text.RegularExpressions;
using RaftStore.House.Tests.Scanning;

namespace RaftStore.House.Tests;

/// <summary>Words that may not stand in the checkout. They are written here in two pieces, so that this file passes too.</summary>
public sealed class WordTests
{
    private static readonly string[] TextEndings = [".cs", ".md", ".sh", ".proto", ".csproj", ".props", ".json", ".yml", ".txt"];

    /// <summary>Promises that nobody keeps, and bodies that nobody wrote.</summary>
    private static readonly Regex Unfinished = new(@"\b(TO" + "DO|FIX" + "ME|HA" + "CK|XX" + "X|NotImpl" + @"ementedException)\b");

    /// <summary>What is true on one machine only.</summary>
    private static readonly Regex MachinePath = new(@"(?<![\w.])/(wo" + @"rk|ro" + @"ot|ho" + @"me)/\w|\.\./sha" + "red/");

    /// <summary>They report success when fsync failed; only the log's own fdatasync may be believed.</summary>
    private static readonly Regex SwallowsSyncErrors = new(@"\bFlush\s*\(\s*(flushToDisk\s*:\s*)?true\s*\)|\bFlushToDisk\b");

    /// <summary>A test that sleeps hopes; it must wait for a condition.</summary>
    private static readonly Regex Sleeps = new(@"\bThread\s*\.\s*Sleep\b|\bTask\s*\.\s*Delay\s*\(");

    /// <summary>The time of day, which anybody may set: what decides never asks for it.</summary>
    private static readonly Regex WallClock = new(@"\bDateTime(Offset)?\b");

    /// <summary>What would make TLS take any certificate.</summary>
    private static readonly Regex SkipsCertificates = new(@"\b(\w*Certificate(Custom)?ValidationCallback|DangerousAcceptAny\w*)\b");

    private static readonly Regex Region = new(@"^\s*#region\b", RegexOptions.Multiline);

    private static readonly Regex OpenClass = new(@"^[ \t]*(?:(?:public|internal|private|protected|file|partial)\s+)*class\s+(?<name>\w+)", RegexOptions.Multiline);

    [Theory]
    [InlineData("src/RaftStore.Raft/")]
    [InlineData("src/RaftStore.Storage/")]
    [InlineData("src/RaftStore.Kv/")]
    [InlineData("src/RaftStore.Node/")]
    public void SourcesOfWhatDecides_TheTimeOfDay_IsNotAskedFor(string directory)
    {
        string[] files = [.. Repository.Files(".cs").Where(path => path.StartsWith(directory, StringComparison.Ordinal))];

        Assert.NotEmpty(files);
        Rule.AssertNone(Find(files, WallClock, codeOnly: true));
    }

    [Fact]
    public void EveryFile_UnfinishedWork_IsNotThere() => Rule.AssertNone(Find(Repository.Files(TextEndings), Unfinished, codeOnly: false));

    [Fact]
    public void EveryFile_PathsOfOneMachine_AreNotThere() => Rule.AssertNone(Find(Repository.Files(TextEndings), MachinePath, codeOnly: false));

    [Fact]
    public void Source_CallsThatSwallowSyncErrors_AreNotThere()
        => Rule.AssertNone(Find(Repository.Files(".cs").Where(path => path.StartsWith("src/", StringComparison.Ordinal)), SwallowsSyncErrors, codeOnly: true));

    [Fact]
    public void Source_CertificateChecksThatAreSkipped_AreNotThere()
        => Rule.AssertNone(Find(Repository.Files(".cs").Where(path => path.StartsWith("src/", StringComparison.Ordinal)), SkipsCertificates, codeOnly: true));

    [Fact]
    public void Tests_Sleeping_IsNotThere()
        => Rule.AssertNone(Find(Repository.Files(".cs").Where(path => path.StartsWith("tests/", StringComparison.Ordinal)), Sleeps, codeOnly: true));

    [Fact]
    public void EveryFile_Regions_AreNotThere() => Rule.AssertNone(Find(Repository.Files(".cs"), Region, codeOnly: true));

    [Fact]
    public void Source_Classes_AreSealed()
        => Rule.AssertNone(Find(Repository.Files(".cs").Where(path => path.StartsWith("src/", StringComparison.Ordinal)), OpenClass, codeOnly: true));

    [Theory]
    [InlineData("// TO" + "DO later", true)]
    [InlineData("throw new NotImpl" + "ementedException();", true)]
    [InlineData("method, mastodon, to do, HACKSAW", false)]
    public void Unfinished_OfASample_IsSeen(string text, bool isUnfinished) => Assert.Equal(isUnfinished, Unfinished.IsMatch(text));

    [Theory]
    [InlineData("see /wo" + "rk/main", true)]
    [InlineData("in ../sha" + "red/x.md", true)]
    [InlineData("the /ho" + "me/me/x file", true)]
    [InlineData("GET /work and some/work/here", false)]
    public void MachinePath_OfASample_IsSeen(string text, bool isMachinePath) => Assert.Equal(isMachinePath, MachinePath.IsMatch(text));

    [Theory]
    [InlineData("stream.Flush(true);", true)]
    [InlineData("stream.Flush(flushToDisk: true);", true)]
    [InlineData("RandomAccess.FlushToDisk(handle);", true)]
    [InlineData("stream.Flush(); // not Flush(true)", false)]
    public void SwallowsSyncErrors_OfASample_IsSeen(string code, bool swallows) => Assert.Equal(swallows, SwallowsSyncErrors.IsMatch(CSharpText.CodeOf(code)));

    [Theory]
    [InlineData("handler.ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator;", true)]
    [InlineData("options.RemoteCertificateValidationCallback = (_, _, _, _) => true;", true)]
    [InlineData("options.CertificateRevocationCheckMode = X509RevocationMode.Online;", false)]
    public void SkipsCertificates_OfASample_IsSeen(string code, bool skips) => Assert.Equal(skips, SkipsCertificates.IsMatch(CSharpText.CodeOf(code)));

    [Theory]
    [InlineData("Thread.Sleep(1);", true)]
    [InlineData("await Task.Delay(10);", true)]
    [InlineData("// Task.Delay(10) would hope", false)]
    [InlineData("Log(\"Thread.Sleep(1)\");", false)]
    public void Sleeps_OfASample_IsSeen(string code, bool sleeps) => Assert.Equal(sleeps, Sleeps.IsMatch(CSharpText.CodeOf(code)));

    [Theory]
    [InlineData("public class Thing", true)]
    [InlineData("    internal partial class Thing", true)]
    [InlineData("public sealed class Thing", false)]
    [InlineData("public static class Thing", false)]
    [InlineData("public abstract class Thing", false)]
    public void OpenClass_OfASample_IsSeen(string code, bool isOpen) => Assert.Equal(isOpen, OpenClass.IsMatch(code));

    private static IEnumerable<string> Find(IEnumerable<string> paths, Regex words, bool codeOnly)
    {
        foreach (string path in paths)
        {
            string text = Repository.Read(path);
            text = codeOnly ? CSharpText.CodeOf(text) : text;
            foreach (Match match in words.Matches(text))
            {
                yield return $"{path}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value.Trim()}";
            }
        }
    }
}
