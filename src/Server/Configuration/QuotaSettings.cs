namespace MailAccess.Server.Configuration;

/// <summary>The keys of what accounts may hold, and of what goes by itself.</summary>
internal static class QuotaSettings
{
    public static readonly Setting<long> Storage = new("storage", ScalarTypes.Size, 0, "0",
        "Octets of mail that an account may hold, as messages are counted by IMAP. 0: no limit. userdb_quota_rule= in the passwd file goes before it.");

    public static readonly Setting<int> Messages = new("messages", ScalarTypes.Integer(0, int.MaxValue), 0, "0", "Messages that an account may hold. 0: no limit.");

    public static readonly Setting<string> RuleMailbox = new("mailbox", ScalarTypes.Text, "", null,
        "Which mailboxes: a name, in which * stands for anything and % for anything within one level, or a purpose: \"\\\\Trash\", \"\\\\Junk\", \"\\\\Sent\", \"\\\\Drafts\", \"\\\\Archive\". The first rule that fits a mailbox counts.");

    public static readonly Setting<bool> RuleIgnore = new("ignore", ScalarTypes.Switch, false, null, "They do not count toward the account's limits.");

    public static readonly Setting<int> RuleExtraPercent = new("extraPercent", ScalarTypes.Integer(0, 1000), 0, null,
        "By so many percent the account's limits may be exceeded by what is put there, so that who is full can still throw away.");

    public static readonly Setting<long> RuleStorage = new("storage", ScalarTypes.Size, 0, null, "Octets that each of them may hold by itself. 0: no limit.");

    public static readonly Setting<int> RuleMessages = new("messages", ScalarTypes.Integer(0, int.MaxValue), 0, null, "Messages that each of them may hold by itself. 0: no limit.");

    public static readonly SectionListSetting Mailboxes = new("mailboxes", "Mailboxes for which something else holds.",
        new SectionSetting("", "A rule.", [RuleMailbox, RuleIgnore, RuleExtraPercent, RuleStorage, RuleMessages]) { Required = [RuleMailbox] },
        "#[{ \"mailbox\": \"\\\\Trash\", \"extraPercent\": 10 }]");

    public static readonly ListSetting<int> Warnings = new("warnings", ScalarTypes.Integer(1, 100), [], "[80, 95]",
        "Percentages of the account's limits; a line is logged each time that one is reached from below.");

    public static readonly Setting<bool> WarningMessage = new("warningMessage", ScalarTypes.Switch, false, "false",
        "Whether the account also gets a short message then.");

    public static readonly Setting<FullMailboxRule> WhenFull = new("whenFull",
        ScalarTypes.Choice(("temporary", FullMailboxRule.Temporary), ("permanent", FullMailboxRule.Permanent)), FullMailboxRule.Temporary, "\"temporary\"",
        "What senders are told: to try again (452 4.2.2), or that it is of no use (552 5.2.2).");

    public static readonly Setting<bool> LimitsOfMaildirsize = new("limitsOfMaildirsize", ScalarTypes.Switch, false, "false",
        "Where neither this file nor the passwd file limits an account, the first line of its file maildirsize (Maildir++) does.");

    public static readonly SectionSetting Quota = new("quota", "What accounts may hold.",
        [Storage, Messages, Mailboxes, Warnings, WarningMessage, WhenFull, LimitsOfMaildirsize]);

    public static readonly Setting<TimeSpan> ExpiryInterval = new("interval", ScalarTypes.Duration, TimeSpan.FromDays(1), "\"1d\"", "How often all mailboxes are looked through that a rule names.");

    public static readonly Setting<string> ExpiryMailbox = new("mailbox", ScalarTypes.Text, "", null,
        "Which mailboxes: a name with * and %, or a purpose such as \"\\\\Trash\". No message ever goes from a mailbox that no rule names.");

    public static readonly Setting<TimeSpan> ExpiryMaxAge = new("maxAge", ScalarTypes.Duration, TimeSpan.Zero, null,
        "Messages go that came into the mailbox longer ago than this (not: that were written longer ago). \"0s\": none for its age.");

    public static readonly Setting<int> ExpiryMaxMessages = new("maxMessages", ScalarTypes.Integer(0, int.MaxValue), 0, null, "Of more messages than these the oldest go. 0: none for their number.");

    public static readonly SectionListSetting ExpiryRules = new("rules", "What goes by itself, for good. Several rules for one mailbox all hold.",
        new SectionSetting("", "A rule.", [ExpiryMailbox, ExpiryMaxAge, ExpiryMaxMessages]) { Required = [ExpiryMailbox] },
        "#[{ \"mailbox\": \"\\\\Trash\", \"maxAge\": \"30d\" }, { \"mailbox\": \"\\\\Junk\", \"maxAge\": \"30d\" }]");

    public static readonly SectionSetting Expiry = new("expiry", "Messages that go by themselves.", [ExpiryInterval, ExpiryRules]);
}

/// <summary>quota.whenFull</summary>
internal enum FullMailboxRule
{
    Temporary,
    Permanent,
}
