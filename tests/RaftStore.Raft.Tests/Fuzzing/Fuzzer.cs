using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace RaftStore.Raft.Tests.Fuzzing;

/// <summary>Feeds a decoder with changed samples, seeded: what led somewhere new is kept and changed further. A decoder may refuse an input
/// as it says that it does, and nothing else; and it may not take memory out of proportion to the input.</summary>
/// <remarks>
/// «Somewhere new» is told by what the decoder says, without the numbers in it: each message of refusal is a place of its own in the code.
/// FUZZ_INPUTS says how many inputs each decoder gets; an ordinary run gives each <see cref="OrdinaryInputs"/>, always the same.
/// It begins with the samples and with the stored corpus, which is what earlier and longer runs have found.
/// </remarks>
internal sealed class Fuzzer
{
    /// <summary>Inputs in an ordinary run.</summary>
    public const int OrdinaryInputs = 20_000;

    private const int CorpusMax = 2_000;
    private const int LengthMax = 64 << 10;
    private static readonly byte[][] Extremes = [[0], [0xFF], [0x7F], [0x80], [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0, 0, 0, 0, 0x80]];

    private readonly Random _random;
    private readonly IReadOnlyList<byte[]> _samples;
    private readonly List<byte[]> _corpus = [];
    private readonly SortedDictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string> _placesOfSamples = new(StringComparer.Ordinal);
    private readonly Func<byte[], string> _decode;
    private readonly StoredCorpus _stored;

    private Fuzzer(int seed, IEnumerable<byte[]> samples, Func<byte[], string> decode, StoredCorpus stored)
    {
        _random = new Random(seed);
        _samples = [.. samples];
        _decode = decode;
        _stored = stored;
    }

    /// <summary>Makes checksums and lengths right again after a change, so that what lies behind them is reached; half of the inputs go through it.</summary>
    public Func<byte[], byte[]>? Reseal { get; init; }

    /// <summary>Bytes that the decoder may allocate for an input, beyond <see cref="AllocatedBytesPerByte"/> for each of its own.</summary>
    public long AllocatedBytesMax { get; init; } = 64 << 10;

    /// <inheritdoc cref="AllocatedBytesMax"/>
    public long AllocatedBytesPerByte { get; init; } = 64;

    /// <summary>How many inputs an ordinary run gives.</summary>
    public int Inputs { get; init; } = OrdinaryInputs;

    /// <summary>Makes a fuzzer.</summary>
    /// <param name="seed">Draws everything.</param>
    /// <param name="samples">Inputs to begin with, at least one that is right.</param>
    /// <param name="decode">Decodes an input and says what came of it. Whatever it throws is a defect.</param>
    /// <param name="reseal">See <see cref="Reseal"/>.</param>
    /// <param name="inputs">See <see cref="Inputs"/>.</param>
    /// <param name="allocatedBytesMax">See <see cref="AllocatedBytesMax"/>.</param>
    /// <param name="test">The test's name: what stands before its first underscore, with the seed, names the stored corpus.</param>
    public static Fuzzer Of(
        int seed,
        IEnumerable<byte[]> samples,
        Func<byte[], string> decode,
        Func<byte[], byte[]>? reseal = null,
        int inputs = OrdinaryInputs,
        long allocatedBytesMax = 64 << 10,
        [CallerMemberName] string test = "")
        => new(seed, samples, decode, StoredCorpus.Load($"{test.Split('_')[0]}-{seed}")) { Reseal = reseal, Inputs = inputs, AllocatedBytesMax = allocatedBytesMax };

    /// <summary>Runs, and fails at the first input that the decoder does not bear.</summary>
    /// <returns>How often the decoder came to each place.</returns>
    public IReadOnlyDictionary<string, int> Run()
    {
        // The first pass warms up: what a decoder allocates once is not an input's doing.
        foreach (byte[] sample in _samples)
        {
            Try(sample, measures: false);
            Try(sample, measures: true);
        }

        _placesOfSamples.UnionWith(_places.Keys);
        foreach (byte[] stored in _stored.Inputs)
        {
            TryAndKeep(stored);
        }

        _corpus.AddRange(_samples);
        _corpus.AddRange(_stored.Inputs);
        int count = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_INPUTS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : Inputs;
        for (int number = 0; number < count; number++)
        {
            byte[] input = Change(_corpus[_random.Next(_corpus.Count)]);
            if (Reseal is not null && _random.Next(2) == 0)
            {
                input = Reseal(input);
            }

            if (TryAndKeep(input) && _corpus.Count < CorpusMax)
            {
                _corpus.Add(input);
            }
        }

        _stored.Save();
        return _places;
    }

