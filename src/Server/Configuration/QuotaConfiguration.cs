using MailAccess.Store;
using MailAccess.Store.Expiry;
using MailAccess.Store.Quota;

namespace MailAccess.Server.Configuration;

/// <summary>quota</summary>
internal sealed record QuotaConfiguration(QuotaRules Rules, bool WarningMessage, bool FullIsPermanent)
{
    public static QuotaConfiguration From(ConfigurationView quota, string file, List<ConfigurationError> errors)
    {
        List<MailboxQuotaRule> mailboxes = [];
        foreach (ConfigurationView rule in quota.Sections(QuotaSettings.Mailboxes))
        {
            if (Select(rule, QuotaSettings.RuleMailbox, file, errors) is { } selector)
            {
                mailboxes.Add(new MailboxQuotaRule
                {
                    Mailbox = selector,
                    IsIgnored = rule.Get(QuotaSettings.RuleIgnore),
                    ExtraPercent = rule.Get(QuotaSettings.RuleExtraPercent),
                    Own = Limit(rule.Get(QuotaSettings.RuleStorage), rule.Get(QuotaSettings.RuleMessages)),
                });
            }
        }
        var rules = new QuotaRules
        {
            Account = Limit(quota.Get(QuotaSettings.Storage), quota.Get(QuotaSettings.Messages)),
            Mailboxes = mailboxes,
            WarningPercents = [.. quota.Get(QuotaSettings.Warnings).Distinct().Order()],
            TakesLimitOfMaildirsize = quota.Get(QuotaSettings.LimitsOfMaildirsize),
        };
        return new QuotaConfiguration(rules, quota.Get(QuotaSettings.WarningMessage), quota.Get(QuotaSettings.WhenFull) == FullMailboxRule.Permanent);
    }

    /// <summary>The mailboxes that a rule names; null, with an error, where it names none.</summary>
    public static MailboxSelector? Select(ConfigurationView rule, Setting<string> setting, string file, List<ConfigurationError> errors)
    {
        if (!MailboxSelector.TryParse(rule.Get(setting), out MailboxSelector? selector))
        {
            errors.Add(rule.Error(file, setting, $"\"{rule.Get(setting)}\" is neither a name nor one of \\All, \\Archive, \\Drafts, \\Flagged, \\Junk, \\Sent, \\Trash"));
        }
        return selector;
    }

    private static QuotaLimit Limit(long octets, long messages) => new(octets > 0 ? octets : null, messages > 0 ? messages : null);
}

/// <summary>expiry</summary>
internal sealed record ExpiryConfiguration(TimeSpan Interval, IReadOnlyList<ExpiryRule> Rules)
{
    public static ExpiryConfiguration From(ConfigurationView expiry, string file, List<ConfigurationError> errors)
    {
        if (expiry.Get(QuotaSettings.ExpiryInterval) < TimeSpan.FromMinutes(1))
        {
            errors.Add(expiry.Error(file, QuotaSettings.ExpiryInterval, "must be at least 1m"));
        }
        List<ExpiryRule> rules = [];
        foreach (ConfigurationView rule in expiry.Sections(QuotaSettings.ExpiryRules))
        {
            TimeSpan age = rule.Get(QuotaSettings.ExpiryMaxAge);
            int messages = rule.Get(QuotaSettings.ExpiryMaxMessages);
            if (age == TimeSpan.Zero && messages == 0)
            {
                errors.Add(rule.Error(file, QuotaSettings.ExpiryMaxAge, "a rule needs maxAge or maxMessages"));
            }
            if (QuotaConfiguration.Select(rule, QuotaSettings.ExpiryMailbox, file, errors) is { } selector)
            {
                rules.Add(new ExpiryRule { Mailbox = selector, AgeMax = age > TimeSpan.Zero ? age : null, MessagesMax = messages > 0 ? messages : null });
            }
        }
        return new ExpiryConfiguration(expiry.Get(QuotaSettings.ExpiryInterval), rules);
    }
}
