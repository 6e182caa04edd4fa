using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>What From and Sender of a submitted message come to.</summary>
/// <param name="Refusal">Set where the message is refused.</param>
/// <param name="From">A From field to add where there is none.</param>
/// <param name="Sender">A Sender field to add.</param>
/// <param name="ReplacesSender">The client's Sender field goes.</param>
internal readonly record struct SenderDecision(SmtpReply? Refusal, MailPath? From, MailPath? Sender, bool ReplacesSender);

/// <summary>Who a submitted message says it is from, against who submitted it. RFC 6409 §6.1, §8.1. Pure.</summary>
internal static class SenderRules
{
    public static SenderDecision Decide(HeaderBuffer header, HeaderContext context)
    {
        List<HeaderField> from = [.. header.Fields.Where(f => f.Is("From"))];
        List<HeaderField> sender = [.. header.Fields.Where(f => f.Is("Sender"))];
        MailPath self = Self(context);
        if (from.Count == 0)
        {
            // Programs and scripts leave it out; RFC 5322 §3.6.2 does not. There is one clear remedy.
            return new SenderDecision(null, self, null, ReplacesSender: false);
        }
        bool owned = from.Count == 1 && sender.Count <= 1
            && from.Concat(sender).All(f => IsOwned(header, f, context));
        return context.Options.From switch
        {
            FromPolicy.Allow => default,
            _ when owned => default,
            FromPolicy.AddSender => new SenderDecision(null, null, self, ReplacesSender: true),
            // Two From fields: what is checked and what is shown may differ.
            FromPolicy.Reject => new SenderDecision(
                from.Count > 1 || from.Any(f => FromAddresses.Read(f.Body(header.Octets).Span) is null or [])
                    ? SmtpReplies.FromUnreadable
                    : SmtpReplies.FromNotOwned,
                null, null, ReplacesSender: false),
            _ => throw new ArgumentOutOfRangeException(nameof(context)),
        };
    }

    private static bool IsOwned(HeaderBuffer header, HeaderField field, HeaderContext context) =>
        FromAddresses.Read(field.Body(header.Octets).Span) is { Count: > 0 } addresses
        && addresses.All(a => context.Account!.Owns(a.LocalPart, a.Domain, context.Options.DetailDelimiter));

    // MAIL FROM was checked; the null path names nobody, so the account's main address stands in.
    private static MailPath Self(HeaderContext context)
    {
        MailPath reverse = context.Transaction.Mail.ReversePath;
        return !reverse.IsNull ? reverse
            : context.Account!.Addresses.Count > 0 && MailPath.TryParse(context.Account.Addresses[0], out MailPath? main) ? main
            : MailPath.TryCreate("postmaster", context.Options.HostName, out MailPath? postmaster) ? postmaster
            : MailPath.Null;
    }
}