    /// <returns>True where it came to a place for the first time.</returns>
    private bool TryAndKeep(byte[] input)
    {
        (string place, bool isNew) = Try(input, measures: true);
        if (!_placesOfSamples.Contains(place))
        {
            _stored.Keep(place, input);
        }

        return isNew;
    }

    /// <returns>Where it led, and true where that is so for the first time.</returns>
    private (string Place, bool IsNew) Try(byte[] input, bool measures)
    {
        string said;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            said = _decode(input);
        }
        catch (Exception defect)
        {
            throw new Xunit.Sdk.XunitException($"{defect.GetType().Name}: {defect.Message}\non the {input.Length} bytes {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 4096)))}\n{defect.StackTrace}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        long limit = AllocatedBytesMax + (AllocatedBytesPerByte * input.Length);
        if (measures && allocated > limit)
        {
            // A table that a runtime makes once may have been made just now; an input that is too dear is so again.
            before = GC.GetAllocatedBytesForCurrentThread();
            _decode(input);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= limit, $"{allocated} bytes allocated, above {limit}, for the {input.Length} bytes {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 4096)))}");
        }

        string place = WithoutNumbers(said);
        bool isNew = _places.TryAdd(place, 0);
        _places[place]++;
        return (place, isNew);
    }

    /// <summary>What was said, without numbers and without what stands between the first and the last quotation mark: those are the
    /// input's own, and what is quoted may have quotation marks in it. Several answers, divided by bars, are looked at one by one.</summary>
    private static string WithoutNumbers(string said)
    {
        StringBuilder place = new(said.Length);
        foreach (string answer in said.Split(" | "))
        {
            int first = answer.IndexOfAny(['\'', '«']);
            int last = answer.LastIndexOfAny(['\'', '»']);
            for (int i = 0; i < answer.Length; i++)
            {
                bool isQuoted = first >= 0 && i >= first && i <= last;
                if (!isQuoted && answer[i] is not '-' && !char.IsAsciiHexDigitLower(answer[i]) && !char.IsAsciiDigit(answer[i]))
                {
                    place.Append(answer[i]);
                }
            }

            place.Append('|');
        }

        return place.ToString();
    }

    private byte[] Change(byte[] original)
    {
        byte[] input = [.. original];
        for (int changes = 1 + _random.Next(4); changes > 0; changes--)
        {
            input = ChangeOnce(input);
        }

        return input;
    }

    /// <summary>May change <paramref name="input"/> itself.</summary>
    private byte[] ChangeOnce(byte[] input)
    {
        int place = _random.Next(input.Length + 1);
        switch (_random.Next(9))
        {
            case 0 or 1 when place < input.Length:
                input[place] ^= (byte)(1 << _random.Next(8));
                return input;
            case 2 when place < input.Length:
                input[place] = (byte)_random.Next(256);
                return input;
            case 3 or 4:
                // Lengths, indexes and terms are where it hurts.
                byte[] extreme = Extremes[_random.Next(Extremes.Length)];
                extreme.AsSpan(0, Math.Min(extreme.Length, input.Length - place)).CopyTo(input.AsSpan(place));
                return input;
            case 5:
                return input[..place];
            case 6 when input.Length < LengthMax:
                byte[] more = new byte[1 + _random.Next(16)];
                _random.NextBytes(more);
                return [.. input[..place], .. more, .. input[place..]];
            case 7:
                int end = Math.Min(input.Length, place + 1 + _random.Next(16));
                return [.. input[..place], .. input[end..]];
            case 8:
                byte[] other = _corpus[_random.Next(_corpus.Count)];
                int from = _random.Next(other.Length + 1);
                return input.Length + other.Length > LengthMax ? input : [.. input[..place], .. other[from..]];
            default:
                return input;
        }
    }
}
