using System.Text.Json;

namespace MailAccess.Server.Configuration;

/// <summary>A validated object of the configuration, read by the definitions in <see cref="Settings"/>.</summary>
internal sealed class ConfigurationView(ConfigurationNode node, string path, string folder)
{
    /// <summary>The folder of the file; relative paths count from here.</summary>
    public string Folder => folder;

    public bool Has(SettingDefinition setting) => node.Members.ContainsKey(setting.Key);

    public T Get<T>(Setting<T> setting) =>
        node.Members.TryGetValue(setting.Key, out ConfigurationNode? value) && setting.TryRead(value, out T read) ? read : setting.Default;

    public IReadOnlyList<T> Get<T>(ListSetting<T> setting) =>
        node.Members.TryGetValue(setting.Key, out ConfigurationNode? value) ? setting.Read(value) : setting.Default;

    public ConfigurationView Section(SectionSetting section) =>
        new(node.Members.GetValueOrDefault(section.Key) ?? ConfigurationNode.Empty(JsonTokenType.StartObject, node.Line), Below(section.Key), folder);

    public IReadOnlyList<ConfigurationView> Sections(SectionListSetting list) =>
        node.Members.TryGetValue(list.Key, out ConfigurationNode? value)
            ? [.. value.Items.Select((item, i) => new ConfigurationView(item, $"{Below(list.Key)}[{i}]", folder))]
            : [];

    /// <summary>A path of the file, made absolute.</summary>
    public string FullPath(string value) => Path.GetFullPath(value, folder);

    /// <summary>An error at this key, for what only shows when several keys are looked at together.</summary>
    public ConfigurationError Error(string file, SettingDefinition setting, string problem) =>
        new(file, node.MemberLines.GetValueOrDefault(setting.Key, node.Line), Below(setting.Key), problem);

    private string Below(string key) => path.Length == 0 ? key : $"{path}.{key}";
}
