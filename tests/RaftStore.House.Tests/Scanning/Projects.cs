using System.Xml.Linq;

namespace RaftStore.House.Tests.Scanning;

/// <summary>What a project file says.</summary>
internal static class Projects
{
    /// <summary>The names of the projects that a project file refers to.</summary>
    public static IReadOnlyList<string> References(string projectXml)
        => [.. XDocument.Parse(projectXml).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(((string?)reference.Attribute("Include") ?? string.Empty).Replace('\\', '/')))
            .Order(StringComparer.Ordinal)];
}
