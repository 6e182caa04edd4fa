using MailAccess.Imap.Grammar;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Notifying;

/// <summary>Which events are wanted of which names, by all groups together. A name that a group with NONE means is left out. RFC 5465 §6, §8.</summary>
/// <remarks>A look-up costs as much as the name has levels, however many names the client gave.</remarks>
internal sealed class NotifyScope
{
    private const NotifyEvents Excluded = (NotifyEvents)(1 << 30);
    private const NotifyEvents OfNames = NotifyEvents.MailboxName | NotifyEvents.SubscriptionChange;

    private readonly SharingOptions? _sharing;
    private readonly Dictionary<MailboxName, NotifyEvents> _named = [];
    private readonly Dictionary<MailboxName, NotifyEvents> _trees = [];
    private readonly Dictionary<MailboxName, NotifyEvents> _trunks = [];
    private readonly NotifyEvents _personal;
    private readonly NotifyEvents _subscribed;

    /// <param name="groups">What the client asked for.</param>
    /// <param name="sharing">Which names are others', or null.</param>
    public NotifyScope(IReadOnlyList<NotifyGroup> groups, SharingOptions? sharing)
    {
        _sharing = sharing;
        foreach (NotifyGroup group in groups)
        {
            NotifyEvents events = group.Events == NotifyEvents.None ? Excluded : group.Events;
            switch (group.Filter.Kind)
            {
                case MailboxFilterKind.Subscribed:
                    _subscribed |= events;
                    break;
                case MailboxFilterKind.Mailboxes:
                    Add(_named, group, events);
                    break;
                case MailboxFilterKind.Subtree:
                    Add(_trees, group, events);
                    break;
                case MailboxFilterKind.SubtreeOne:
                    Add(_trunks, group, events);
                    break;
                default:
                    _personal |= events; // Other programs may deliver anywhere, so that the inboxes are not known: RFC 5465 §6.3.
                    break;
            }
        }
        All = groups.Aggregate(NotifyEvents.None, (all, group) => all | group.Events);
    }

    /// <summary>What is wanted of any.</summary>
    public NotifyEvents All { get; }

    /// <summary>Names must be remembered, to tell what becomes of them.</summary>
    public bool FollowsNames => (All & OfNames) != 0;

    /// <summary>What is wanted of this one, which need not exist.</summary>
    public NotifyEvents EventsOf(MailboxName name, bool isSubscribed)
    {
        NotifyEvents events = _named.GetValueOrDefault(name) | (isSubscribed ? _subscribed : NotifyEvents.None);
        if (_personal != NotifyEvents.None && !(_sharing is not null && _sharing.IsForeign(name)))
        {
            events |= _personal;
        }
        for (MailboxName? at = _trees.Count == 0 ? null : name; at is not null; at = at.Parent)
        {
            events |= _trees.GetValueOrDefault(at);
        }
        if (_trunks.Count > 0)
        {
            events |= _trunks.GetValueOrDefault(name) | (name.Parent is { } parent ? _trunks.GetValueOrDefault(parent) : NotifyEvents.None);
        }
        return (events & Excluded) != 0 ? NotifyEvents.None : events;
    }

    /// <summary>It is to be remembered: it may be told of, now or once it is (no more) subscribed.</summary>
    public bool Follows(MailboxName name) => ((EventsOf(name, isSubscribed: true) | EventsOf(name, isSubscribed: false)) & OfNames) != 0;

    private static void Add(Dictionary<MailboxName, NotifyEvents> to, NotifyGroup group, NotifyEvents events)
    {
        foreach (MailboxName name in group.Filter.Names)
        {
            to[name] = to.GetValueOrDefault(name) | events;
        }
    }
}
