using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailAccess.Server.Configuration;

/// <summary>
/// One key of the configuration: the single source of its validation, its documentation, the JSON schema and the example.
/// </summary>
internal abstract class SettingDefinition(string key, string documentation)
{
    public string Key { get; } = key;

    public string Documentation { get; } = documentation;

    /// <summary>Checks a value as far as it can be judged alone; adds what is wrong.</summary>
    public abstract void Validate(ConfigurationNode node, string path, ValidationContext context);

    /// <summary>This key's JSON schema.</summary>
    public abstract JsonObject Schema();

    /// <summary>
    /// What stands in the example; null where there is nothing to show. With <c>#</c> before it, it stands there as a comment: it names a file or
    /// an account that every installation has to choose.
    /// </summary>
    public abstract string? ExampleText { get; }
}

/// <summary>Where errors go.</summary>
internal sealed record ValidationContext(string File, List<ConfigurationError> Errors)
{
    public void Add(ConfigurationNode node, string path, string problem) => Errors.Add(new(File, node.Line, path, problem));
}

/// <summary>How a scalar is read: from its text to a value, or to what is allowed.</summary>
/// <param name="Allowed">What may stand here, in words.</param>
/// <param name="TryRead">True with the value.</param>
/// <param name="Schema">The JSON schema of one value.</param>
internal sealed record ScalarType<T>(string Allowed, TryReadScalar<T> TryRead, Func<JsonObject> Schema);

/// <summary>Reads a scalar's text; <paramref name="kind"/> is its JSON kind (a value from the environment is a string).</summary>
internal delegate bool TryReadScalar<T>(string text, JsonTokenType kind, out T value);

/// <summary>A key with a scalar value.</summary>
internal sealed class Setting<T>(string key, ScalarType<T> type, T defaultValue, string? exampleText, string documentation)
    : SettingDefinition(key, documentation)
{
    public T Default { get; } = defaultValue;

    public override string? ExampleText => exampleText;

    public override void Validate(ConfigurationNode node, string path, ValidationContext context)
    {
        if (!TryRead(node, out _))
        {
            context.Add(node, path, $"{SettingText.Show(node)} is not {type.Allowed}");
        }
    }

    public override JsonObject Schema()
    {
        JsonObject schema = type.Schema();
        schema["description"] = Documentation;
        return schema;
    }

    public bool TryRead(ConfigurationNode node, out T value)
    {
        value = Default;
        return node.Kind is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null)
            && type.TryRead(node.Text, node.Kind, out value);
    }
}

/// <summary>A key with a list of scalars.</summary>
internal sealed class ListSetting<T>(string key, ScalarType<T> type, IReadOnlyList<T> defaultValue, string? exampleText, string documentation)
    : SettingDefinition(key, documentation)
{
    public IReadOnlyList<T> Default { get; } = defaultValue;

    public override string? ExampleText => exampleText;

    public override void Validate(ConfigurationNode node, string path, ValidationContext context)
    {
        if (node.Kind != JsonTokenType.StartArray)
        {
            context.Add(node, path, $"{SettingText.Show(node)} is not a list [ … ] of {type.Allowed}");
            return;
        }
        for (int i = 0; i < node.Items.Count; i++)
        {
            ConfigurationNode item = node.Items[i];
            if (item.Kind is JsonTokenType.StartObject or JsonTokenType.StartArray || !type.TryRead(item.Text, item.Kind, out _))
            {
                context.Add(item, $"{path}[{i}]", $"{SettingText.Show(item)} is not {type.Allowed}");
            }
        }
    }

    public IReadOnlyList<T> Read(ConfigurationNode node) =>
        [.. node.Items.Select(i => type.TryRead(i.Text, i.Kind, out T value) ? value : throw new InvalidOperationException("read before validation"))];

    public override JsonObject Schema() => new() { ["type"] = "array", ["description"] = Documentation, ["items"] = type.Schema() };
}

/// <summary>A key whose value is an object with known keys.</summary>
internal sealed class SectionSetting(string key, string documentation, IReadOnlyList<SettingDefinition> members) : SettingDefinition(key, documentation)
{
    public IReadOnlyList<SettingDefinition> Members { get; } = members;

    public override string? ExampleText => null;

    /// <summary>Keys that must be present.</summary>
    public IReadOnlyList<SettingDefinition> Required { get; init; } = [];

    public override void Validate(ConfigurationNode node, string path, ValidationContext context)
    {
        if (node.Kind != JsonTokenType.StartObject)
        {
            context.Add(node, path, $"{SettingText.Show(node)} is not an object {{ … }}");
            return;
        }
        foreach ((string key, ConfigurationNode value) in node.Members)
        {
            string below = path.Length == 0 ? key : $"{path}.{key}";
            SettingDefinition? member = Members.FirstOrDefault(m => m.Key == key);
            if (member is not null)
            {
                member.Validate(value, below, context);
            }
            else if (key != "$schema")
            {
                int line = node.MemberLines.GetValueOrDefault(key, value.Line);
                context.Errors.Add(new(context.File, line, below, SettingText.UnknownKey(key, Members.Select(m => m.Key))));
            }
        }
        foreach (SettingDefinition missing in Required.Where(r => !node.Members.ContainsKey(r.Key)))
        {
            context.Add(node, path, $"the key \"{missing.Key}\" is missing: {missing.Documentation}");
        }
    }

    public override JsonObject Schema()
    {
        JsonObject properties = [];
        foreach (SettingDefinition member in Members)
        {
            properties[member.Key] = member.Schema();
        }
        var schema = new JsonObject { ["type"] = "object", ["description"] = Documentation, ["additionalProperties"] = false, ["properties"] = properties };
        if (Required.Count > 0)
        {
            schema["required"] = new JsonArray([.. Required.Select(r => JsonValue.Create(r.Key))]);
        }
        return schema;
    }
}

/// <summary>A key whose value is a list of objects of one shape.</summary>
internal sealed class SectionListSetting(string key, string documentation, SectionSetting item, string? exampleText) : SettingDefinition(key, documentation)
{
    public SectionSetting Item { get; } = item;

    public override string? ExampleText => exampleText;

    public override void Validate(ConfigurationNode node, string path, ValidationContext context)
    {
        if (node.Kind != JsonTokenType.StartArray)
        {
            context.Add(node, path, $"{SettingText.Show(node)} is not a list [ {{ … }}, … ]");
            return;
        }
        for (int i = 0; i < node.Items.Count; i++)
        {
            Item.Validate(node.Items[i], $"{path}[{i}]", context);
        }
    }

    public override JsonObject Schema() => new() { ["type"] = "array", ["description"] = Documentation, ["items"] = Item.Schema() };
}

/// <summary>Words for errors.</summary>
internal static class SettingText
{
    public static string Show(ConfigurationNode node) => node.Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"\"{node.Text}\"",
        _ => node.Text,
    };

    public static string UnknownKey(string key, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string? near = names.Select(n => (Name: n, Distance: Distance(key, n))).Where(n => n.Distance <= Math.Max(2, key.Length / 4))
            .OrderBy(n => n.Distance).Select(n => n.Name).FirstOrDefault();
        string hint = near is null ? "" : $" (did you mean \"{near}\"?)";
        return $"unknown key{hint}; allowed here: {string.Join(", ", names)}";
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + cost));
            }
        }
        return row[b.Length];
    }
}
