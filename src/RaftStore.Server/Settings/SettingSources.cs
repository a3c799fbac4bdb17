using System.Collections;

namespace RaftStore.Server.Settings;

/// <summary>The two sources beneath the flags: <c>appsettings.json</c> and the environment. Unknown names are refused in both.</summary>
internal static class SettingSources
{
    /// <summary>The section of <c>appsettings.json</c> that belongs to the framework: log levels by category.</summary>
    public const string LoggingSection = "Logging";

    /// <summary>Adds what the file says; a file that does not exist says nothing.</summary>
    /// <exception cref="SettingsException">The file is no JSON object, or names a setting that does not exist.</exception>
    public static void AddFile(string path, IDictionary<string, SettingValue> values)
    {
        string fileName = Path.GetFileName(path);
        IConfigurationRoot file;
        try
        {
            file = new ConfigurationBuilder().AddJsonFile(path, optional: true, reloadOnChange: false).Build();
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{path} cannot be read: {(exception.InnerException ?? exception).Message.ReplaceLineEndings(" ")}");
        }

        foreach (IConfigurationSection section in file.GetChildren())
        {
            if (section.Key == LoggingSection)
            {
                continue;
            }

            if (SettingDefinitions.Find(section.Key) is null)
            {
                throw new SettingsException($"'{section.Key}' in {fileName} is not a setting: raftstore --help lists those there are, without their dashes they are the keys.");
            }

            string? text = section.Value ?? JoinList(section);
            if (text is null)
            {
                throw new SettingsException($"'{section.Key}' in {fileName} must be a text, a number, true, false, or a list of texts.");
            }

            values[section.Key] = new SettingValue(text, $"{section.Key} in {fileName}");
        }
    }

    /// <summary>Adds what the environment says.</summary>
    /// <exception cref="SettingsException">A variable with our prefix names a setting that does not exist.</exception>
    public static void AddEnvironment(IDictionary environment, IDictionary<string, SettingValue> values)
    {
        foreach (DictionaryEntry entry in environment)
        {
            string variable = (string)entry.Key;
            if (!variable.StartsWith(SettingDefinitions.EnvironmentPrefix, StringComparison.Ordinal) || IsServiceLink(variable))
            {
                continue;
            }

            SettingDefinition definition = SettingDefinitions.All.FirstOrDefault(candidate => candidate.EnvironmentName == variable)
                ?? throw new SettingsException($"The environment variable {variable} is not a setting: raftstore --help lists those there are; unset it or correct its name.");
            values[definition.Name] = new SettingValue((string?)entry.Value ?? "", variable);
        }
    }

    private static string? JoinList(IConfigurationSection section)
    {
        string?[] texts = [.. section.GetChildren().Select(child => child.Value)];
        return texts.Length == 0 || texts.Contains(null) ? null : string.Join(',', texts);
    }

    /// <summary>Kubernetes gives every container variables that are named after each service: one called <c>raftstore</c> brings
    /// <c>RAFTSTORE_SERVICE_HOST</c>, <c>RAFTSTORE_PORT_7400_TCP</c> and others, which nobody set as a setting.</summary>
    private static bool IsServiceLink(string variable)
    {
        ReadOnlySpan<char> rest = variable.AsSpan(SettingDefinitions.EnvironmentPrefix.Length);
        return rest is "PORT" || rest.StartsWith("PORT_") || rest is "SERVICE_HOST" || rest.StartsWith("SERVICE_PORT");
    }
}
