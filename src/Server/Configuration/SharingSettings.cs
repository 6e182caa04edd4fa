namespace MailAccess.Server.Configuration;

/// <summary>The keys of shared mailboxes and of annotations.</summary>
internal static class SharingSettings
{
    public static readonly Setting<bool> Enabled = new("enabled", ScalarTypes.Switch, false, "false",
        "Whether owners of mailboxes may let other accounts use them (IMAP ACL, RFC 4314). Off: everybody sees his own mail only, and files dovecot-acl mean nothing.");

    public static readonly Setting<string> OthersPrefix = new("othersPrefix", ScalarTypes.Text, "Other Users", "\"Other Users\"",
        "The first level of the names of other users' mailboxes: \"Other Users/alice/Work\". An account's own mailboxes of this name cannot be seen while sharing is on.");

    public static readonly Setting<bool> PublicMailboxes = new("publicMailboxes", ScalarTypes.Switch, false, "false",
        "Whether there are also mailboxes that belong to nobody.");

    public static readonly Setting<string> PublicPrefix = new("publicPrefix", ScalarTypes.Text, "Public", "\"Public\"",
        "The first level of the names of public mailboxes: \"Public/News\".");

    public static readonly Setting<string?> PublicPath = new("publicPath", Settings.Optional(ScalarTypes.Text), null, null,
        "Where the public mailboxes are, in the format of all mail (an INBOX is there and not shown). Default: the folder public in the data folder.");

    public static readonly ListSetting<string> PublicAdministrators = new("publicAdministrators", ScalarTypes.Text, [], "#[\"alice@example.org\"]",
        "Accounts that may do everything with public mailboxes: create them, and say who else may use them.");

    public static readonly Setting<string> GroupName = new("name", ScalarTypes.Text, "", null, "Its name, without $.");

    public static readonly ListSetting<string> GroupMembers = new("members", ScalarTypes.Text, [], null, "Accounts that belong to it.");

    public static readonly SectionListSetting Groups = new("groups", "Groups that rights can be given to, as \"$name\".",
        new SectionSetting("", "A group.", [GroupName, GroupMembers]) { Required = [GroupName, GroupMembers] },
        "#[{ \"name\": \"sales\", \"members\": [\"alice@example.org\"] }]");

    public static readonly SectionSetting Sharing = new("sharing", "Mailboxes that several accounts use.",
        [Enabled, OthersPrefix, PublicMailboxes, PublicPrefix, PublicPath, PublicAdministrators, Groups]);

    public static readonly Setting<string?> Admin = new("admin", Settings.Optional(ScalarTypes.Text), null, "#\"mailto:postmaster@example.org\"",
        "Whom users may ask about this server: a URI, told as the annotation /shared/admin (RFC 5464 §6.2.2).");

    public static readonly Setting<string?> Comment = new("comment", Settings.Optional(ScalarTypes.Text), null, null,
        "A word about this server, told as the annotation /shared/comment.");

    public static readonly Setting<long> ValueSizeMax = new("valueSizeMax", ScalarTypes.Size, 16 << 10, "\"16KB\"",
        "Largest value of an annotation, in octets; at least 1KB (RFC 5464 §4.1).");

    public static readonly Setting<int> EntriesMax = new("entriesMax", ScalarTypes.Integer(10, 10_000), 64, "64",
        "Annotations of a mailbox that all its users share, and as many private ones of each.");

    public static readonly SectionSetting Metadata = new("metadata",
        "Annotations of mailboxes and of the server (IMAP METADATA). To switch them off: \"METADATA\" in imap.disabledCapabilities.",
        [Admin, Comment, ValueSizeMax, EntriesMax]);
}
