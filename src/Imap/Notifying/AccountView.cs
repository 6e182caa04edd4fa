using MailAccess.Store;

namespace MailAccess.Imap.Notifying;

/// <summary>The names of an account at one time.</summary>
/// <param name="Listings">Those that are listed.</param>
/// <param name="Subscribed">Those that are subscribed, listed or not.</param>
internal sealed record AccountView(IReadOnlyDictionary<MailboxName, MailboxListing> Listings, IReadOnlySet<MailboxName> Subscribed)
{
    /// <summary>As they are now.</summary>
    public static async ValueTask<StoreResult<AccountView>> LoadAsync(IMailAccount account)
    {
        StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(CancellationToken.None);
        if (!listed.TryGet(out IReadOnlyList<MailboxListing>? listings))
        {
            return listed.Error;
        }
        StoreResult<IReadOnlyList<MailboxName>> subscriptions = await account.ListSubscriptionsAsync(CancellationToken.None);
        return subscriptions.TryGet(out IReadOnlyList<MailboxName>? subscribed)
            ? new AccountView(listings.ToDictionary(l => l.Name), subscribed.ToHashSet()) : subscriptions.Error;
    }

    /// <summary>There is a mailbox of this name that the user may know of.</summary>
    public bool Exists(MailboxName name) => Listings.TryGetValue(name, out MailboxListing? listing) && listing.IsSelectable;
}
