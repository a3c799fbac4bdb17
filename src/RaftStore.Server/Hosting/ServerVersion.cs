using System.Reflection;

namespace RaftStore.Server;

/// <summary>The program's version.</summary>
internal static class ServerVersion
{
    /// <summary>As in the assembly, without what the build adds behind a plus sign.</summary>
    public static readonly string Text =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
