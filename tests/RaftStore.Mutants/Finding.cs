namespace RaftStore.Mutants;

/// <summary>How the hunt for one mutant ended.</summary>
/// <param name="Mutant">Which.</param>
/// <param name="IsKilled">True where something noticed it.</param>
/// <param name="Seed">The seed that did; 0 where a test did, or nothing.</param>
/// <param name="What">What was noticed, in one line.</param>
public sealed record Finding(KnownMutant Mutant, bool IsKilled, ulong Seed, string What);
