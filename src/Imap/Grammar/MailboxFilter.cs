using System.Text;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>How mailboxes are named that a command is about. RFC 5465 §6, RFC 7377 §2.2.</summary>
internal enum MailboxFilterKind
{
    /// <summary>The selected one.</summary>
    Selected,
    /// <summary>Those that mail may be delivered to.</summary>
    Inboxes,
    /// <summary>All of the personal namespace.</summary>
    Personal,
    /// <summary>All that are subscribed.</summary>
    Subscribed,
    /// <summary>The named ones and all below them.</summary>
    Subtree,
    /// <summary>The named ones and those one level below them.</summary>
    SubtreeOne,
    /// <summary>The named ones.</summary>
    Mailboxes,
}

/// <summary>Mailboxes that a command is about.</summary>
/// <param name="Kind">How they are named.</param>
/// <param name="Names">The names, where the kind has any; without those that no mailbox can have.</param>
internal sealed record MailboxFilter(MailboxFilterKind Kind, IReadOnlyList<MailboxName> Names)
{
    /// <summary>
    /// filter-mailboxes = "selected" / "inboxes" / "personal" / "subscribed" / ("subtree" SP one-or-more-mailbox) /
    /// ("subtree-one" SP one-or-more-mailbox) / ("mailboxes" SP one-or-more-mailbox) — RFC 5465 §8, RFC 7377 §4.
    /// </summary>
    public static bool TryParse(ImapArguments arguments, out MailboxFilter? filter)
    {
        filter = null;
        MailboxFilterKind? kind = !arguments.TryAtom(out ReadOnlyMemory<byte> atom) ? null
            : Encoding.ASCII.GetString(atom.Span).ToUpperInvariant() switch
            {
                "SELECTED" => MailboxFilterKind.Selected,
                "INBOXES" => MailboxFilterKind.Inboxes,
                "PERSONAL" => MailboxFilterKind.Personal,
                "SUBSCRIBED" => MailboxFilterKind.Subscribed,
                "SUBTREE" => MailboxFilterKind.Subtree,
                "SUBTREE-ONE" => MailboxFilterKind.SubtreeOne,
                "MAILBOXES" => MailboxFilterKind.Mailboxes,
                _ => null,
            };
        if (kind is not { } known)
        {
            return arguments.Missing("which mailboxes");
        }
        List<MailboxName> names = [];
        if (known is MailboxFilterKind.Subtree or MailboxFilterKind.SubtreeOne or MailboxFilterKind.Mailboxes
            && !(arguments.TrySpace() && TryNames(arguments, names)))
        {
            return false;
        }
        filter = new MailboxFilter(known, names);
        return true;
    }

    /// <summary>one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" — RFC 5465 §8.</summary>
    private static bool TryNames(ImapArguments arguments, List<MailboxName> names)
    {
        bool isList = arguments.TryWord("("u8);
        do
        {
            if (!arguments.TryMailbox(out MailboxName? name))
            {
                return false;
            }
            if (name is not null)
            {
                names.Add(name);
            }
        }
        while (isList && arguments.Next == (byte)' ' && arguments.TrySpace());
        return !isList || arguments.TryChar((byte)')', "a mailbox name or )");
    }
}
