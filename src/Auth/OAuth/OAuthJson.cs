using System.Text.Json;

namespace MailAccess.Auth.OAuth;

/// <summary>JSON that strangers have written.</summary>
internal static class OAuthJson
{
    /// <summary>A member that comes twice would be read in two ways: RFC 7515 §4, RFC 7519 §4 let it be refused.</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>An object whose texts can all be read.</summary>
    public static bool TryReadObject(ReadOnlyMemory<byte> octets, out JsonElement value)
    {
        value = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(octets, Strict);
            value = document.RootElement.Clone();
            ReadTexts(value);
            return value.ValueKind == JsonValueKind.Object;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: a text with half a surrogate pair, which shows only when it is read.
        }
    }

    /// <summary>A member's text; null where there is no such member, or it is none.</summary>
    public static string? TextOf(JsonElement holder, string member) =>
        holder.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void ReadTexts(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    ReadTexts(item);
                }
                break;
            case JsonValueKind.String:
                value.GetString();
                break;
        }
    }
}
