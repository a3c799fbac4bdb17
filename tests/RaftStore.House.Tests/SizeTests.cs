using RaftStore.House.Tests.Scanning;

namespace RaftStore.House.Tests;

/// <summary>A file that outgrows these sizes usually holds two ideas.</summary>
public sealed class SizeTests
{
    private const int FileLinesMax = 400;
    private const int MemberLinesMax = 70;

    [Fact]
    public void Files_TheirLength_IsWithinTheLimit()
    {
        Rule.AssertNone(Repository.Files(".cs", ".sh", ".proto")
            .Select(path => (Path: path, Lines: Repository.Read(path).AsSpan().TrimEnd('\n').Count('\n') + 1))
            .Where(file => file.Lines > FileLinesMax)
            .Select(file => $"{file.Path}: {file.Lines} lines, above {FileLinesMax}"));
    }

    [Fact]
    public void Members_TheirLength_IsWithinTheLimit()
    {
        Rule.AssertNone(Repository.Files(".cs").SelectMany(path => Members.Of(Repository.Read(path))
            .Where(member => member.LineCount > MemberLinesMax)
            .Select(member => $"{path}:{member.FirstLine}: {member.LineCount} lines, above {MemberLinesMax}: {member.Head}")));
    }

    [Fact]
    public void Members_OfASample_AreFoundWithTheirLines()
    {
        const string Sample = """"
            namespace Sample;

            [Serializable]
            public sealed class Thing<T> where T : class
            {
                private static readonly string[] Table =
                [
                    "{", "}",
                ];

                private readonly Dictionary<string, int> _map = new() { ["}"] = 1 };

                public int Size { get; private set; } = 3;

                public Thing(int size = 5)
                    : base(size)
                {
                    Size = size; // } not the end
                }

                public int Twice => Size switch
                {
                    1 => 2,
                    _ => Size * 2,
                };

                /* { */
                [Obsolete("}")]
                public TResult Map<TResult>(Func<int, TResult> map) where TResult : class
                {
                    char brace = '{';
                    string text = $"{{ {(Size > 1 ? "}" : "{")} }}" + @"""{" + """ " } """;
                    return map(Size) ?? Other(() => { return default!; });
                }

                private enum Kind { A, B }

                private readonly record struct Pair(int Left, int Right);

                private struct Inner
                {
                    public int Value { get; set; }

                    public static Inner operator ==(Inner left, Inner right)
                    {
                        return left;
                    }
                }
            }
            """";

        string[] found = [.. Members.Of(Sample).Select(member => $"{member.FirstLine}+{member.LineCount} {member.Head}")];

        Assert.Contains("13+1 public int Size", found);
        Assert.Contains("15+5 public Thing(int size = 5) : base(size)", found);
        Assert.Contains("21+5 public int Twice", found);
        Assert.Contains(found, member => member.StartsWith("29+6 ", StringComparison.Ordinal) && member.Contains("TResult Map<TResult>", StringComparison.Ordinal));
        Assert.Contains(found, member => member.EndsWith("operator ==(Inner left, Inner right)", StringComparison.Ordinal) && member.Contains("+4 ", StringComparison.Ordinal));
        Assert.DoesNotContain(found, member => member.Contains("Table", StringComparison.Ordinal) || member.Contains("_map", StringComparison.Ordinal));
    }

    [Fact]
    public void Members_OneAboveTheLimit_IsMeasuredAsSuch()
    {
        string body = string.Concat(Enumerable.Repeat("        Call(\"}\");\n", MemberLinesMax));
        string sample = $"class C\n{{\n    void M()\n    {{\n{body}    }}\n}}\n";

        Assert.Equal(MemberLinesMax + 3, Assert.Single(Members.Of(sample)).LineCount);
    }
}
