using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Searching.Contexts;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// The selected mailbox as this session has been told of it: a reference to a shared snapshot and little more, so that
/// an idle session costs nothing per message.
/// </summary>
internal sealed class SelectedMailbox : IAsyncDisposable
{
    private const int ToldMax = 64;

    private readonly RecentUids _recent;
    private readonly bool _isUidOnly;
    private readonly bool _tellsRecent;
    private readonly List<(UidSet Uids, ModSeq AsOf)> _told = [];
    private readonly ModSeqLedger _modSeqs = new();
    private DecodedSections? _decodedSections;
    private Surrogates? _surrogates;
    private readonly HashSet<Uid> _own = [];
    private int _recentTold;
    private bool _hasWithheld;
    private KeywordTable _keywordsTold;

    /// <param name="mailbox">Becomes this one's own.</param>
    /// <param name="isReadOnly">Nothing in it may change.</param>
    /// <param name="enabled">What is told of it. A client of IMAP4rev2 hears nothing of <c>\Recent</c>, but no later session is the first to hear of these messages.</param>
    public SelectedMailbox(IMailbox mailbox, bool isReadOnly, ImapExtensions enabled)
    {
        Mailbox = mailbox;
        Structures = new StructureCache(mailbox);
        IsReadOnly = isReadOnly;
        _isUidOnly = (enabled & ImapExtensions.UidOnly) != 0;
        _tellsRecent = (enabled & ImapExtensions.Revision2) == 0;
        _recent = new RecentUids(mailbox, isReadOnly);
        _recent.Claim();
        View = mailbox.Snapshot;
        _keywordsTold = View.Keywords;
        _recentTold = _recent.CountIn(View);
    }

    /// <summary>Shared with other sessions.</summary>
    public IMailbox Mailbox { get; }

    /// <summary>Opened by EXAMINE.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What this user may do with it now.</summary>
    public Rights Rights => RightsTo(Mailbox);

    /// <summary>What the user may do with a mailbox.</summary>
    public static Rights RightsTo(IMailbox mailbox) => mailbox is IRestrictedMailbox restricted ? restricted.Rights : Rights.All;

    /// <summary>What the client knows: sequence numbers count in this.</summary>
    public MailboxSnapshot View { get; private set; }

    /// <summary>What <c>$</c> means: the messages that a SEARCH saved. RFC 5182 §2.1.</summary>
    public UidSet Saved { get; set; } = UidSet.Empty;

    /// <summary>Results that are kept up to date; null: none ever were.</summary>
    public UpdateContexts? Contexts { get; set; }

    /// <summary>The user's access key to it is a new one, and the client has not heard so. Set by other sessions.</summary>
    public bool OwesUrlMechanisms { get; set; }

    /// <summary>The structure of the message last read in parts.</summary>
    public StructureCache Structures { get; }

    /// <summary>What was found out about sections that were asked for without their encoding.</summary>
    public DecodedSections DecodedSections => _decodedSections ??= new DecodedSections();

    /// <summary>Messages as they are shown to a client that has not enabled UTF8=ACCEPT.</summary>
    public Surrogates Surrogates => _surrogates ??= new Surrogates();

    /// <summary>The mailbox went away, or another with the same name took its place.</summary>
    public bool IsGone => Mailbox.IsGone || Mailbox.Snapshot.UidValidity != View.UidValidity;

    /// <summary>Something has happened that the client has not been told.</summary>
    public bool HasNews => IsGone || !ReferenceEquals(View, Mailbox.Snapshot);

    /// <summary>SEARCH finds it among the recent ones.</summary>
    public bool IsRecent(Uid uid) => _recent.Contains(uid);

    /// <summary><c>\Recent</c> is told with its flags: not to clients of IMAP4rev2, RFC 9051 §2.3.2.</summary>
    public bool HasRecentFlag(Uid uid) => _tellsRecent && IsRecent(uid);

    /// <summary>Number of messages in the view with <c>\Recent</c>.</summary>
    public int RecentCount => _recent.CountIn(View);

    /// <summary>The client has been told these messages' flags as they are in a later snapshot, or knows them by itself.</summary>
    public void RememberTold(UidSet uids, MailboxSnapshot asOf)
    {
        if (_told.Count == ToldMax)
        {
            _told.Clear(); // The view has been held back for long. To tell flags twice does no harm.
        }
        _told.Add((uids, asOf.HighestModSeq));
    }

    /// <inheritdoc cref="SequenceSet.TryResolve"/>
    public bool TryResolve(SequenceSet set, Numbering numbering, out IndexRanges indices) => set.TryResolve(View, numbering, Saved, out indices);

