using MailAccess.Imap.Mailboxes;
using MailAccess.Store;
using System.Text;

namespace MailAccess.Imap.Grammar;

/// <summary>What a client wants to hear of. RFC 5465 §5. Each value that a client can name stands in <see cref="NotifyEventNames"/>.</summary>
[Flags]
internal enum NotifyEvents
{
    /// <summary>NONE</summary>
    None = 0,
    /// <summary>MessageNew</summary>
    MessageNew = 1,
    /// <summary>MessageExpunge</summary>
    MessageExpunge = 2,
    /// <summary>FlagChange</summary>
    FlagChange = 4,
    /// <summary>MailboxName</summary>
    MailboxName = 8,
    /// <summary>SubscriptionChange</summary>
    SubscriptionChange = 16,
    /// <summary>MailboxMetadataChange</summary>
    MailboxMetadataChange = 32,
    /// <summary>ServerMetadataChange</summary>
    ServerMetadataChange = 64,
    /// <summary>The first two are always asked for together, and FlagChange with them.</summary>
    Arrivals = MessageNew | MessageExpunge,
    /// <summary>message-event; there are no annotations of messages here.</summary>
    OfMessages = Arrivals | FlagChange,
}

/// <summary>Mailboxes, and what the client wants to hear of them.</summary>
internal sealed record NotifyGroup(MailboxFilter Filter, NotifyEvents Events);

/// <summary>The arguments of NOTIFY. RFC 5465 §8.</summary>
internal sealed class NotifyRequest
{
    private readonly List<NotifyGroup> _groups = [];
    private bool _hasSelected;

    private NotifyRequest()
    {
    }

    /// <summary>Nothing is told.</summary>
    public static NotifyRequest Nothing { get; } = new();

    /// <summary>SET, not NONE.</summary>
    public bool IsSet { get; private set; }

    /// <summary>STATUS: what is so now is told first.</summary>
    public bool TellsStatus { get; private set; }

    /// <summary>What is wanted of the selected mailbox.</summary>
    public NotifyEvents Selected { get; private set; }

    /// <summary>SELECTED-DELAYED: EXPUNGE waits for a command that allows it. §6.1.2.</summary>
    public bool DelaysExpunge { get; private set; }

    /// <summary>What is told of each new message in the selected mailbox, or null.</summary>
    public FetchPlan? NewItems { get; private set; }

    /// <summary>Of other mailboxes.</summary>
    public IReadOnlyList<NotifyGroup> Groups => _groups;

    /// <summary>An event is named that there is not: NO with BADEVENT. §3.1.</summary>
    public bool HasUnknownEvents { get; private set; }

    /// <summary>Names in the filters of all groups.</summary>
    public int NamesCount => _groups.Sum(g => g.Filter.Names.Count + 1);

    /// <summary>notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-groups / "NONE") — from behind the verb to the end.</summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, out NotifyRequest request)
    {
        request = new NotifyRequest();
        if (!arguments.TrySpace())
        {
            return false;
        }
        if (arguments.TryWord("NONE"u8))
        {
            return arguments.AtEnd;
        }
        if (!arguments.TryWord("SET "u8))
        {
            return arguments.Missing("SET or NONE");
        }
        request.IsSet = true;
        request.TellsStatus = arguments.TryWord("STATUS "u8);
        do
        {
            // event-group = "(" filter-mailboxes SP events ")"
            if (!(arguments.TryChar((byte)'(', "a group of events") && request.TryGroup(arguments, services)
                  && arguments.TryChar((byte)')', "the end of the group")))
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.AtEnd;
    }

    private bool TryGroup(ImapArguments arguments, ImapServices services)
    {
        MailboxFilter? filter = null;
        bool isDelayed = arguments.TryWord("SELECTED-DELAYED"u8);
        if (!isDelayed && !MailboxFilter.TryParse(arguments, out filter))
        {
            return false;
        }
        bool isSelected = isDelayed || filter!.Kind == MailboxFilterKind.Selected;
        if (isSelected && _hasSelected)
        {
            return arguments.Missing("the selected mailbox once"); // §6.1.
        }
        _hasSelected |= isSelected;
        if (!(arguments.TrySpace() && TryEvents(arguments, services, isSelected, out NotifyEvents events)))
        {
            return false;
        }
        if (isSelected)
        {
            Selected = events;
            DelaysExpunge = isDelayed;
        }
        else
        {
            _groups.Add(new NotifyGroup(filter!, events));
        }
        return true;
    }

    /// <summary>events = ("(" event *(SP event) ")") / "NONE"</summary>
    private bool TryEvents(ImapArguments arguments, ImapServices services, bool isSelected, out NotifyEvents events)
    {
        events = NotifyEvents.None;
        if (arguments.TryWord("NONE"u8))
        {
            return true;
        }
        if (!arguments.TryChar((byte)'(', "a list of events or NONE"))
        {
            return false;
        }
        bool isKnown = true;
        do
        {
            if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom))
            {
                return arguments.Missing("an event");
            }
            NotifyEvents one = NotifyEventNames.Find(Encoding.ASCII.GetString(atom.Span), services);
            isKnown &= one != NotifyEvents.None;
            events |= one;
            if (one == NotifyEvents.MessageNew && isSelected && arguments.TryWord(" ("u8))
            {
                // message-event = "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")"]: only of the selected mailbox.
                arguments.Position--;
                if (!FetchPlan.TryParse(arguments, ChangeItems.None, services.IsDisabled, out FetchPlan items))
                {
                    return false;
                }
                NewItems = items;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        if (!arguments.TryChar((byte)')', isSelected ? "an event or )" : "an event without data items, or )"))
        {
            return false;
        }
        HasUnknownEvents |= !isKnown;
        return !isKnown || Check(arguments, events, isSelected);
    }

    /// <summary>§5: MessageNew and MessageExpunge together, FlagChange with both; §6.1: of the selected mailbox, messages only.</summary>
    private static bool Check(ImapArguments arguments, NotifyEvents events, bool isSelected)
    {
        bool hasAny = (events & NotifyEvents.OfMessages) != 0;
        if (hasAny && (events & NotifyEvents.Arrivals) != NotifyEvents.Arrivals)
        {
            return arguments.Missing("MessageNew and MessageExpunge together, and FlagChange only with both,");
        }
        return !isSelected || (events & ~NotifyEvents.OfMessages) == 0 || arguments.Missing("only events of messages for the selected mailbox");
    }
}

/// <summary>The events that this server knows, by name.</summary>
internal static class NotifyEventNames
{
    private static readonly NotifyEvents[] All =
    [
        NotifyEvents.MessageNew, NotifyEvents.MessageExpunge, NotifyEvents.FlagChange, NotifyEvents.MailboxName, NotifyEvents.SubscriptionChange,
        NotifyEvents.MailboxMetadataChange, NotifyEvents.ServerMetadataChange,
    ];

    /// <summary>None for an event that is not known here.</summary>
    public static NotifyEvents Find(string name, ImapServices services) =>
        Known(services).FirstOrDefault(e => e.ToString().Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>unsupported-events-code = "BADEVENT" SP "(" event-name *(SP event-name) ")"</summary>
    public static string BadEvent(ImapServices services) => $"BADEVENT ({string.Join(' ', Known(services))})";

    /// <summary>Those of annotations only where there are some: §5.6, §5.7.</summary>
    private static IEnumerable<NotifyEvents> Known(ImapServices services) => services.HasAnnotations
        ? All : All.Where(e => e is not (NotifyEvents.MailboxMetadataChange or NotifyEvents.ServerMetadataChange));
}
