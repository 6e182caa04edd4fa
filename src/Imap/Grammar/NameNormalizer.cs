using System.Text;
using MailAccess.Message.Folding;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// What a client of IMAP4rev2 means by a name that is not in Normalization Form C, as Net-Unicode wants it: the mailbox that has this very
/// name, if there is one (others may have made it), else the one that has it in that form. RFC 9051 §5.1.
/// </summary>
/// <param name="existing">Names of mailboxes and of subscriptions, whatever their form.</param>
internal sealed class NameNormalizer(IReadOnlySet<string> existing)
{
    /// <summary>Null where nothing in the command could be such a name: that costs no look at the mailboxes.</summary>
    public static async ValueTask<NameNormalizer?> ForAsync(ImapSession session, ReadOnlyMemory<byte> command)
    {
        if ((session.Enabled & ImapExtensions.Revision2) == 0 || Ascii.IsValid(command.Span) || session.Account is not { } account
            || ComposedText.IsComposed(Encoding.UTF8.GetString(command.Span)))
        {
            return null;
        }
        HashSet<string> existing = [];
        StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(CancellationToken.None);
        if (listed.TryGet(out IReadOnlyList<MailboxListing>? mailboxes))
        {
            existing.UnionWith(mailboxes.Select(m => m.Name.Value));
        }
        StoreResult<IReadOnlyList<MailboxName>> subscribed = await account.ListSubscriptionsAsync(CancellationToken.None);
        if (subscribed.TryGet(out IReadOnlyList<MailboxName>? names))
        {
            existing.UnionWith(names.Select(n => n.Value));
        }
        return new NameNormalizer(existing);
    }

    /// <summary>Level by level, from the top: what is below a mailbox stays below it.</summary>
    public string Resolve(string name)
    {
        string resolved = "";
        foreach (string level in name.Split(MailboxName.Separator))
        {
            string above = resolved.Length == 0 ? "" : resolved + MailboxName.Separator;
            resolved = above + (existing.Contains(above + level) ? level : ComposedText.Compose(level));
        }
        return resolved;
    }
}
