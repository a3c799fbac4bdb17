using System.Globalization;
using RaftStore.Simulation;

// Usage: RaftStore.Simulation --seed S   tells the story of one run
//        RaftStore.Simulation --seeds N [--first F]   runs many and says which failed
//        RaftStore.Simulation --speed   measures how fast three nodes are simulated
if (args is ["--seed", var one] && ulong.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
{
    SimulationResult result = Simulator.Run(seed, listener: Console.WriteLine);
    Console.WriteLine(result.Failure is null ? $"every rule held for {result.VirtualMs} ms" : $"FAILED: {result.Failure}");
    Console.WriteLine($"trace hash: {result.TraceHash}");
    return result.Failure is null ? 0 : 6;
}

if (args is ["--speed"])
{
    return Speed.Run(first: 1, Speed.DefaultSeeds, Console.Out);
}

ulong first = 1;
bool isMany = args is ["--seeds", _] or ["--seeds", _, "--first", _]
    && (args.Length == 2 || ulong.TryParse(args[3], NumberStyles.None, CultureInfo.InvariantCulture, out first));
if (!isMany || !ulong.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count == 0)
{
    Console.Error.WriteLine("usage: --seed S, or --seeds N [--first F], or --speed; S, N and F are whole numbers, N at least 1");
    return 2;
}

return Batch.Run(first, count, Console.Out, Console.Error);
