namespace MailAccess.Store.Metadata;

/// <summary>What an administrator chooses for annotations.</summary>
public sealed record MetadataOptions
{
    /// <summary>Shared annotations of the server, by entry in lower case; users read them and cannot change them. RFC 5464 §3.3.</summary>
    public IReadOnlyDictionary<string, string> ServerAnnotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Bounds.</summary>
    public MetadataLimits Limits { get; init; } = new();
}
