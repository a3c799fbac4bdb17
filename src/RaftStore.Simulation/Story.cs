using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace RaftStore.Simulation;

/// <summary>Tells one run so that a person can follow it.</summary>
public static class Story
{
    /// <summary>Runs a seed and writes what happens, with virtual time, as it happens; then the verdict; the trace hash is the last line.</summary>
    /// <returns>0, or 6 where a rule was broken.</returns>
    public static int Tell(ulong seed, TextWriter output) => Tell(seed, FaultProfile.Draw(seed), output, (profile, listener) => Simulator.Run(seed, profile, listener: listener));

    internal static int Tell(ulong seed, FaultProfile profile, TextWriter output, Func<FaultProfile, Action<string>, SimulationResult> run)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {profile.Machines} {(profile.Machines == 1 ? "machine" : "machines")}, on simulated disks, a simulated network and virtual time; they are called by their ids in the cluster"));
        output.WriteLine($"drawn: {Describe(profile)}");
        SimulationResult result = run(profile, output.WriteLine);
        WorkloadCounts counts = result.Counts;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"clients: {counts.WritesApplied} writes applied, {counts.WritesNotApplied} not applied, {counts.WritesUnknown} of unknown outcome; {counts.ReadsAnswered} reads answered, {counts.ReadsRefused} refused"));
        output.WriteLine(result.BrokenRule is null
            ? string.Create(CultureInfo.InvariantCulture, $"every rule held for {result.VirtualMs / 1000.0:F1} virtual seconds")
            : $"FAILED: {result.BrokenRule}");
        output.WriteLine($"trace hash: {result.TraceHash}");
        return result.Failure is null ? 0 : 6;
    }

    /// <summary>What is on in a record of settings, in words: «crash every ms 1200, clock drift …».</summary>
    private static string Describe(object settings)
    {
        List<string> parts = [];
        foreach (PropertyInfo property in settings.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(settings);
            if (value is NetworkFaults or DiscoveryFaults)
            {
                parts.Add(value is DiscoveryFaults ? $"founded by discovery ({Describe(value)})" : Describe(value));
            }
            else if (value is not (null or false or IEnumerable) && Convert.ToInt64(value, CultureInfo.InvariantCulture) != 0)
            {
                parts.Add(value is true ? Words(property.Name) : $"{Words(property.Name)} {string.Create(CultureInfo.InvariantCulture, $"{value}")}");
            }
        }

        return string.Join(", ", parts);
    }

    private static string Words(string name)
    {
        StringBuilder words = new();
        foreach (char letter in name)
        {
            words.Append(char.IsUpper(letter) && words.Length > 0 ? " " : "").Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
