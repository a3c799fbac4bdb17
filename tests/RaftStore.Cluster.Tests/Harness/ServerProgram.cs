using System.Reflection;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>Where the server stands that was built together with these tests.</summary>
internal static class ServerProgram
{
    /// <summary>The checkout.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The host that runs it.</summary>
    public static string DotnetPath { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary><c>raftstore.dll</c>.</summary>
    public static string DllPath { get; } = Find("RaftStore.Server", "raftstore.dll");

    /// <summary><c>kvctl.dll</c>.</summary>
    public static string KvctlPath { get; } = Find("kvctl", "kvctl.dll");

    private static string FindRoot()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "RaftStore.sln")))
        {
            root = root.Parent;
        }

        return root?.FullName ?? throw new DirectoryNotFoundException($"No directory above {AppContext.BaseDirectory} holds RaftStore.sln.");
    }

    private static string Find(string project, string assembly)
    {
        string path = Path.Combine(RepositoryRoot, "src", project, "bin", Metadata("Configuration"), Metadata("TargetFramework"), assembly);
        return File.Exists(path) ? path : throw new FileNotFoundException("A program was not built beside these tests.", path);
    }

    private static string Metadata(string key)
        => typeof(ServerProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
