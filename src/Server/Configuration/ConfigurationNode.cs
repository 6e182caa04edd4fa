using System.Text;
using System.Text.Json;

namespace MailAccess.Server.Configuration;

/// <summary>One value of the configuration file with the line it stands on, for errors that say where.</summary>
internal sealed class ConfigurationNode
{
    private ConfigurationNode(int line, JsonTokenType kind, string text)
    {
        Line = line;
        Kind = kind;
        Text = text;
    }

    /// <summary>1-based; 0 for a value from the environment.</summary>
    public int Line { get; }

    /// <summary>StartObject, StartArray, String, Number, True, False or Null.</summary>
    public JsonTokenType Kind { get; }

    /// <summary>A scalar's text: a string's content, or the literal.</summary>
    public string Text { get; }

    /// <summary>An object's members in file order.</summary>
    public Dictionary<string, ConfigurationNode> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>An array's items.</summary>
    public List<ConfigurationNode> Items { get; } = [];

    /// <summary>Where an object's member names stand.</summary>
    public Dictionary<string, int> MemberLines { get; } = new(StringComparer.Ordinal);

    public static ConfigurationNode Scalar(string text, int line = 0) => new(line, JsonTokenType.String, text);

    public static ConfigurationNode Empty(JsonTokenType kind, int line = 0) => new(line, kind, "");

    /// <summary>Reads JSON with comments and trailing commas. Null, with an error added, where it is none.</summary>
    public static ConfigurationNode? Parse(string file, byte[] json, List<ConfigurationError> errors)
    {
        ReadOnlySpan<byte> octets = json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json.AsSpan(3) : json;
        if (octets.Trim(" \t\r\n"u8).IsEmpty)
        {
            errors.Add(new(file, 1, "", "the file is empty: at least { } is needed"));
            return null;
        }
        var reader = new Utf8JsonReader(octets, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            reader.Read();
            ConfigurationNode root = ReadValue(file, ref reader, octets, errors);
            reader.Read();
            return root;
        }
        catch (JsonException broken)
        {
            errors.Add(new(file, (int)(broken.LineNumber ?? 0) + 1, "", $"not valid JSON: {Plain(broken.Message)}"));
            return null;
        }
    }

    private static string Plain(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is int cut and > 0 ? message[..cut] : message;

    private static ConfigurationNode ReadValue(string file, ref Utf8JsonReader reader, ReadOnlySpan<byte> octets, List<ConfigurationError> errors)
    {
        int line = octets[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
        string text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => "",
        };
        var node = new ConfigurationNode(line, reader.TokenType, text);
        if (node.Kind == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                int keyLine = octets[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
                reader.Read();
                if (!node.Members.TryAdd(key, ReadValue(file, ref reader, octets, errors)))
                {
                    errors.Add(new(file, keyLine, key, $"stands here a second time; the first is on line {node.MemberLines[key]}"));
                }
                node.MemberLines.TryAdd(key, keyLine);
            }
        }
        else if (node.Kind == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                node.Items.Add(ReadValue(file, ref reader, octets, errors));
            }
        }
        return node;
    }
}

/// <summary>What is wrong in the configuration, and where.</summary>
/// <param name="File">The file, or the environment variable's name.</param>
/// <param name="Line">1-based; 0 where there is none.</param>
/// <param name="Key">The whole key, <c>queue.lifetime</c>; empty where the file as such is meant.</param>
/// <param name="Problem">What is wrong, and what is allowed.</param>
internal sealed record ConfigurationError(string File, int Line, string Key, string Problem)
{
    public override string ToString()
    {
        string where = Line > 0 ? $"{File}:{Line}" : File;
        return Key.Length > 0 ? $"{where}: {Key}: {Problem}" : $"{where}: {Problem}";
    }
}
