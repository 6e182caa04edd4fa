using MailAccess.Imap.Grammar;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Searching;

/// <summary>The names of the mailboxes that an ESEARCH means: each once, in the order asked for. RFC 7377 §2.2.</summary>
/// <remarks>A listing holds no name twice, so that no hierarchy can loop.</remarks>
internal sealed class SearchSources
{
    private readonly IMailAccount _account;
    private readonly HashSet<MailboxName> _seen = [];
    private readonly List<MailboxName> _names = [];
    private IReadOnlyList<MailboxListing>? _listings;

    private SearchSources(IMailAccount account) => _account = account;

    /// <summary>Names that are given need not exist; others do, and can be selected.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="selected">The name of the selected mailbox, or null.</param>
    /// <param name="filters">What was asked for.</param>
    public static async ValueTask<StoreResult<List<MailboxName>>> ResolveAsync(
        IMailAccount account, MailboxName? selected, IReadOnlyList<MailboxFilter> filters)
    {
        SearchSources sources = new(account);
        foreach (MailboxFilter filter in filters)
        {
            StoreError error = await sources.AddAsync(filter, selected);
            if (error != StoreError.None)
            {
                return error;
            }
        }
        return sources._names;
    }

    private async ValueTask<StoreError> AddAsync(MailboxFilter filter, MailboxName? selected)
    {
        switch (filter.Kind)
        {
            case MailboxFilterKind.Selected:
                Add(selected is null ? [] : [selected]);
                return StoreError.None;
            case MailboxFilterKind.Mailboxes:
                Add(filter.Names);
                return StoreError.None;
            case MailboxFilterKind.Subscribed:
                StoreResult<IReadOnlyList<MailboxName>> subscribed = await _account.ListSubscriptionsAsync(CancellationToken.None);
                Add(subscribed.TryGet(out IReadOnlyList<MailboxName>? names) ? names : []);
                return subscribed.Error;
            case MailboxFilterKind.Subtree or MailboxFilterKind.SubtreeOne:
                return await AddListedAsync(n => filter.Names.Any(top => n == top
                    || (filter.Kind == MailboxFilterKind.Subtree ? n.IsBelow(top) : n.Parent == top)));
            case MailboxFilterKind.Inboxes or MailboxFilterKind.Personal:
            default:
                // Other programs may deliver anywhere, so that the inboxes are not known: RFC 5465 §6.3.
                SharingOptions? sharing = (_account as IUserAccount)?.Sharing;
                return await AddListedAsync(n => sharing is null || !sharing.IsForeign(n));
        }
    }

    private async ValueTask<StoreError> AddListedAsync(Func<MailboxName, bool> isMeant)
    {
        if (_listings is null)
        {
            StoreResult<IReadOnlyList<MailboxListing>> listed = await _account.ListAsync(CancellationToken.None);
            if (!listed.TryGet(out _listings))
            {
                return listed.Error;
            }
        }
        Add(_listings.Where(l => l.IsSelectable && isMeant(l.Name)).Select(l => l.Name));
        return StoreError.None;
    }

    private void Add(IEnumerable<MailboxName> names) => _names.AddRange(names.Where(_seen.Add));
}
