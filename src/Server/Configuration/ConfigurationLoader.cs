using System.Collections;
using System.Text;
using System.Text.Json;

namespace MailAccess.Server.Configuration;

/// <summary>Reads a configuration file and what the environment says over it.</summary>
/// <remarks><c>MAILACCESS_QUEUE__LIFETIME=2d</c> is <c>queue.lifetime</c>: levels are separated by two underscores, case does not matter,
/// a list is written with commas or as JSON.</remarks>
internal static class ConfigurationLoader
{
    private const string Prefix = "MAILACCESS_";

    /// <summary>The configuration, or every error found.</summary>
    public static ServerConfiguration? Load(string file, IDictionary environment, List<ConfigurationError> errors)
    {
        string full = Path.GetFullPath(file);
        byte[] json;
        try
        {
            json = File.ReadAllBytes(full);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            errors.Add(new(file, 0, "", problem is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : problem.Message));
            return null;
        }
        return Read(file, Path.GetDirectoryName(full)!, json, environment, errors);
    }

    /// <summary>The same from octets; <paramref name="folder"/> is where relative paths count from.</summary>
    public static ServerConfiguration? Read(string file, string folder, byte[] json, IDictionary environment, List<ConfigurationError> errors)
    {
        ConfigurationNode? root = ConfigurationNode.Parse(file, json, errors);
        if (root is null || errors.Count > 0)
        {
            return null;
        }
        Settings.Root.Validate(root, "", new ValidationContext(file, errors));
        if (root.Kind == JsonTokenType.StartObject)
        {
            ApplyEnvironment(root, environment, errors);
        }
        if (errors.Count > 0)
        {
            return null;
        }
        ServerConfiguration configuration = ServerConfiguration.From(new ConfigurationView(root, "", folder), file, errors);
        return errors.Count == 0 ? configuration : null;
    }

    private static void ApplyEnvironment(ConfigurationNode root, IDictionary environment, List<ConfigurationError> errors)
    {
        foreach (DictionaryEntry entry in environment)
        {
            string name = (string)entry.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || entry.Value is not string value)
            {
                continue;
            }
            Apply(root, name, name[Prefix.Length..].Split("__"), value, errors);
        }
    }

    private static void Apply(ConfigurationNode root, string variable, string[] levels, string value, List<ConfigurationError> errors)
    {
        ConfigurationNode node = root;
        SectionSetting section = Settings.Root;
        for (int i = 0; i < levels.Length; i++)
        {
            SettingDefinition? member = section.Members.FirstOrDefault(m => m.Key.Equals(levels[i], StringComparison.OrdinalIgnoreCase));
            if (member is SectionSetting deeper && i + 1 < levels.Length)
            {
                if (!node.Members.TryGetValue(deeper.Key, out ConfigurationNode? below))
                {
                    below = ConfigurationNode.Empty(JsonTokenType.StartObject);
                    node.Members[deeper.Key] = below;
                }
                (node, section) = (below, deeper);
                continue;
            }
            if (member is null or SectionSetting || i + 1 < levels.Length)
            {
                errors.Add(new(variable, 0, "", SettingText.UnknownKey(levels[i], section.Members.Select(m => m.Key))));
                return;
            }
            ConfigurationNode? read = ReadValue(variable, member, value, errors);
            if (read is not null)
            {
                member.Validate(read, member.Key, new ValidationContext(variable, errors));
                node.Members[member.Key] = read;
            }
        }
    }

    private static ConfigurationNode? ReadValue(string variable, SettingDefinition member, string value, List<ConfigurationError> errors)
    {
        bool isList = member.Schema()["type"]?.ToString() == "array";
        if (!isList)
        {
            return ConfigurationNode.Scalar(value);
        }
        if (value.StartsWith('['))
        {
            return ConfigurationNode.Parse(variable, Encoding.UTF8.GetBytes(value), errors);
        }
        ConfigurationNode list = ConfigurationNode.Empty(JsonTokenType.StartArray);
        list.Items.AddRange(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(v => ConfigurationNode.Scalar(v)));
        return list;
    }
}
