using System.Globalization;
using RaftStore.Simulation;

// Usage: RaftStore.Simulation --seed S   tells the story of one run
//        RaftStore.Simulation --seeds N [--first F]   runs many and says which failed
//        RaftStore.Simulation --until-failure S|S-S …   runs these one after the other, and ends at the first that fails
//        RaftStore.Simulation --speed   measures how fast three nodes are simulated
ulong first = 1;
switch (args)
{
    case ["--seed", var one] when TryParse(one, out ulong seed):
        return Story.Tell(seed, Console.Out);
    case ["--seeds", var many] when TryParse(many, out ulong count) && count > 0:
    case ["--seeds", var manyFrom, "--first", var from] when TryParse(manyFrom, out count) && count > 0 && TryParse(from, out first):
        return Batch.Run(first, count, Console.Out, Console.Error, "scripts/simulate.sh --seed");
    case ["--until-failure", _, ..]:
        return UntilFailure.Run(args[1..], Console.Out);
    case ["--speed"]:
        return Speed.Run(first, Speed.DefaultSeeds, Console.Out);
    default:
        Console.Error.WriteLine("usage: --seed S, or --seeds N [--first F], or --until-failure S|S-S …, or --speed; S, N and F are whole numbers, N at least 1");
        return 2;
}

static bool TryParse(string text, out ulong number) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < long.MaxValue / 2;
