using System.Diagnostics.CodeAnalysis;
using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Notifying;

/// <summary>A LIST response that is due.</summary>
/// <param name="Name">Of what.</param>
/// <param name="OldName">What it was before, where this is about its new name.</param>
/// <param name="HasNoAccess">\NoAccess: RFC 5465 §3.1, §5.9.</param>
internal sealed record AffectedName(MailboxName Name, MailboxName? OldName, bool HasNoAccess);

/// <summary>
/// What the client knows of the names that it asked about, and which LIST responses bring it to what is so now. RFC 5465 §5.4, §5.5, §5.9.
/// </summary>
/// <remarks>
/// What is told is the difference of two states, so that changes may be heard of late, in another order than they were made, or not at all (other
/// programs), and the client still knows in the end what is there. Changes that are heard of add what a difference does not show: that a name was
/// renamed, and that a mailbox went and came again. A name costs its text and some 60 octets.
/// </remarks>
internal sealed class KnownNames(NotifyScope scope, ImapServices services) : IDisposable
{
    private readonly HashSet<MailboxName> _ownSubscriptions = [];
    private readonly HashSet<MailboxName> _hidden = [];
    private readonly List<MailboxName> _doubtful = [];
    private Dictionary<MailboxName, NameFacts> _known = [];
    private IReadOnlySet<MailboxName> _subscribed = new HashSet<MailboxName>();
    private HashSet<MailboxName> _withoutAccess = [];
    private int _counted;

    [Flags]
    private enum NameFacts
    {
        None = 0,
        Exists = 1,
        IsSubscribed = 2,
    }

    /// <summary>The client knows all names as they are now. <see cref="StoreError.LimitReached"/>: there are too many.</summary>
    public StoreError Begin(AccountView now)
    {
        _known = FactsOf(now);
        _subscribed = now.Subscribed;
        return Count();
    }

    /// <summary>As it was when last looked at.</summary>
    public bool IsSubscribed(MailboxName name) => _subscribed.Contains(name);

    /// <summary>The client did this itself, and has its answer. §5.</summary>
    /// <param name="change">What.</param>
    /// <param name="isBehindOthers">Others made changes before, of which it has not been told yet.</param>
    public void NoteOwn(AccountChange change, bool isBehindOthers)
    {
        switch (change)
        {
            case AccountChange.Created created:
                Set(created.Name, NameFacts.Exists);
                break;
            case AccountChange.Deleted deleted:
                Clear(deleted.Name, NameFacts.Exists);
                break;
            case AccountChange.Renamed renamed:
                Move(renamed.From, renamed.To);
                if (isBehindOthers)
                {
                    _doubtful.Add(renamed.To); // It may have renamed another mailbox than the one that it knew by that name, or to a name that was free only now.
                }
                break;
            case AccountChange.SubscriptionChanged subscription:
                _ownSubscriptions.Add(subscription.Name);
                break;
        }
    }

    /// <summary>What is due, in the order in which it is to be told; the client knows it from then on.</summary>
    /// <param name="changes">That others made, as far as they have been heard of.</param>
    /// <param name="now">How it is.</param>
    /// <param name="withoutAccess">Mailboxes that the client asked for and may list, but not read.</param>
    public StoreResult<List<AffectedName>> Settle(IReadOnlyList<AccountChange> changes, AccountView now, IReadOnlySet<MailboxName> withoutAccess)
    {
        Dictionary<MailboxName, NameFacts> after = FactsOf(now);
        foreach (MailboxName name in _ownSubscriptions)
        {
            Clear(name, NameFacts.IsSubscribed);
            Set(name, after.GetValueOrDefault(name) & NameFacts.IsSubscribed);
        }
        _ownSubscriptions.Clear();
        Due due = new(this, now);
        foreach (AccountChange change in changes)
        {
            if (change is AccountChange.Renamed renamed && _doubtful.Count > 0)
            {
                _doubtful.AddRange([renamed.From, renamed.To]); // By which of the two the client would understand it cannot be known.
            }
            else
            {
                due.Add(change);
            }
        }
        due.AddTouched();
        foreach (MailboxName name in _doubtful.Count == 0 ? [] : now.Listings.Keys.Where(n => now.Exists(n) && _doubtful.Exists(d => IsAt(n, d))))
        {
            due.AddName(name);
        }
        _doubtful.Clear();
        foreach (MailboxName name in after.Keys.Union(_known.Keys).OrderBy(n => n.Value, StringComparer.Ordinal))
        {
            due.AddDifference(name, _known.GetValueOrDefault(name) ^ after.GetValueOrDefault(name));
        }
        _hidden.RemoveWhere(now.Exists);
        HashSet<MailboxName> denied = [.. withoutAccess, .. _hidden];
        List<AffectedName> lines = due.With(_withoutAccess, denied);
        (_known, _subscribed, _withoutAccess) = (after, now.Subscribed, denied);
        return Count() is var error and not StoreError.None ? error : lines;
    }

