namespace MailAccess.Store.Metadata;

/// <summary>An entry of RFC 5464 with its value.</summary>
/// <param name="Entry">In lower case: entries are compared without case (§3.2).</param>
/// <param name="Value">Null: there is none.</param>
public sealed record Annotation(string Entry, ReadOnlyMemory<byte>? Value)
{
    /// <summary>Seen and set by one user only.</summary>
    public bool IsPrivate => Entry.StartsWith("/private/", StringComparison.Ordinal);
}

/// <summary>Names of entries.</summary>
public static class AnnotationName
{
    /// <summary>The special use of a mailbox, as LIST says it. RFC 6154 §4.</summary>
    public const string SpecialUse = "/private/specialuse";

    /// <summary>Whom to ask about this server; a URI. RFC 5464 §6.2.2.</summary>
    public const string Admin = "/shared/admin";

    /// <summary>A word for people. RFC 5464 §6.2.1.</summary>
    public const string Comment = "/shared/comment";

    /// <summary>
    /// RFC 5464 §3.2: below /private or /shared, no empty component, no <c>*</c>, <c>%</c>, control or non-ASCII character;
    /// below vendor/, at least four components.
    /// </summary>
    public static bool IsValid(string entry, MetadataLimits limits)
    {
        string[] parts = entry.Split('/');
        return entry.Length <= limits.EntryOctetsMax
            && parts.Length >= 3 && parts[0].Length == 0 && Array.IndexOf(parts, "", 1) < 0
            && parts[1] is "private" or "shared"
            && (parts[2] != "vendor" || parts.Length >= 5)
            && entry.All(c => c is > '\x19' and < '\x7f' and not ('*' or '%'));
    }
}

/// <summary>Every bound of annotations. RFC 5464 §4.1: at least 1024 octets and 10 entries.</summary>
public sealed record MetadataLimits
{
    /// <summary>Octets of a value.</summary>
    public int ValueOctetsMax { get; init; } = 16 * 1024;

    /// <summary>Entries of one mailbox that are shared, and as many private ones of each user.</summary>
    public int EntriesMax { get; init; } = 64;

    /// <summary>Octets of all annotations of a mailbox together, of all its users.</summary>
    public int TotalOctetsMax { get; init; } = 4 << 20;

    /// <summary>Octets of an entry's name.</summary>
    public int EntryOctetsMax { get; init; } = 255;
}
