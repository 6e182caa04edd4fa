using MailAccess.Store;
using MailAccess.Store.Metadata;

namespace MailAccess.Server.Configuration;

/// <summary>sharing</summary>
internal sealed record SharingConfiguration(
    bool Enabled, string OthersPrefix, bool HasPublic, string PublicPrefix, string PublicPath,
    IReadOnlyList<string> PublicAdministrators, IReadOnlyDictionary<string, IReadOnlyList<string>> Groups)
{
    /// <summary>Holds the public mailboxes. No line of a passwd file begins so (it would be a comment), so nobody can log in to it or write to it.</summary>
    public const string SystemAccount = "#public";

    public static SharingConfiguration From(ConfigurationView sharing, string data, string file, List<ConfigurationError> errors)
    {
        string others = Prefix(sharing, SharingSettings.OthersPrefix, file, errors);
        string shared = Prefix(sharing, SharingSettings.PublicPrefix, file, errors);
        if (others == shared)
        {
            errors.Add(sharing.Error(file, SharingSettings.PublicPrefix, $"\"{shared}\" is also othersPrefix: one name for each"));
        }
        Dictionary<string, IReadOnlyList<string>> groups = new(StringComparer.Ordinal);
        foreach (ConfigurationView group in sharing.Sections(SharingSettings.Groups))
        {
            if (!groups.TryAdd(group.Get(SharingSettings.GroupName), group.Get(SharingSettings.GroupMembers)))
            {
                errors.Add(group.Error(file, SharingSettings.GroupName, $"\"{group.Get(SharingSettings.GroupName)}\" is another group's name too"));
            }
        }
        return new SharingConfiguration(
            sharing.Get(SharingSettings.Enabled), others, sharing.Get(SharingSettings.PublicMailboxes), shared,
            sharing.Get(SharingSettings.PublicPath) is { } path ? sharing.FullPath(path) : Path.Combine(data, "public"),
            sharing.Get(SharingSettings.PublicAdministrators), groups);
    }

    /// <summary>The groups that an account is in.</summary>
    public IReadOnlyList<string> GroupsOf(string account) =>
        [.. Groups.Where(g => g.Value.Contains(account, StringComparer.Ordinal)).Select(g => g.Key)];

    /// <summary>Accounts that must exist, with the key that names them.</summary>
    public IEnumerable<(string Key, string Account)> NamedAccounts() =>
        PublicAdministrators.Select(a => ("sharing.publicAdministrators", a)).Concat(Groups.SelectMany(g => g.Value.Select(a => ("sharing.groups", a))));

    private static string Prefix(ConfigurationView sharing, Setting<string> setting, string file, List<ConfigurationError> errors)
    {
        string text = sharing.Get(setting);
        if (!MailboxName.TryParse(text, out MailboxName? name) || name.Levels.Length != 1 || name.IsInbox || name.Value != text)
        {
            errors.Add(sharing.Error(file, setting, $"\"{text}\" is not the name of one level of mailboxes (without /, not INBOX)"));
        }
        return text;
    }
}

/// <summary>metadata</summary>
internal static class MetadataConfiguration
{
    private const int LeastValueOctets = 1024;

    public static MetadataOptions From(ConfigurationView metadata, string file, List<ConfigurationError> errors)
    {
        long octets = metadata.Get(SharingSettings.ValueSizeMax);
        if (octets is < LeastValueOctets or > 1 << 20)
        {
            errors.Add(metadata.Error(file, SharingSettings.ValueSizeMax, "must be from 1KB (RFC 5464 §4.1) to 1MB"));
        }
        Dictionary<string, string> server = new(StringComparer.Ordinal);
        if (metadata.Get(SharingSettings.Admin) is { } admin)
        {
            server[AnnotationName.Admin] = admin;
        }
        if (metadata.Get(SharingSettings.Comment) is { } comment)
        {
            server[AnnotationName.Comment] = comment;
        }
        return new MetadataOptions
        {
            ServerAnnotations = server,
            Limits = new MetadataLimits { ValueOctetsMax = (int)Math.Min(octets, 1 << 20), EntriesMax = metadata.Get(SharingSettings.EntriesMax) },
        };
    }
}
