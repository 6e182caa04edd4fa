namespace MailAccess.Store.Quota;

/// <summary>What holds for one account.</summary>
public sealed record QuotaRules
{
    /// <summary>Nothing is limited.</summary>
    public static readonly QuotaRules None = new();

    /// <summary>For all mailboxes together that no rule excepts.</summary>
    public QuotaLimit Account { get; init; }

    /// <summary>Mailboxes for which something else holds; the first rule that means a mailbox counts.</summary>
    public IReadOnlyList<MailboxQuotaRule> Mailboxes { get; init; } = [];

    /// <summary>Percentages of the account's limits at which somebody is told.</summary>
    public IReadOnlyList<int> WarningPercents { get; init; } = [];

    /// <summary>Where <see cref="Account"/> limits nothing, the limit holds that the account's <c>maildirsize</c> brings along.</summary>
    public bool TakesLimitOfMaildirsize { get; init; }

    internal bool IsNone => Account.IsNone && Mailboxes.All(m => m.Own.IsNone);

    internal MailboxQuotaRule RuleOf(MailboxName name, SpecialUse use)
    {
        foreach (MailboxQuotaRule rule in Mailboxes)
        {
            if (rule.Mailbox.Matches(name, use))
            {
                return rule;
            }
        }
        return MailboxQuotaRule.Ordinary;
    }
}

/// <summary>What holds for some mailboxes.</summary>
public sealed record MailboxQuotaRule
{
    internal static readonly MailboxQuotaRule Ordinary = new() { Mailbox = MailboxSelector.TryParse("*", out MailboxSelector? all) ? all : null! };

    /// <summary>Which they are.</summary>
    public required MailboxSelector Mailbox { get; init; }

    /// <summary>They do not count toward the account's limits.</summary>
    public bool IsIgnored { get; init; }

    /// <summary>By so many percent the account's limits may be exceeded by what is put there: who is full can still throw away.</summary>
    public int ExtraPercent { get; init; }

    /// <summary>By so many octets besides.</summary>
    public long ExtraOctets { get; init; }

    /// <summary>A limit for each of them alone.</summary>
    public QuotaLimit Own { get; init; }
}

/// <summary>Where rules come from, and who hears when use comes near a limit. Thread-safe.</summary>
public interface IQuotaPolicy
{
    /// <summary>The rules for this account now. Asked before each addition: answers from memory.</summary>
    ValueTask<QuotaRules> RulesOfAsync(string accountName, CancellationToken cancellationToken);

    /// <summary>A percentage was just reached from below. Called under locks of the store: remember it and return.</summary>
    void Warn(QuotaWarning warning);
}

/// <summary>The account's use has reached a percentage.</summary>
public sealed record QuotaWarning(string AccountName, int Percent, QuotaAmount Used, QuotaLimit Limit);