    public void Dispose()
    {
        services.NotifyNames.Give(_counted);
        _counted = 0;
    }

    private StoreError Count()
    {
        int count = _known.Count + _hidden.Count;
        if (count > services.Limits.NotifyNamesMax || !services.NotifyNames.TryTake(count - _counted))
        {
            return StoreError.LimitReached;
        }
        _counted = count;
        return StoreError.None;
    }

    private Dictionary<MailboxName, NameFacts> FactsOf(AccountView now)
    {
        Dictionary<MailboxName, NameFacts> facts = [];
        if (scope.FollowsNames)
        {
            foreach (MailboxName name in now.Subscribed.Where(scope.Follows))
            {
                facts[name] = NameFacts.IsSubscribed;
            }
            foreach (MailboxName name in now.Listings.Values.Where(l => l.IsSelectable).Select(l => l.Name).Where(scope.Follows))
            {
                facts[name] = facts.GetValueOrDefault(name) | NameFacts.Exists;
            }
        }
        return facts;
    }

    private void Set(MailboxName name, NameFacts facts)
    {
        if (facts != NameFacts.None && scope.Follows(name))
        {
            _known[name] = _known.GetValueOrDefault(name) | facts;
        }
    }

    private void Clear(MailboxName name, NameFacts facts)
    {
        if (_known.TryGetValue(name, out NameFacts known))
        {
            _known[name] = known & ~facts;
        }
    }

    /// <summary>As who hears of a renaming understands it: what is below goes along, INBOX stays, and subscriptions are of names. RFC 9051 §6.3.6.</summary>
    private void Move(MailboxName from, MailboxName to)
    {
        if (!from.IsInbox)
        {
            foreach (MailboxName old in _known.Where(k => (k.Value & NameFacts.Exists) != 0 && IsAt(k.Key, from)).Select(k => k.Key).ToList())
            {
                Clear(old, NameFacts.Exists);
                if (TryMove(old, from, to, out MailboxName? moved))
                {
                    Set(moved, NameFacts.Exists);
                }
            }
        }
        Set(to, NameFacts.Exists);
    }

    private static bool IsAt(MailboxName name, MailboxName top) => name == top || name.IsBelow(top);

    private static bool TryMove(MailboxName old, MailboxName from, MailboxName to, [NotNullWhen(true)] out MailboxName? moved) =>
        MailboxName.TryParse(to.Value + old.Value[from.Value.Length..], out moved);

    /// <summary>Also by what was subscribed until now: a name that has just gone from the list is affected too.</summary>
    private bool Wants(MailboxName name, AccountView now, NotifyEvents events) =>
        ((scope.EventsOf(name, now.Subscribed.Contains(name)) | scope.EventsOf(name, _subscribed.Contains(name))) & events) != 0;

    /// <summary>The responses: renamings as they were, then each other name once, as it is in the end.</summary>
    private sealed class Due(KnownNames owner, AccountView now)
    {
        private readonly List<(MailboxName Name, MailboxName? OldName)> _lines = [];
        private readonly HashSet<MailboxName> _settled = [];
        private readonly List<MailboxName> _touched = [];
        private readonly List<MailboxName> _subscriptions = [];

