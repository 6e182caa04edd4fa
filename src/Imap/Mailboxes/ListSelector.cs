using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>A name that LIST answers with.</summary>
/// <param name="Name">It.</param>
/// <param name="Listing">Null: no such mailbox, it is only subscribed or above one that is.</param>
/// <param name="IsSubscribed">It is subscribed.</param>
/// <param name="IsSelected">It satisfies the selection options itself.</param>
/// <param name="HasSelectedBelow">A name below it satisfies them and matches no pattern. RFC 5258 §3.5.</param>
internal sealed record ListedName(MailboxName Name, MailboxListing? Listing, bool IsSubscribed, bool IsSelected, bool HasSelectedBelow);

/// <summary>Decides which names an extended LIST answers with. RFC 5258 §3.</summary>
internal static class ListSelector
{
    /// <summary>In the order of the listing; each name once.</summary>
    public static IEnumerable<ListedName> Select(
        ListRequest request, IReadOnlyList<MailboxListing> listings, IReadOnlyList<MailboxName> subscriptions)
    {
        if ((request.Selection & ListSelection.Subscribed) == 0)
        {
            return listings
                .Where(l => IsUseful(request, l.SpecialUse) && request.Matches(l.Name.Value))
                .Select(l => new ListedName(l.Name, l, l.IsSubscribed, IsSelected: true, HasSelectedBelow: false));
        }
        Dictionary<MailboxName, MailboxListing> existing = listings.ToDictionary(l => l.Name);
        List<MailboxName> selected =
            [.. subscriptions.Where(n => IsUseful(request, existing.GetValueOrDefault(n)?.SpecialUse ?? SpecialUse.None))];
        HashSet<MailboxName> isSelected = [.. selected];
        HashSet<MailboxName> above = [];
        if ((request.Selection & ListSelection.RecursiveMatch) != 0)
        {
            // Only what matches no pattern would be missing without its parent's CHILDINFO.
            foreach (MailboxName hidden in selected.Where(n => !request.Matches(n.Value)))
            {
                for (MailboxName? parent = hidden.Parent; parent is not null && above.Add(parent); parent = parent.Parent)
                {
                }
            }
        }
        HashSet<MailboxName> subscribed = [.. subscriptions];
        return selected.Concat(above).Distinct()
            .Where(n => request.Matches(n.Value))
            .OrderBy(n => !n.IsInbox).ThenBy(n => n.Value, StringComparer.Ordinal)
            .Select(n => new ListedName(n, existing.GetValueOrDefault(n), subscribed.Contains(n), isSelected.Contains(n), above.Contains(n)));
    }

    private static bool IsUseful(ListRequest request, SpecialUse use) =>
        (request.Selection & ListSelection.SpecialUse) == 0 || use != SpecialUse.None;
}
