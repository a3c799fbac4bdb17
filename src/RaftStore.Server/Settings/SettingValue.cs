namespace RaftStore.Server.Settings;

/// <summary>A setting as it was given.</summary>
/// <param name="Text">Its value.</param>
/// <param name="Source">Where it came from, as messages name it: the flag, the variable, or the file's key.</param>
internal readonly record struct SettingValue(string Text, string Source);
