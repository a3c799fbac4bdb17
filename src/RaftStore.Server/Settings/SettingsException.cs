namespace RaftStore.Server.Settings;

/// <summary>A setting is refused (exit code 2). The message is one line that names it and says what to do.</summary>
public sealed class SettingsException(string message) : Exception(message);
