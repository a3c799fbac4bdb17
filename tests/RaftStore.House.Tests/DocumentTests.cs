using System.Text.RegularExpressions;
using RaftStore.House.Tests.Scanning;

namespace RaftStore.House.Tests;

/// <summary>What the documents point at exists.</summary>
public sealed class DocumentTests
{
    private static readonly Regex TestName = new("`(?<name>[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)+)`");

    [Fact]
    public void Documents_EveryLink_Resolves()
        => Rule.AssertNone(Repository.Files(".md").SelectMany(path => BrokenLinks(path, Repository.Read(path))));

    [Fact]
    public void Documents_EveryPathTheyName_Exists()
    {
        Rule.AssertNone(Repository.Files(".md").SelectMany(path => Markdown.CodePaths(Repository.Read(path))
            .Where(named => !Repository.Exists(named)).Select(named => $"{path}: {named}")));
    }

    [Fact]
    public void EveryFile_TheDocumentsItNames_AreInTheCheckout()
    {
        HashSet<string> documents = [.. Repository.Files(".md").Select(path => Path.GetFileName(path)!)];

        Rule.AssertNone(Repository.Files(".cs", ".sh", ".md", ".csproj", ".props", ".proto").Where(path => !path.StartsWith("tests/RaftStore.House.Tests/", StringComparison.Ordinal))
            .SelectMany(path => Markdown.DocumentNames(Repository.Read(path)).Where(name => !documents.Contains(name)).Select(name => $"{path}: {name}")));
    }

    [Fact]
    public void Verification_EveryTestItNames_IsThere()
    {
        string tests = string.Concat(Repository.Files(".cs").Where(path => path.StartsWith("tests/", StringComparison.Ordinal)).Select(Repository.Read));
        string[] named = [.. TestName.Matches(Repository.Read("docs/verification.md")).Select(match => match.Groups["name"].Value).Distinct()];

        Assert.True(named.Length > 50, $"only {named.Length} tests are named");
        Rule.AssertNone(named.Where(name => !tests.Contains($" {name}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void DocumentNames_OfASample_AreFound()
        => Assert.Equal(["FORMAT.md", "x-y.md"], Markdown.DocumentNames("// see FORMAT.md, and docs/x-y.md"));

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("SECURITY.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/ARCHITECTURE.md")]
    [InlineData("docs/http-api.md")]
    [InlineData("docs/operations.md")]
    [InlineData("src/RaftStore.Raft/README.md")]
    [InlineData("src/RaftStore.Storage/FORMAT.md")]
    public void Documents_ThoseANewcomerIsSentTo_Exist(string path) => Assert.True(Repository.Exists(path), path);

    [Fact]
    public void Contributing_ItsLength_StaysReadable() => Assert.InRange(Repository.Read("CONTRIBUTING.md").AsSpan().TrimEnd('\n').Count('\n') + 1, 1, 60);

    [Fact]
    public void Links_OfASample_AreFoundOutsideOfCodeOnly()
    {
        const string Sample = "See [a](docs/a.md), [b](b.md#part \"title\") and `[c](c.md)`.\n```\n[d](d.md)\n```\n";

        Assert.Equal(["docs/a.md", "b.md#part"], Markdown.Links(Sample));
    }

    [Fact]
    public void CodePaths_OfASample_AreFoundWithoutPatternsAndCommands()
    {
        const string Sample = "`src/A/B.cs`, `tests/*.Tests`, `scripts/cluster.sh up`, `docs/x.md` and src/plain.cs";

        Assert.Equal(["src/A/B.cs", "docs/x.md"], Markdown.CodePaths(Sample));
    }

    [Fact]
    public void Anchors_OfASample_AreFormedAsCodeHostsDo()
        => Assert.Contains("the-two-paths-a-put", Markdown.Anchors("# Title\n\n## The two paths: a `PUT`\n"));

    [Fact]
    public void BrokenLinks_OfASample_AreNamed()
    {
        string[] broken = [.. BrokenLinks("docs/x.md", "[a](../global.json) [b](nothing.md) [c](https://example.org/x) [d](#there) [e](#gone)\n# There\n")];

        Assert.Equal(["docs/x.md: nothing.md", "docs/x.md: #gone"], broken);
    }

    private static IEnumerable<string> BrokenLinks(string path, string text)
    {
        foreach (string link in Markdown.Links(text))
        {
            if (Uri.TryCreate(link, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" or "mailto")
            {
                continue;
            }

            string[] parts = link.Split('#', 2);
            string target = parts[0].Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, Uri.UnescapeDataString(parts[0]));
            bool isWhole = parts.Length == 1;
            if (parts[0].Length > 0 && !Repository.Exists(target))
            {
                yield return $"{path}: {link}";
            }
            else if (!isWhole && !Markdown.Anchors(parts[0].Length == 0 ? text : Repository.Read(target)).Contains(parts[1]))
            {
                yield return $"{path}: {link}";
            }
        }
    }
}