    /// <summary>This session has brought these messages here itself.</summary>
    public void NoteOwn(IEnumerable<Uid> uids) => _own.UnionWith(uids);

    /// <summary>A message that is not told yet was brought by this session.</summary>
    public bool IsOwn(Uid uid) => _own.Contains(uid);

    /// <summary>FLAGS and PERMANENTFLAGS — RFC 3501 §7.2.6, §7.1.</summary>
    public void WriteKeywords(ImapWriter writer, KeywordTable keywords)
    {
        _keywordsTold = keywords;
        writer.Write("* FLAGS ("u8);
        WriteFlagNames(writer, keywords);
        writer.Write(")\r\n* OK [PERMANENTFLAGS ("u8);
        if (!IsReadOnly)
        {
            WritePermanentFlags(writer, keywords);
        }
        writer.Write(IsReadOnly ? ")] no permanent flags here\r\n"u8 : ")] flags that are kept\r\n"u8);
    }

    /// <summary>FLAGS must come before a message is told to have a keyword that the client has not heard of.</summary>
    public void WriteNewKeywords(ImapWriter writer, KeywordTable keywords)
    {
        if (keywords.Names.Count > _keywordsTold.Names.Count)
        {
            WriteKeywords(writer, keywords);
        }
    }

    /// <summary>
    /// A FETCH response about a message of the view that tells what became of it:
    /// "FETCH" SP "(" [FLAGS …] [UID …] [MODSEQ …] ")".
    /// </summary>
    public void WriteChange(ImapWriter writer, int index, in MessageRecord record, KeywordTable keywords, ChangeItems items)
    {
        BeginFetch(writer, index, record.Uid);
        WriteItems(writer, record, keywords, items);
        writer.Write(")\r\n"u8);
    }

    /// <summary>
    /// The beginning of what tells of a message: nz-number SP "FETCH" SP "(" — RFC 3501 §9; or uniqueid SP "UIDFETCH" SP "(" — RFC 9586 §4.
    /// </summary>
    public void BeginFetch(ImapWriter writer, int index, Uid uid)
    {
        writer.Write("* "u8);
        writer.WriteNumber(_isUidOnly ? uid.Value : index + 1);
        writer.Write(_isUidOnly ? " UIDFETCH ("u8 : " FETCH ("u8);
    }

    /// <summary>The same items inside such a response.</summary>
    public void WriteItems(ImapWriter writer, in MessageRecord record, KeywordTable keywords, ChangeItems items)
    {
        bool hasFlags = (items & ChangeItems.Flags) != 0;
        bool hasUid = (items & ChangeItems.Uid) != 0;
        if (hasFlags)
        {
            writer.Write("FLAGS "u8);
            writer.WriteFlags(record, keywords, HasRecentFlag(record.Uid));
        }
        if (hasUid)
        {
            writer.Write(hasFlags ? " UID "u8 : "UID "u8);
            writer.WriteNumber(record.Uid.Value);
        }
        if ((items & ChangeItems.ModSeq) != 0)
        {
            writer.Write(hasFlags || hasUid ? " "u8 : ""u8);
            WriteModSeq(writer, record);
        }
    }

    /// <summary>A message's mod-sequence; from it the client reckons what it has heard of.</summary>
    public void WriteModSeq(ImapWriter writer, in MessageRecord record)
    {
        writer.WriteModSeq(record.ModSeq);
        _modSeqs.Note(record.ModSeq);
    }

    /// <summary>At the end of a command: what HIGHESTMODSEQ must say, or null where nothing must be said.</summary>
    public ModSeq? SettleModSeqs(ImapExtensions enabled) =>
        _modSeqs.Settle(View.HighestModSeq) is { } highest && (enabled & ImapExtensions.CondStore) != 0 && !_hasWithheld ? highest : null;

