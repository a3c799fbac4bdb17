using RaftStore.Kvctl.CommandLine;

return await CommandRunner.RunAsync(args, CommandIo.OfProcess());
