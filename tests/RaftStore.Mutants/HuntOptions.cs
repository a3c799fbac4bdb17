using System.Globalization;

namespace RaftStore.Mutants;

/// <summary>What a hunt is to do.</summary>
/// <param name="Mutants">Whom to look for.</param>
/// <param name="Within">Seeds tried for each, at most.</param>
/// <param name="Anew">True where every mutant is looked for from seed 1 on; else the recorded seed comes first.</param>
/// <param name="Record">True where the first seed that noticed is written into the lists.</param>
public sealed record HuntOptions(IReadOnlyList<KnownMutant> Mutants, ulong Within, bool Anew, bool Record)
{
    /// <summary>Seeds within which the simulator must notice every mutant.</summary>
    public const ulong DefaultWithin = 200;

    /// <summary>Reads a command line; null where it makes no sense.</summary>
    public static HuntOptions? TryParse(IReadOnlyList<string> words, IReadOnlyList<KnownMutant> all)
    {
        HuntOptions options = new(all, DefaultWithin, Anew: false, Record: false);
        List<KnownMutant> named = [];
        for (int i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "--anew":
                    options = options with { Anew = true };
                    break;
                case "--record":
                    options = options with { Anew = true, Record = true };
                    break;
                case "--within" when i + 1 < words.Count && ulong.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong within) && within > 0:
                    options = options with { Within = within };
                    i++;
                    break;
                default:
                    if (all.FirstOrDefault(mutant => mutant.Name == words[i]) is not { } mutant)
                    {
                        return null;
                    }

                    named.Add(mutant);
                    break;
            }
        }

        return named.Count == 0 ? options : options with { Mutants = named };
    }
}
