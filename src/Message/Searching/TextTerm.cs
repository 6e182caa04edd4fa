using System.Text;

namespace MailAccess.Message.Searching;

/// <summary>Where a <see cref="TextTerm"/> looks.</summary>
public enum TextTermKind
{
    /// <summary>One header field, by name.</summary>
    Header,
    /// <summary>Text parts, and the headers of messages inside: SEARCH BODY.</summary>
    Body,
    /// <summary>The header and those of parts as well: SEARCH TEXT.</summary>
    Text,
}

/// <summary>A string and where to look for it. Immutable: many threads may use it.</summary>
public sealed class TextTerm
{
    private TextTerm(TextTermKind kind, string text, string fieldName)
    {
        Kind = kind;
        Needle = new TextNeedle(text);
        FieldName = Encoding.Latin1.GetBytes(fieldName);
    }

    /// <summary>Where to look.</summary>
    public TextTermKind Kind { get; }

    /// <summary>The string.</summary>
    public TextNeedle Needle { get; }

    /// <summary>For <see cref="TextTermKind.Header"/>.</summary>
    public ReadOnlyMemory<byte> FieldName { get; }

    /// <summary>The decoded value of a field of this name has the string; empty: there is such a field.</summary>
    public static TextTerm Header(string fieldName, string text) => new(TextTermKind.Header, text, fieldName);

    /// <summary>The body has the string.</summary>
    public static TextTerm Body(string text) => new(TextTermKind.Body, text, "");

    /// <summary>Header or body has the string.</summary>
    public static TextTerm Everywhere(string text) => new(TextTermKind.Text, text, "");
}
