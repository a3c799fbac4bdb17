using System.Runtime.Versioning;

// Each test has a cluster of its own, and mostly waits for it: for processes that start, for elections, for timers. Two classes at a time keep two
// cores busy and leave every node its share of them. Those of the collection «Alone» come when all others are done.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

// For Linux alone, as is the server whose processes they start.
[assembly: SupportedOSPlatform("linux")]