    /// <summary>
    /// Tells what has changed since the view, and advances it. With messages gone and EXPUNGE not allowed, nothing but
    /// REMOVEFROM is told yet: the view stays whole.
    /// </summary>
    public async ValueTask ReportAsync(ImapWriter writer, ImapExtensions enabled, bool mayExpunge, SelectedScope scope)
    {
        MailboxSnapshot latest = Mailbox.Snapshot;
        if (ReferenceEquals(latest, View) || latest.UidValidity != View.UidValidity)
        {
            _told.Clear();
            await (Contexts?.TellAgedAsync(writer, SearchTarget.Of(this)) ?? default);
            return;
        }
        MailboxDifference difference = MailboxDifference.Between(View, latest);
        await (Contexts?.TellExpungedAsync(writer, View, difference) ?? default); // Also where EXPUNGE must wait: RFC 5267 §4.3.2, §A.3.
        if (difference.Expunged.Length > 0 && !mayExpunge)
        {
            return;
        }
        await WriteExpungedAsync(writer, difference, enabled);
        View = latest;
        _modSeqs.ViewTold(difference.Expunged.Length > 0);
        WriteCounts(writer, difference.AppendedCount > 0);
        WriteNewKeywords(writer, latest.Keywords);
        for (int i = 0; i < difference.Changed.Length; i++)
        {
            int index = difference.Changed[i];
            if (IsTold(latest[index]))
            {
                continue;
            }
            _hasWithheld |= !scope.TellsFlags; // From here on the client does not know all up to any mod-sequence.
            if (scope.TellsFlags)
            {
                WriteChange(writer, index, latest[index], latest.Keywords, ChangeItems.Flags | enabled.ItemsBesideFlags() | scope.ItemsBesideFlags);
            }
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        _told.Clear();
        _told.TrimExcess();
        await (Contexts?.TellChangedAsync(writer, SearchTarget.Of(this), difference, scope.Arrivals) ?? default);
        if (scope.Arrivals is { } arrivals && difference.AppendedCount > 0)
        {
            await arrivals.TellOthersAsync(IndexRanges.FromRanges([(latest.Count - difference.AppendedCount, latest.Count - 1)]));
        }
        _own.Clear();
    }

    public ValueTask DisposeAsync() => Mailbox.DisposeAsync();

    /// <summary>VANISHED for clients that have enabled it, or know no numbers, else EXPUNGE: RFC 7162 §3.2.10, RFC 9586 §3.4.</summary>
    private async ValueTask WriteExpungedAsync(ImapWriter writer, MailboxDifference difference, ImapExtensions enabled)
    {
        if ((enabled & (ImapExtensions.QResync | ImapExtensions.UidOnly)) != 0)
        {
            MailboxSnapshot view = View;
            await VanishedResponse.WriteAsync(writer, VanishedKind.Now, UidSet.FromUids(difference.Expunged.ToArray().Select(i => view[i].Uid)));
            return;
        }
        for (int i = difference.Expunged.Length - 1; i >= 0; i--)
        {
            // From the last to the first, so that no number shifts another.
            writer.Write("* "u8);
            writer.WriteNumber(difference.Expunged[i] + 1);
            writer.Write(" EXPUNGE\r\n"u8);
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
    }

    private static void WriteFlagNames(ImapWriter writer, KeywordTable keywords)
    {
        writer.Write(SystemFlagList);
        foreach (string keyword in keywords.Names)
        {
            writer.Write(" "u8);
            writer.Write(keyword);
        }
    }

    /// <summary>Only what the user's rights let him change: RFC 4314 §5.1.1.</summary>
    private void WritePermanentFlags(ImapWriter writer, KeywordTable keywords)
    {
        Rights rights = Rights;
        if (rights == Rights.All)
        {
            WriteFlagNames(writer, keywords);
            writer.Write(keywords.Names.Count < KeywordTable.KeywordsMax ? " \\*"u8 : ""u8);
            return;
        }
        List<string> flags = [];
        if (rights.Has(Rights.Write))
        {
            flags.AddRange(["\\Answered", "\\Flagged", "\\Draft"]);
        }
        if (rights.Has(Rights.DeleteMessages))
        {
            flags.Add("\\Deleted");
        }
        if (rights.Has(Rights.Seen))
        {
            flags.Add("\\Seen");
        }
        if (rights.Has(Rights.Write))
        {
            flags.AddRange(keywords.Names);
            if (keywords.Names.Count < KeywordTable.KeywordsMax)
            {
                flags.Add("\\*");
            }
        }
        writer.Write(string.Join(' ', flags));
    }

    private static ReadOnlySpan<byte> SystemFlagList => SystemFlagNames.All;

    private void WriteCounts(ImapWriter writer, bool hasGrown)
    {
        if (hasGrown)
        {
            _recent.Claim();
            writer.Write("* "u8);
            writer.WriteNumber(View.Count);
            writer.Write(" EXISTS\r\n"u8);
        }
        int recent = _recent.CountIn(View);
        if (_tellsRecent && (hasGrown || recent != _recentTold))
        {
            writer.Write("* "u8);
            writer.WriteNumber(recent);
            writer.Write(" RECENT\r\n"u8);
            _recentTold = recent;
        }
    }

    private bool IsTold(in MessageRecord record)
    {
        foreach ((UidSet uids, ModSeq asOf) in _told)
        {
            if (record.ModSeq <= asOf && uids.Contains(record.Uid))
            {
                return true;
            }
        }
        return false;
    }
}
