using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Mutants;

/// <summary>A process that was watched to its end, or until it had been silent for too long.</summary>
/// <param name="ExitCode">As the process gave it.</param>
/// <param name="IsHanging">True where it was silent for too long and was ended.</param>
/// <param name="Seed">The last seed it said it would run; 0 for none.</param>
/// <param name="Lines">What it printed, without the seeds.</param>
internal sealed record Watched(int ExitCode, bool IsHanging, ulong Seed, IReadOnlyList<string> Lines)
{
    private const string SeedLine = "seed ";

    /// <summary>Runs <c>dotnet</c> with these words.</summary>
    /// <param name="mutant">What is switched on; null for nothing.</param>
    public static async Task<Watched> RunAsync(string directory, string? mutant, string heapBytesMax, TimeSpan silenceMax, IReadOnlyList<string> words)
    {
        ProcessStartInfo start = new("dotnet", words) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = heapBytesMax;
        start.Environment.Remove(Weaver.Variable);
        if (mutant is not null)
        {
            start.Environment[Weaver.Variable] = mutant;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        List<string> lines = [];
        ulong seed = 0;
        bool isHanging = false;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(silenceMax) is { } line)
            {
                if (line.StartsWith(SeedLine, StringComparison.Ordinal) && ulong.TryParse(line[SeedLine.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong next))
                {
                    seed = next;
                }
                else
                {
                    lines.Add(line);
                }
            }
        }
        catch (TimeoutException)
        {
            isHanging = true;
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        lines.AddRange((await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return new Watched(process.ExitCode, isHanging, seed, lines);
    }
}
