using System.Text.RegularExpressions;

namespace RaftStore.House.Tests.Scanning;

/// <summary>A member of a type: where it begins behind its attributes, which may be a long table of a test's data, and how many lines it takes.</summary>
internal sealed record MemberSpan(string Head, int FirstLine, int LineCount);

/// <summary>Finds the members of every type in a file by its braces, without a parser: good enough to measure them.</summary>
internal static partial class Members
{
    /// <summary>Methods, properties and the like; fields are left out, since a table of data may be as long as it is.</summary>
    public static IReadOnlyList<MemberSpan> Of(string source)
    {
        string code = CSharpText.CodeOf(source);
        var members = new List<MemberSpan>();
        // A brace that is open outside of a member belongs to a type or a namespace, so depths are all there is to keep.
        int start = -1;
        int depthInMember = 0;
        int parentheses = 0;
        for (int at = 0; at < code.Length; at++)
        {
            char here = code[at];
            if (start < 0)
            {
                if (char.IsWhiteSpace(here) || here is '}')
                {
                    continue;
                }

                if (here == '[')
                {
                    at = EndOfAttribute(code, at);
                    continue;
                }

                start = at;
            }

            parentheses += here is '(' or '[' ? 1 : here is ')' or ']' ? -1 : 0;
            if (here == '{')
            {
                if (depthInMember == 0 && parentheses == 0 && OpensType(code[start..at]))
                {
                    start = -1;
                    continue;
                }

                depthInMember++;
            }
            else if (here == '}')
            {
                depthInMember--;
            }

            if (depthInMember == 0 && parentheses == 0 && EndsMember(code, start, at))
            {
                Add(code, start, at, members);
                start = -1;
            }
        }

        return members;
    }

    private static int EndOfAttribute(string code, int at)
    {
        int depth = 0;
        do
        {
            depth += code[at] is '[' ? 1 : code[at] is ']' ? -1 : 0;
            at++;
        }
        while (depth > 0 && at < code.Length);
        return at - 1;
    }

    private static void Add(string code, int start, int end, List<MemberSpan> members)
    {
        string member = code[start..(end + 1)];
        string head = HeadOf(member);
        if (!IsField(head))
        {
            int firstLine = code.AsSpan(0, start).Count('\n') + 1;
            members.Add(new MemberSpan(Whitespace().Replace(head, " ").Trim(), firstLine, member.AsSpan().Count('\n') + 1));
        }
    }

    private static bool EndsMember(string code, int start, int at) => code[at] switch
    {
        ';' => true,
        // «{ get; } = value;», «=> x switch { … };» and initialisers go on after the brace.
        '}' => !GoesOn().IsMatch(code, at + 1) && HasBody(code[start..at]),
        _ => false,
    };

    /// <summary>True where the member's first brace opens its body, and not a switch or an initialiser within an expression.</summary>
    private static bool HasBody(string member)
    {
        int arrow = member.IndexOf("=>", StringComparison.Ordinal);
        int brace = member.IndexOf('{', StringComparison.Ordinal);
        return (arrow < 0 || (brace >= 0 && brace < arrow)) && !IsField(HeadOf(member));
    }

    private static bool OpensType(string head) => TypeWord().IsMatch(Constraint().Replace(head, string.Empty));

    private static string HeadOf(string member)
    {
        int end = member.Length;
        foreach (string stop in new[] { "{", "=>", ";" })
        {
            int index = member.IndexOf(stop, StringComparison.Ordinal);
            end = index >= 0 && index < end ? index : end;
        }

        return member[..end];
    }

    private static bool IsField(string head)
    {
        int depth = 0;
        for (int at = 0; at < head.Length; at++)
        {
            depth += head[at] is '(' or '[' ? 1 : head[at] is ')' or ']' ? -1 : 0;
            bool isAssignment = head[at] == '=' && (at + 1 == head.Length || head[at + 1] != '=') && (at == 0 || head[at - 1] is not ('=' or '!' or '<' or '>'));
            if (depth == 0 && isAssignment)
            {
                return !head.Contains(" operator ", StringComparison.Ordinal);
            }
        }

        return false;
    }

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|namespace)\b")]
    private static partial Regex TypeWord();

    [GeneratedRegex(@"\bwhere\s+\w+\s*:[^{]*")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"\G\s*[=;,.)?]")]
    private static partial Regex GoesOn();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
