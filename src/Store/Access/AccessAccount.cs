using MailAccess.Store.Model;
using MailAccess.Store.Quota;

namespace MailAccess.Store.Access;

/// <summary>The mailboxes of one user: his own, and others' as far as their lists let him. Commands of access and annotations: the other part.</summary>
internal sealed partial class AccessAccount(AccessMailStore store, IMailAccount own, AccessUser user) : IUserAccount
{
    private readonly UserNames _names = new(store.Sharing, user.Name);

    /// <summary>A mailbox that exists, in its account, with the user's rights.</summary>
    private sealed record Target(MailboxPlace Place, IMailAccount Account, Rights Rights);

    public string Name => own.Name;

    public SharingOptions? Sharing => store.Sharing;

    public async ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken)
    {
        StoreResult<IReadOnlyList<MailboxListing>> listed = await own.ListAsync(cancellationToken);
        if (Sharing is null || !listed.TryGet(out IReadOnlyList<MailboxListing>? mine))
        {
            return listed;
        }
        StoreError unknown = await store.EnsureSharesAsync(cancellationToken);
        StoreResult<IReadOnlyList<MailboxName>> subscriptions = await own.ListSubscriptionsAsync(cancellationToken);
        if (unknown != StoreError.None || !subscriptions.TryGet(out IReadOnlyList<MailboxName>? subscribed))
        {
            return unknown != StoreError.None ? unknown : subscriptions.Error;
        }
        List<ExistingMailbox> others = [];
        foreach ((string owner, MailboxName name) in await SharedNamesAsync(cancellationToken))
        {
            if (_names.TryName(owner, name, out MailboxName? shown)
                && (await FindAsync(shown, cancellationToken)).TryGet(out Target? target) && target.Rights.Has(Rights.Lookup))
            {
                others.Add(new ExistingMailbox(shown, SpecialUse.None, IsMarked: false)); // A purpose is its owner's.
            }
        }
        IEnumerable<MailboxListing> all = mine.Where(l => !_names.IsForeign(l.Name)).Concat(MailboxTree.List(others, subscribed.ToHashSet()));
        return StoreResults.Of<IReadOnlyList<MailboxListing>>(
            [.. all.OrderBy(l => l.Name.IsInbox ? 0 : 1).ThenBy(l => l.Name.Value, StringComparer.Ordinal)]);
    }

    public async ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName name, CancellationToken cancellationToken)
    {
        if (Sharing is null)
        {
            return await own.OpenAsync(name, cancellationToken);
        }
        StoreResult<Target> found = await FindAsync(name, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return found.Error == StoreError.NotFound && !_names.IsForeign(name) ? await own.OpenAsync(name, cancellationToken) : found.Error;
        }
        if (target.Place.IsOwn && target.Rights == Rights.All)
        {
            return await own.OpenAsync(name, cancellationToken); // The usual case costs nothing more from here on.
        }
        if ((target.Rights & (Rights.Read | Rights.Insert)) == 0)
        {
            return AccessMailbox.Refusal(target.Rights);
        }
        MailboxPlace place = target.Place;
        StoreResult<IMailbox> opened = await target.Account.OpenAsync(place.Name, cancellationToken);
        return opened.TryGet(out IMailbox? mailbox)
            ? new AccessMailbox(mailbox, name, () => store.RightsNow(place.Owner, place.Name, user))
            : opened.Error;
    }

    public async ValueTask<StoreResult<Done>> CreateAsync(MailboxName name, SpecialUse specialUse, CancellationToken cancellationToken)
    {
        if (Sharing is null)
        {
            return await own.CreateAsync(name, specialUse, cancellationToken);
        }
        // Before anything is looked for: what exists in a place where the user may not create shows in no answer.
        StoreResult<(MailboxPlace Place, IMailAccount Account)> allowed = await FindPlaceToCreateAsync(name, cancellationToken);
        if (!allowed.TryGet(out (MailboxPlace Place, IMailAccount Account) target))
        {
            return allowed.Error;
        }
        List<MailboxName> missing = await MissingAtAsync(target.Account, target.Place.Name, cancellationToken);
        StoreResult<Done> created = await target.Account.CreateAsync(
            target.Place.Name, target.Place.IsOwn ? specialUse : SpecialUse.None, cancellationToken);
        return created.Error == StoreError.None ? await InheritAsync(target.Account, missing)
            : created.Error == StoreError.AlreadyExists ? await HideAsync(name, created, cancellationToken)
            : created;
    }

    public async ValueTask<StoreResult<Done>> DeleteAsync(MailboxName name, CancellationToken cancellationToken)
    {
        Guid? keyHolder = await KeyHolderAsync(name, cancellationToken);
        StoreResult<Done> deleted = await DeleteCheckedAsync(name, cancellationToken);
        if (keyHolder is { } id && deleted.Error == StoreError.None)
        {
            await DropKeyAsync(id);
        }
        return deleted;
    }

    private async ValueTask<StoreResult<Done>> DeleteCheckedAsync(MailboxName name, CancellationToken cancellationToken)
    {
        StoreResult<Target> found = Sharing is null ? StoreError.NotFound : await FindAsync(name, cancellationToken);
        if (!found.TryGet(out Target? target))
        {
            return Sharing is null || !_names.IsForeign(name) ? await own.DeleteAsync(name, cancellationToken) : found.Error;
        }
        if (!target.Rights.Has(Rights.DeleteMailbox))
        {
            return AccessMailbox.Refusal(target.Rights);
        }
        StoreResult<Done> deleted = await target.Account.DeleteAsync(target.Place.Name, cancellationToken);
        if (deleted.Error == StoreError.None)
        {
            await store.ForgetAsync(target.Place.Owner, target.Place.Name);
        }
        return deleted;
    }

    public async ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        if (Sharing is null)
        {
            StoreResult<Done> plainly = await own.RenameAsync(from, to, cancellationToken);
            return plainly.Error == StoreError.None && from.IsInbox ? await CopyAnnotationsAsync(own, from, to) : plainly;
        }
        if (!_names.TryResolve(from, out MailboxPlace? source) || !_names.TryResolve(to, out MailboxPlace? destination) || source.Owner != destination.Owner)
        {
            return StoreError.NotPermitted; // Between accounts, and decided by the names alone: it tells nothing of what exists.
        }
        StoreResult<Target> found = await FindAsync(from, cancellationToken);
        if (found.TryGet(out Target? target) && !target.Rights.Has(Rights.DeleteMailbox))
        {
            return AccessMailbox.Refusal(target.Rights);
        }
        IMailAccount account = source.IsOwn ? own : target?.Account ?? own;
        if (!source.IsOwn)
        {
            StoreResult<(MailboxPlace, IMailAccount)> allowed = target is null ? found.Error : await FindPlaceToCreateAsync(to, cancellationToken);
            if (allowed.Error != StoreError.None || source.Name.IsInbox)
            {
                return allowed.Error == StoreError.None ? StoreError.NotPermitted : allowed.Error;
            }
        }
        StoreError unknown = await store.EnsureSharesAsync(cancellationToken);
        List<(MailboxName From, MailboxName To)> shared = SharedBelow(source, destination.Name);
        unknown = unknown == StoreError.None ? await store.CoverRenamesAsync(source.Owner, source.Name.IsInbox ? [] : shared) : unknown;
        if (unknown != StoreError.None)
        {
            return unknown;
        }
        List<MailboxName> missing = await MissingAtAsync(account, destination.Name, cancellationToken);
        StoreResult<Done> renamed = await account.RenameAsync(source.Name, destination.Name, cancellationToken);
        if (renamed.Error != StoreError.None)
        {
            return renamed.Error == StoreError.AlreadyExists ? await HideAsync(to, renamed, cancellationToken) : renamed;
        }
        if (source.Name.IsInbox)
        {
            StoreResult<Done> copied = await CopyAnnotationsAsync(account, source.Name, destination.Name);
            return copied.Error == StoreError.None ? await InheritAsync(account, missing) : copied;
        }
        await InheritAsync(account, [.. missing.Where(n => n != destination.Name)]);
        // Lists go with their mailboxes (RFC 4314 §4); what is known of them by name is known anew.
        foreach ((MailboxName old, MailboxName now) in shared)
        {
            await store.ForgetAsync(source.Owner, old);
            await store.ReadListAsync(account, now, CancellationToken.None);
        }
        return renamed;
    }

    /// <summary>Any name: whether it exists shows in no answer.</summary>
    public ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName name, bool subscribed, CancellationToken cancellationToken) =>
        own.SetSubscribedAsync(name, subscribed, cancellationToken);

    public ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        own.ListSubscriptionsAsync(cancellationToken);

    /// <summary>
    /// Of another's mailbox with <c>r</c> (RFC 9208 §6); with null, beside the user's own, the roots of what others let him read: GETQUOTA
    /// needs no right, and other roots would tell of mailboxes that he is not to know of.
    /// </summary>
    public async ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken)
    {
        if (mailbox is not null && (Sharing is null || !_names.IsForeign(mailbox)))
        {
            return await own.GetQuotaAsync(mailbox, cancellationToken);
        }
        if (mailbox is not null)
        {
            StoreResult<Target> found = await FindAsync(mailbox, Rights.Read, cancellationToken);
            return found.TryGet(out Target? target) ? await target.Account.GetQuotaAsync(target.Place.Name, cancellationToken) : found.Error;
        }
        StoreResult<IReadOnlyList<QuotaRoot>> mine = await own.GetQuotaAsync(null, cancellationToken);
        if (Sharing is null || !mine.TryGet(out IReadOnlyList<QuotaRoot>? roots) || await store.EnsureSharesAsync(cancellationToken) != StoreError.None)
        {
            return mine;
        }
        List<QuotaRoot> all = [.. roots];
        foreach ((string owner, MailboxName name) in await SharedNamesAsync(cancellationToken))
        {
            if (_names.TryName(owner, name, out MailboxName? shown)
                && (await GetQuotaAsync(shown, cancellationToken)).TryGet(out IReadOnlyList<QuotaRoot>? others))
            {
                all.AddRange(others);
            }
        }
        return StoreResults.Of<IReadOnlyList<QuotaRoot>>([.. all.DistinctBy(r => r.Name)]);
    }

    public ValueTask DisposeAsync() => own.DisposeAsync();

    /// <summary>The names that shared mailboxes at this place get when it is renamed.</summary>
    private List<(MailboxName From, MailboxName To)> SharedBelow(MailboxPlace from, MailboxName to)
    {
        List<(MailboxName From, MailboxName To)> names = [];
        foreach (MailboxName old in store.Shares.NamesAt(from.Owner, from.Name))
        {
            if (MailboxName.TryParse(to.Value + old.Value[from.Name.Value.Length..], out MailboxName? now))
            {
                names.Add((old, now));
            }
        }
        return names;
    }

    /// <summary>That a name is taken is only told to who may know of the mailbox; to others it is a place where they may not create.</summary>
    private async ValueTask<StoreResult<Done>> HideAsync(MailboxName name, StoreResult<Done> taken, CancellationToken cancellationToken) =>
        (await FindAsync(name, Rights.Lookup, cancellationToken)).TryGet(out _) || !_names.IsForeign(name) ? taken : StoreError.NoPermission;

    private bool IsPublicAdministrator => Sharing is { } sharing && sharing.PublicAdministrators.Contains(user.Name, StringComparer.Ordinal);

    private async ValueTask<List<(string Owner, MailboxName Name)>> SharedNamesAsync(CancellationToken cancellationToken)
    {
        List<(string Owner, MailboxName Name)> names = [.. store.Shares.For(user).Select(s => (s.Owner, s.Name))];
        if (Sharing!.HasPublic && IsPublicAdministrator
            && (await store.OpenInnerAsync(Sharing.SystemAccount, cancellationToken)).TryGet(out IMailAccount? system)
            && (await system.ListAsync(cancellationToken)).TryGet(out IReadOnlyList<MailboxListing>? all))
        {
            names.AddRange(all.Where(l => l.IsSelectable).Select(l => (Sharing.SystemAccount, l.Name)).Except(names));
        }
        return names;
    }

    /// <summary>
    /// The mailbox, whatever the rights to it; <see cref="StoreError.NotFound"/> without a look at any file where nothing is shared with
    /// this user under that name, so that neither answers nor their time tell of others' accounts.
    /// </summary>
    private async ValueTask<StoreResult<Target>> FindAsync(MailboxName name, CancellationToken cancellationToken)
    {
        if (!_names.TryResolve(name, out MailboxPlace? place))
        {
            return StoreError.NotFound;
        }
        StoreResult<IMailAccount> account = await OpenOwnerAsync(place, cancellationToken);
        if (!account.TryGet(out IMailAccount? opened))
        {
            return account.Error;
        }
        StoreResult<AccessList> read = await store.ReadListAsync(opened, place.Name, cancellationToken);
        return read.TryGet(out _) ? new Target(place, opened, store.RightsNow(place.Owner, place.Name, user)) : read.Error;
    }

    private async ValueTask<StoreResult<IMailAccount>> OpenOwnerAsync(MailboxPlace place, CancellationToken cancellationToken)
    {
        if (place.IsOwn)
        {
            return StoreResults.Of(own);
        }
        StoreError unknown = await store.EnsureSharesAsync(cancellationToken);
        if (unknown != StoreError.None)
        {
            return unknown;
        }
        return store.Shares.MayShare(place.Owner, place.Name, user) || (place.Owner == Sharing!.SystemAccount && IsPublicAdministrator)
            ? await store.OpenInnerAsync(place.Owner, cancellationToken)
            : StoreError.NotFound;
    }

    /// <summary>RFC 4314 §4, CREATE: <c>k</c> on the nearest mailbox above that exists. In one's own namespace, always at the top.</summary>
    private async ValueTask<StoreResult<(MailboxPlace Place, IMailAccount Account)>> FindPlaceToCreateAsync(MailboxName name, CancellationToken cancellationToken)
    {
        if (!_names.TryResolve(name, out MailboxPlace? place))
        {
            return StoreError.NoPermission;
        }
        for (MailboxName? above = name.Parent; above is not null; above = above.Parent)
        {
            StoreResult<Target> found = await FindAsync(above, cancellationToken);
            if (found.TryGet(out Target? parent))
            {
                // A mailbox between the two that this user does not see is the nearest one all the same.
                return parent.Rights.Has(Rights.Create) && (place.IsOwn || await IsNearestAsync(parent, place.Name, cancellationToken))
                    ? (place, parent.Account) : StoreError.NoPermission;
            }
            if (found.Error != StoreError.NotFound)
            {
                return found.Error;
            }
        }
        if (place.IsOwn)
        {
            return (place, own);
        }
        if (place.Owner == Sharing!.SystemAccount && IsPublicAdministrator)
        {
            StoreResult<IMailAccount> system = await store.OpenInnerAsync(place.Owner, cancellationToken);
            return system.TryGet(out IMailAccount? account) ? (place, account) : system.Error;
        }
        return StoreError.NoPermission;
    }

    private static async ValueTask<bool> IsNearestAsync(Target parent, MailboxName name, CancellationToken cancellationToken)
    {
        List<MailboxName> missing = name.Parent is { } above ? await MissingAtAsync(parent.Account, above, cancellationToken) : [];
        return (missing.Count == 0 ? name.Parent : missing[0].Parent) == parent.Place.Name;
    }

    /// <summary>The name and those above it that are no mailboxes yet, from the top.</summary>
    private static async ValueTask<List<MailboxName>> MissingAtAsync(IMailAccount account, MailboxName name, CancellationToken cancellationToken)
    {
        StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(cancellationToken);
        HashSet<MailboxName> existing = listed.TryGet(out IReadOnlyList<MailboxListing>? all) ? [.. all.Where(l => l.IsSelectable).Select(l => l.Name)] : [];
        List<MailboxName> missing = [];
        for (MailboxName? at = name; at is not null && !existing.Contains(at); at = at.Parent)
        {
            missing.Insert(0, at);
        }
        return missing;
    }

    /// <summary>New mailboxes get the list of the one above them. Until it is written they are their owner's alone.</summary>
    private async ValueTask<StoreResult<Done>> InheritAsync(IMailAccount account, List<MailboxName> created)
    {
        if (created.Count == 0 || created[0].Parent is not { } above
            || !(await store.ReadListAsync(account, above, CancellationToken.None)).TryGet(out AccessList? list) || list.Entries.Count == 0)
        {
            return default(Done);
        }
        foreach (MailboxName name in created)
        {
            StoreResult<Done> written = await store.ChangeListAsync(account, name, _ => list, CancellationToken.None);
            if (written.Error != StoreError.None)
            {
                return written;
            }
        }
        return default(Done);
    }
}
