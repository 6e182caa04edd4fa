using MailAccess.Store.Metadata;

namespace MailAccess.Store.Access;

/// <summary>What becomes of the mailboxes that the user sees.</summary>
internal sealed partial class AccessAccount
{
    /// <summary>Also of others' mailboxes, as far as their lists let the user see them. A right that is given or taken makes them come and go.</summary>
    public IDisposable Watch(Action<AccountChange> changed)
    {
        void TellOwn(AccountChange change)
        {
            foreach (AccountChange seen in SeenOf(own.Name, change))
            {
                changed(seen);
            }
        }
        IDisposable mine = own.Watch(TellOwn);
        return Sharing is null ? mine : new Watching(mine, store.WatchShared((owner, change) =>
        {
            if (owner != own.Name)
            {
                foreach (AccountChange seen in SeenOf(owner, change))
                {
                    changed(seen);
                }
            }
        }));
    }

    /// <summary>What the user may know of a change in an account, with the names that he has for its mailboxes.</summary>
    private IEnumerable<AccountChange> SeenOf(string owner, AccountChange change)
    {
        bool isOwn = owner == own.Name;
        switch (change)
        {
            case AccountChange.Created created when NameOf(owner, created.Name) is { } name && Sees(owner, created.Name):
                return [created with { Name = name }];
            case AccountChange.Deleted deleted when NameOf(owner, deleted.Name) is { } name && Sees(owner, deleted.Name):
                return [deleted with { Name = name }]; // What its list gave is only forgotten afterwards.
            case AccountChange.Renamed renamed when isOwn:
                return [renamed];
            case AccountChange.Renamed renamed:
                return SeenOf(owner, renamed);
            case AccountChange.SubscriptionChanged when isOwn:
                return [change];
            case AccountChange.AnnotationsChanged annotated:
                return SeenOf(owner, annotated);
            case AccountChange.ListChanged list when NameOf(owner, list.Name) is { } name:
                bool sawIt = list.Before.RightsOf(user, isOwn).Has(Rights.Lookup) || IsRuled(owner);
                bool seesIt = list.After.RightsOf(user, isOwn).Has(Rights.Lookup) || IsRuled(owner);
                return (sawIt, seesIt) switch
                {
                    (false, true) => [new AccountChange.Created(name)],
                    (true, false) => [new AccountChange.Hidden(name)],
                    (true, true) => [new AccountChange.RightsChanged(name)],
                    _ => [],
                };
            default:
                return [];
        }
    }

    /// <summary>Those below a mailbox that the user does not see are told for themselves.</summary>
    private IEnumerable<AccountChange> SeenOf(string owner, AccountChange.Renamed renamed)
    {
        IEnumerable<MailboxName> moved = Sees(owner, renamed.From) ? [renamed.From]
            : store.Shares.NamesAt(owner, renamed.From).Where(n => Sees(owner, n)).OrderBy(n => n.Value, StringComparer.Ordinal);
        foreach (MailboxName from in moved.ToList())
        {
            if (MailboxName.TryParse(renamed.To.Value + from.Value[renamed.From.Value.Length..], out MailboxName? to)
                && NameOf(owner, from) is { } shownFrom && NameOf(owner, to) is { } shownTo)
            {
                yield return new AccountChange.Renamed(shownFrom, shownTo);
            }
        }
    }

    /// <summary>Private annotations are each user's own.</summary>
    private IEnumerable<AccountChange> SeenOf(string owner, AccountChange.AnnotationsChanged annotated)
    {
        List<string> entries = [.. annotated.Entries.Where(e => annotated.User == user.Name || !new Annotation(e, null).IsPrivate)];
        MailboxName? name = annotated.Name is null ? null : NameOf(owner, annotated.Name);
        bool isSeen = annotated.Name is null ? owner == own.Name
            : name is not null && (owner == own.Name && Sharing is null || store.RightsNow(owner, annotated.Name, user).Has(Rights.Lookup | Rights.Read));
        return isSeen && entries.Count > 0 ? [annotated with { Name = name, Entries = entries }] : [];
    }

    private MailboxName? NameOf(string owner, MailboxName name) =>
        owner == own.Name ? (_names.IsForeign(name) ? null : name) : _names.TryName(owner, name, out MailboxName? shown) ? shown : null;

    private bool Sees(string owner, MailboxName name) => owner == own.Name || store.RightsNow(owner, name, user).Has(Rights.Lookup);

    private bool IsRuled(string owner) => owner == Sharing?.SystemAccount && IsPublicAdministrator;

    private sealed class Watching(IDisposable mine, IDisposable others) : IDisposable
    {
        public void Dispose()
        {
            mine.Dispose();
            others.Dispose();
        }
    }
}
