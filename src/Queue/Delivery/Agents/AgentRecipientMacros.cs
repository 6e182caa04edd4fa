using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>The macros of one recipient, as the flags want them.</summary>
internal sealed class AgentRecipientMacros(EnvelopeRecipient recipient, AgentFlags flags, char? delimiter)
{
    private readonly AddressParts _parts = AddressParts.Of(recipient.Path, delimiter);

    public static bool Has(AgentMacro macro) =>
        macro is AgentMacro.Recipient or AgentMacro.OriginalRecipient or AgentMacro.User or AgentMacro.Mailbox or AgentMacro.Extension or AgentMacro.Domain;

    public string ValueOf(AgentMacro macro) => macro switch
    {
        AgentMacro.Recipient => Whole(recipient.Path, flags),
        AgentMacro.OriginalRecipient => Whole(OriginalRecipient.Of(recipient), flags),
        AgentMacro.User => FoldLocal(_parts.User),
        AgentMacro.Mailbox => FoldLocal(recipient.Path.LocalPart),
        AgentMacro.Extension => FoldLocal(_parts.Extension),
        AgentMacro.Domain => FoldDomain(recipient.Path.Domain, flags),
        _ => throw new ArgumentOutOfRangeException(nameof(macro)),
    };

    /// <summary>An address as an argument.</summary>
    public static string Whole(MailPath path, AgentFlags flags)
    {
        if (flags.HasFlag(AgentFlags.FoldLocalPart) && MailPath.TryCreate(path.LocalPart.ToLowerInvariant(), path.Domain, out MailPath? folded))
        {
            path = folded;
        }
        string local = flags.HasFlag(AgentFlags.Quote) ? QuotedLocalPart(path) : path.LocalPart;
        return path.Domain.Length == 0 ? local : $"{local}@{FoldDomain(path.Domain, flags)}";
    }

    public static string FoldDomain(string domain, AgentFlags flags) => flags.HasFlag(AgentFlags.FoldDomain) ? domain.ToLowerInvariant() : domain;

    private static string QuotedLocalPart(MailPath path) =>
        path.Domain.Length == 0 ? path.ToString() : path.ToString()[..^(path.Domain.Length + 1)];

    private string FoldLocal(string text) => flags.HasFlag(AgentFlags.FoldLocalPart) ? text.ToLowerInvariant() : text;
}

/// <summary>A local part taken apart.</summary>
internal sealed record AddressParts(string User, string Extension)
{
    public static AddressParts Of(MailPath path, char? delimiter)
    {
        int cut = delimiter is { } mark ? path.LocalPart.IndexOf(mark, StringComparison.Ordinal) : -1;
        return cut < 0 ? new AddressParts(path.LocalPart, "") : new AddressParts(path.LocalPart[..cut], path.LocalPart[(cut + 1)..]);
    }
}

/// <summary>The address that the sender wrote: ORCPT (RFC 3461 §4.2) where it gave one of our kind, else the recipient.</summary>
internal static class OriginalRecipient
{
    private const string Rfc822 = "rfc822;";

    public static MailPath Of(EnvelopeRecipient recipient) =>
        recipient.OriginalRecipient is { } given && given.StartsWith(Rfc822, StringComparison.OrdinalIgnoreCase)
        && Xtext.TryDecodePrintable(given[Rfc822.Length..], out string text) && MailPath.TryParse(text, out MailPath? path)
            ? path
            : recipient.Path;
}
