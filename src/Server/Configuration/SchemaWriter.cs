using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailAccess.Server.Configuration;

/// <summary>The JSON schema, the commented example and the reference page, all made from <see cref="Settings"/>.</summary>
internal static class SchemaWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>docs/mailaccess.schema.json</summary>
    public static string Schema()
    {
        JsonObject schema = Settings.Root.Schema();
        schema["properties"]!["$schema"] = new JsonObject { ["type"] = "string" };
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "mailaccess.json");
        return schema.ToJsonString(Indented) + "\n";
    }

    /// <summary>docs/mailaccess.example.json: every key with its meaning; what is optional and has no default stands as a comment.</summary>
    public static string Example()
    {
        StringBuilder text = new();
        text.Append("// ").Append(Settings.Root.Documentation).Append('\n').Append("{\n");
        WriteMembers(text, Settings.Root, 1);
        return text.Append("}\n").ToString();
    }

    /// <summary>docs/configuration.md: a table of keys.</summary>
    public static string Reference()
    {
        StringBuilder text = new();
        WriteReference(text, Settings.Root, "");
        return text.ToString();
    }

    private static void WriteMembers(StringBuilder text, SectionSetting section, int depth)
    {
        string indent = new(' ', depth * 2);
        foreach (SettingDefinition member in section.Members)
        {
            foreach (string line in Wrap(member.Documentation, 110 - indent.Length))
            {
                text.Append(indent).Append("// ").Append(line).Append('\n');
            }
            if (member is SectionSetting inner)
            {
                text.Append(indent).Append('"').Append(member.Key).Append("\": {\n");
                WriteMembers(text, inner, depth + 1);
                text.Append(indent).Append("},\n");
            }
            else if (member.ExampleText is ['#', ..] comment)
            {
                string written = $"\"{member.Key}\": {comment[1..]},".Replace("\n", $"\n{indent}// ", StringComparison.Ordinal);
                text.Append(indent).Append("// ").Append(written).Append('\n');
            }
            else if (member.ExampleText is { } example)
            {
                text.Append(indent).Append('"').Append(member.Key).Append("\": ").Append(example).Append(",\n");
            }
            else
            {
                text.Append(indent).Append("// \"").Append(member.Key).Append("\": …,\n");
            }
        }
    }

    private static void WriteReference(StringBuilder text, SectionSetting section, string prefix)
    {
        foreach (SettingDefinition member in section.Members)
        {
            string key = prefix + member.Key;
            text.Append("- `").Append(key).Append("`: ").Append(member.Documentation);
            text.Append(member is SectionSetting or SectionListSetting || member.ExampleText is null ? "\n" : $" For example: `{member.ExampleText.TrimStart('#')}`\n");
            if (member is SectionSetting inner)
            {
                WriteReference(text, inner, key + ".");
            }
            else if (member is SectionListSetting list)
            {
                WriteReference(text, list.Item, key + "[].");
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length + 1 > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            line.Append(line.Length > 0 ? " " : "").Append(word);
        }
        yield return line.ToString();
    }
}
