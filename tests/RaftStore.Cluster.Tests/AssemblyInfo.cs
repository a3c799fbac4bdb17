using System.Runtime.Versioning;

// Each test has a cluster of its own on a machine that may have two cores: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// So is the server whose processes they start.
[assembly: SupportedOSPlatform("linux")]
