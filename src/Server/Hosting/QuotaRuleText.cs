using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using MailAccess.Store;
using MailAccess.Store.Quota;

namespace MailAccess.Server.Hosting;

/// <summary>
/// A quota rule in Dovecot's notation: <c>*:storage=1G:messages=1000</c>, <c>*:ignore</c>, <c>Trash:storage=+10%</c>, <c>Trash:ignore</c>.
/// Storage without a unit is in kilobytes; <c>bytes=</c> is in octets; 0 is no limit; + adds to what would hold otherwise.
/// </summary>
internal static class QuotaRuleText
{
    /// <summary>The rules with this one before them; false where it cannot be read, or is of a kind that we do not have.</summary>
    public static bool TryApply(string text, QuotaRules rules, [NotNullWhen(true)] out QuotaRules? changed)
    {
        changed = null;
        string[] parts = text.Split(':');
        if (parts.Length < 2 || parts[0].Length == 0 || parts[0][0] == '?')
        {
            return false;
        }
        bool isForAccount = parts[0] == "*";
        if (!MailboxSelector.TryParse(parts[0], out MailboxSelector? selector))
        {
            return false;
        }
        var mailbox = new MailboxQuotaRule { Mailbox = selector };
        foreach (string part in parts.Skip(1))
        {
            if (isForAccount ? !TryAccount(part, ref rules) : !TryMailbox(part, ref mailbox))
            {
                return false;
            }
        }
        changed = isForAccount ? rules : rules with { Mailboxes = [mailbox, .. rules.Mailboxes] };
        return true;
    }

    private static bool TryAccount(string part, ref QuotaRules rules)
    {
        QuotaLimit limit = rules.Account;
        if (part == "ignore")
        {
            rules = rules with { Account = default, TakesLimitOfMaildirsize = false };
            return true;
        }
        if (!TryValue(part, out bool isMessages, out long value, out bool isPercent, out bool isAdded))
        {
            return false;
        }
        long now = (isMessages ? limit.Messages : limit.Octets) ?? 0;
        long added = isPercent ? (long)((decimal)now * value / 100) : value;
        long? wanted = isAdded ? (now > 0 ? now + added : null) : isPercent ? added : value;
        wanted = wanted > 0 ? wanted : null;
        rules = rules with { Account = isMessages ? limit with { Messages = wanted } : limit with { Octets = wanted } };
        return true;
    }

    private static bool TryMailbox(string part, ref MailboxQuotaRule rule)
    {
        if (part == "ignore")
        {
            rule = rule with { IsIgnored = true };
            return true;
        }
        // A limit for a mailbox in place of the account's is of a kind that we do not have.
        if (!TryValue(part, out bool isMessages, out long value, out bool isPercent, out bool isAdded) || !isAdded || (isMessages && !isPercent))
        {
            return false;
        }
        rule = isPercent ? rule with { ExtraPercent = Math.Max(rule.ExtraPercent, (int)Math.Min(value, 1000)) } : rule with { ExtraOctets = value };
        return true;
    }

    private static bool TryValue(string part, out bool isMessages, out long value, out bool isPercent, out bool isAdded)
    {
        value = 0;
        isPercent = false;
        isAdded = false;
        isMessages = part.StartsWith("messages=", StringComparison.Ordinal);
        bool isBytes = part.StartsWith("bytes=", StringComparison.Ordinal);
        if (!isMessages && !isBytes && !part.StartsWith("storage=", StringComparison.Ordinal))
        {
            return false;
        }
        ReadOnlySpan<char> text = part.AsSpan(part.IndexOf('=', StringComparison.Ordinal) + 1);
        isAdded = text.StartsWith("+");
        text = isAdded ? text[1..] : text;
        ReadOnlySpan<char> digits = text.TrimEnd("%BbKkMmGgTt");
        string unit = text[digits.Length..].ToString().ToUpperInvariant();
        isPercent = unit is "%" or "%%"; // Doubled where Dovecot would take it for a variable.
        long factor = unit switch
        {
            "" => isMessages || isBytes ? 1 : 1L << 10,
            "%" or "%%" or "B" => 1,
            "K" => 1L << 10,
            "M" => 1L << 20,
            "G" => 1L << 30,
            "T" => 1L << 40,
            _ => 0,
        };
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (!isNumber || factor == 0 || value > (1L << 60) / factor)
        {
            return false;
        }
        value *= factor;
        return true;
    }
}
