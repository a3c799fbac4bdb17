using RaftStore.Mutants;

// Usage: RaftStore.Mutants weave PROJECT TARGET    called by the build of the configuration «Mutants»
//        RaftStore.Mutants projects                the test projects that must notice some mutant
//        RaftStore.Mutants hunt [--anew] [--record] [--within N] [NAME …]
try
{
    string repository = Repository.Root;
    switch (args)
    {
        case ["weave", var project, var target]:
            Weaver.WeaveProject(repository, Path.GetFullPath(project), Path.GetFullPath(target), MutantList.ReadAll(repository));
            return 0;
        case ["projects"]:
            Console.WriteLine(string.Join('\n', MutantList.ReadAll(repository).Select(mutant => mutant.Test?.Project).OfType<string>().Distinct()));
            return 0;
        case ["hunt", ..]:
            return HuntOptions.TryParse(args[1..], MutantList.ReadAll(repository)) is { } options
                ? await new Hunt(repository, options, Console.Out).RunAsync()
                : Refuse("hunt [--anew] [--record] [--within N] [NAME …]: N is a whole number above 0, and every name stands in a list");
        default:
            return Refuse("usage: weave PROJECT TARGET, or projects, or hunt [--anew] [--record] [--within N] [NAME …]");
    }
}
catch (FormatException wrong)
{
    return Refuse(wrong.Message);
}

static int Refuse(string why)
{
    Console.Error.WriteLine(why);
    return 2;
}
