namespace RaftStore.Mutants;

/// <summary>One known bug that can be woven into the product's sources.</summary>
/// <param name="Name">What switches it on.</param>
/// <param name="World">What happened where it was real, in one sentence.</param>
/// <param name="Edits">What it changes. The changed code asks at run time whether the mutant is on.</param>
/// <param name="Test">The test that must notice it; null where the simulator must.</param>
/// <param name="Seed">The first seed that noticed it when that was last recorded; 0 for none. Without meaning where a test must notice.</param>
public sealed record KnownMutant(string Name, string World, IReadOnlyList<Edit> Edits, NamedTest? Test, ulong Seed);

/// <summary>A piece of one source file and what takes its place. Whole lines.</summary>
/// <param name="Path">The file, from the repository's root, with forward slashes.</param>
/// <param name="Original">The lines as they are; they stand there exactly once.</param>
/// <param name="Replacement">The lines in their place.</param>
public sealed record Edit(string Path, string Original, string Replacement);

/// <summary>A test of the ordinary suite.</summary>
/// <param name="Project">Its project, under <c>tests</c>.</param>
/// <param name="Name">Its name, or the end of its full name.</param>
public sealed record NamedTest(string Project, string Name);
