using System.Globalization;

namespace RaftStore.Simulation;

/// <summary>Runs seeds one after the other until one breaks a rule, and says before each which it is: whoever watches knows what was
/// running where the process hangs or dies.</summary>
public static class UntilFailure
{
    /// <summary>Runs the seeds in their order.</summary>
    /// <param name="seeds">Whole numbers, and ranges of them such as <c>1-200</c>.</param>
    /// <returns>0 where every rule held; 6 where one broke; 2 where the seeds make no sense.</returns>
    public static int Run(IReadOnlyList<string> seeds, TextWriter output)
    {
        List<(ulong First, ulong Last)> ranges = [];
        foreach (string seed in seeds)
        {
            string[] ends = seed.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out ulong first) || !TryParse(ends[^1], out ulong last) || last < first)
            {
                output.WriteLine($"«{seed}» is neither a seed nor a range of them such as 1-200");
                return 2;
            }

            ranges.Add((first, last));
        }

        foreach ((ulong first, ulong last) in ranges)
        {
            for (ulong i = 0; i <= last - first; i++)
            {
                output.WriteLine($"seed {first + i}");
                output.Flush();
                if (Simulator.Run(first + i).Failure is { } failure)
                {
                    output.WriteLine($"FAILED: {failure}");
                    return 6;
                }
            }
        }

        output.WriteLine("every rule held");
        return 0;
    }

    private static bool TryParse(string text, out ulong seed) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed);
}