        public void Add(AccountChange change)
        {
            switch (change)
            {
                case AccountChange.Created created:
                    Touch(created.Name);
                    break;
                case AccountChange.Deleted deleted:
                    Touch(deleted.Name);
                    break;
                case AccountChange.Hidden hidden:
                    Touch(hidden.Name);
                    if (owner.Wants(hidden.Name, now, NotifyEvents.OfMessages | NotifyEvents.MailboxName))
                    {
                        owner._hidden.Add(hidden.Name);
                    }
                    break;
                case AccountChange.SubscriptionChanged subscription:
                    _subscriptions.Add(subscription.Name);
                    break;
                case AccountChange.Renamed renamed when owner.Wants(renamed.From, now, NotifyEvents.MailboxName)
                    || owner.Wants(renamed.To, now, NotifyEvents.MailboxName):
                    Rename(renamed.From, renamed.To);
                    break;
            }
        }

        /// <summary>Behind the renamings. What came and went before the client could hear of it is not told.</summary>
        public void AddTouched()
        {
            foreach (MailboxName name in _touched.Where(n => now.Exists(n) || (owner._known.GetValueOrDefault(n) & NameFacts.Exists) != 0))
            {
                AddWithParent(name);
            }
            foreach (MailboxName name in _subscriptions.Where(n => owner.Wants(n, now, NotifyEvents.SubscriptionChange)))
            {
                AddOnce(name);
            }
        }

        /// <summary>How it is.</summary>
        public void AddName(MailboxName name)
        {
            if (owner.Wants(name, now, NotifyEvents.MailboxName))
            {
                AddOnce(name);
            }
        }

        public void AddDifference(MailboxName name, NameFacts difference)
        {
            if ((difference & NameFacts.Exists) != 0)
            {
                AddWithParent(name);
            }
            if ((difference & NameFacts.IsSubscribed) != 0 && owner.Wants(name, now, NotifyEvents.SubscriptionChange))
            {
                AddOnce(name);
            }
        }

        /// <summary>All, and those to which access is missing since, or is there again.</summary>
        public List<AffectedName> With(HashSet<MailboxName> toldDenied, HashSet<MailboxName> denied)
        {
            foreach (MailboxName name in denied.Except(toldDenied).Concat(toldDenied.Except(denied)).OrderBy(n => n.Value, StringComparer.Ordinal))
            {
                if (owner.Wants(name, now, ~NotifyEvents.None))
                {
                    AddOnce(name);
                }
            }
            return [.. _lines.Select(l => new AffectedName(l.Name, l.OldName, denied.Contains(l.Name)))];
        }

        /// <summary>What has the name from here on is not what was given it by a renaming.</summary>
        private void Touch(MailboxName name)
        {
            _settled.Remove(name);
            _touched.Add(name);
        }

        private void Rename(MailboxName from, MailboxName to)
        {
            owner.Move(from, to);
            _lines.Add((to, from));
            if (now.Subscribed.Contains(to))
            {
                owner.Set(to, NameFacts.IsSubscribed); // This response says so.
            }
            else
            {
                owner.Clear(to, NameFacts.IsSubscribed);
            }
            _settled.RemoveWhere(n => !from.IsInbox && IsAt(n, from));
            bool wasTouched = !from.IsInbox && _touched.Contains(from);
            if (now.Exists(to) && !wasTouched)
            {
                _settled.Add(to); // Else it has gone on from there, which is told next or in the end.
            }
            for (int i = 0; i < _touched.Count && !from.IsInbox; i++)
            {
                // The client takes it for what it knew by the old name, and is told that it is not.
                if (IsAt(_touched[i], from) && TryMove(_touched[i], from, to, out MailboxName? moved))
                {
                    _touched[i] = moved;
                }
            }
        }

        /// <summary>RFC 5465 §5.4: with a mailbox that comes or goes, the name right above it is affected as well.</summary>
        private void AddWithParent(MailboxName name)
        {
            AddName(name);
            if (name.Parent is { } parent)
            {
                AddName(parent);
            }
        }

        private void AddOnce(MailboxName name)
        {
            if (_settled.Add(name))
            {
                _lines.Add((name, null));
            }
        }
    }
}
