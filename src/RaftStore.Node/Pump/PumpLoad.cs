namespace RaftStore.Node.Pump;

/// <summary>What the pump holds in queues and tables of its own, for a simulation that looks whether each is within its bound.</summary>
/// <param name="LogBytes">What is on its way to the disk may take so many bytes of the log.</param>
/// <param name="Writes">Writes that are not finished, of callers here and elsewhere.</param>
/// <param name="Reads">Reads that are not finished: those that wait for a confirmation, for its index, or for a revision.</param>
/// <param name="ConfirmedGroups">Groups of reads that wait for their index.</param>
/// <param name="Inquiries">Questions about the cluster that wait for the leader's answer.</param>
/// <param name="ForwardSenders">Runs of members whose forwarded writes are remembered.</param>
internal readonly record struct PumpLoad(long LogBytes, int Writes, int Reads, int ConfirmedGroups, int Inquiries, int ForwardSenders);
