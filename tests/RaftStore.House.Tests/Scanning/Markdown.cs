using System.Text;
using System.Text.RegularExpressions;

namespace RaftStore.House.Tests.Scanning;

/// <summary>What a Markdown file points at.</summary>
internal static partial class Markdown
{
    /// <summary>The targets of its links, those inside code left out.</summary>
    public static IEnumerable<string> Links(string text)
        => Link().Matches(InlineCode().Replace(WithoutFences(text), string.Empty)).Select(match => match.Groups[1].Value);

    /// <summary>Paths of this repository that stand between backticks: what begins with one of its directories and is neither a pattern
    /// nor a command.</summary>
    public static IEnumerable<string> CodePaths(string text)
        => InlineCode().Matches(WithoutFences(text)).Select(match => match.Value.Trim('`')).Where(word => RepositoryPath().IsMatch(word));

    /// <summary>The names of documents that a text of any kind mentions, without their directories.</summary>
    public static IEnumerable<string> DocumentNames(string text) => DocumentName().Matches(text).Select(match => match.Value);

    /// <summary>The names by which its headings can be linked to, as code hosts form them.</summary>
    public static IReadOnlySet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(WithoutFences(text)))
        {
            var slug = new StringBuilder();
            foreach (char letter in heading.Groups[1].Value.Trim().ToLowerInvariant())
            {
                if (char.IsLetterOrDigit(letter) || letter is '-' or '_')
                {
                    slug.Append(letter);
                }
                else if (letter == ' ')
                {
                    slug.Append('-');
                }
            }

            anchors.Add(slug.ToString());
        }

        return anchors;
    }

    private static string WithoutFences(string text) => Fence().Replace(text, string.Empty);

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"^(src|tests|docs|scripts|bench)/[\w./-]+$")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"[\w-]+\.md\b")]
    private static partial Regex DocumentName();

    [GeneratedRegex(@"^ *```.*?^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^#+ +(.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
