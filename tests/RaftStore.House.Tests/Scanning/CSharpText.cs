namespace RaftStore.House.Tests.Scanning;

/// <summary>Blanks out what is not code in a C# file, so that words and braces in comments and literals are not taken for
/// code. Every character keeps its place and every line its number.</summary>
internal sealed class CSharpText
{
    private readonly string _source;
    private readonly char[] _code;
    private int _at;

    private CSharpText(string source)
    {
        _source = source;
        _code = source.ToCharArray();
    }

    /// <summary>The source with spaces where comments, strings and characters stood.</summary>
    public static string CodeOf(string source)
    {
        var text = new CSharpText(source);
        text.SkipCode(holeDepth: 0);
        return new string(text._code);
    }

    /// <summary>Goes through code; inside a hole of an interpolated string, up to and with the brace that ends it.</summary>
    private void SkipCode(int holeDepth)
    {
        int braces = 0;
        while (_at < _source.Length)
        {
            char here = _source[_at];
            if (StartsWith("//"))
            {
                BlankTo(IndexOrEnd(_source.IndexOf('\n', _at)));
            }
            else if (StartsWith("/*"))
            {
                BlankTo(After("*/", _at + 2));
            }
            else if (here == '\'')
            {
                SkipCharacter();
            }
            else if (here is '"' or '$' or '@' && TrySkipString())
            {
                continue;
            }
            else if (holeDepth > 0 && here == '}' && braces == 0)
            {
                Blank();
                return;
            }
            else
            {
                braces += here == '{' ? 1 : here == '}' ? -1 : 0;
                if (holeDepth > 0)
                {
                    Blank();
                }
                else
                {
                    _at++;
                }
            }
        }
    }

    private void SkipCharacter()
    {
        int end = _at + 1;
        if (end < _source.Length && _source[end] == '\\')
        {
            end++;
        }

        end = _source.IndexOf('\'', Math.Min(end + 1, _source.Length));
        BlankTo(end < 0 ? _at + 1 : end + 1);
    }

    /// <summary>A string of any form that begins here; false where the character begins none.</summary>
    private bool TrySkipString()
    {
        int start = _at;
        int dollars = 0;
        bool verbatim = false;
        while (start < _source.Length && _source[start] is '$' or '@')
        {
            dollars += _source[start] == '$' ? 1 : 0;
            verbatim |= _source[start] == '@';
            start++;
        }

        int quotes = 0;
        while (start + quotes < _source.Length && _source[start + quotes] == '"')
        {
            quotes++;
        }

        if (quotes == 0)
        {
            return false;
        }

        if (quotes >= 3 && !verbatim)
        {
            BlankTo(After(new string('"', quotes), start + quotes));
            return true;
        }

        BlankTo(start + 1);
        SkipStringBody(verbatim, isInterpolated: dollars > 0);
        return true;
    }

    private void SkipStringBody(bool verbatim, bool isInterpolated)
    {
        while (_at < _source.Length)
        {
            char here = _source[_at];
            if (!verbatim && here == '\\')
            {
                BlankTo(_at + 2);
            }
            else if (here == '"' && verbatim && StartsWith("\"\""))
            {
                BlankTo(_at + 2);
            }
            else if (isInterpolated && (StartsWith("{{") || StartsWith("}}")))
            {
                BlankTo(_at + 2);
            }
            else if (isInterpolated && here == '{')
            {
                Blank();
                SkipCode(holeDepth: 1);
            }
            else
            {
                Blank();
                if (here == '"' || (here == '\n' && !verbatim))
                {
                    return;
                }
            }
        }
    }

    private bool StartsWith(string word) => string.CompareOrdinal(_source, _at, word, 0, word.Length) == 0;

    private int After(string word, int from)
    {
        int index = from <= _source.Length ? _source.IndexOf(word, from, StringComparison.Ordinal) : -1;
        return index < 0 ? _source.Length : index + word.Length;
    }

    private int IndexOrEnd(int index) => index < 0 ? _source.Length : index;

    private void BlankTo(int end)
    {
        while (_at < Math.Min(end, _source.Length))
        {
            Blank();
        }
    }

    private void Blank()
    {
        if (_code[_at] is not '\n' and not '\r')
        {
            _code[_at] = ' ';
        }

        _at++;
    }
}
