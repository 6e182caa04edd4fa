using MailAccess.Imap.Mailboxes;

namespace MailAccess.Imap.Grammar;

/// <summary>The data items of FETCH. RFC 3501 §6.4.5.</summary>
internal enum FetchKind
{
    /// <summary>FLAGS</summary>
    Flags,
    /// <summary>UID</summary>
    Uid,
    /// <summary>INTERNALDATE</summary>
    InternalDate,
    /// <summary>RFC822.SIZE</summary>
    Size,
    /// <summary>ENVELOPE</summary>
    Envelope,
    /// <summary>BODY without section</summary>
    Body,
    /// <summary>BODYSTRUCTURE</summary>
    BodyStructure,
    /// <summary>EMAILID, RFC 8474 §5.3</summary>
    EmailId,
    /// <summary>THREADID, RFC 8474 §5.3</summary>
    ThreadId,
    /// <summary>SAVEDATE, RFC 8514 §4.2</summary>
    SavedDate,
    /// <summary>PREVIEW, RFC 8970 §3</summary>
    Preview,
    /// <summary>PREVIEW (LAZY): NIL where it is not ready. RFC 8970 §4.1</summary>
    LazyPreview,
    /// <summary>MODSEQ, RFC 7162 §3.1.4.2</summary>
    ModSeq,
    /// <summary>BODY[…], BODY.PEEK[…], RFC822, RFC822.HEADER, RFC822.TEXT</summary>
    Section,
    /// <summary>BINARY[…], BINARY.PEEK[…], RFC 3516 §4.2</summary>
    Binary,
    /// <summary>BINARY.SIZE[…], RFC 3516 §4.2</summary>
    BinarySize,
}

/// <summary>One data item.</summary>
internal readonly record struct FetchItem(FetchKind Kind, BodySection? Section = null);

/// <summary>What a FETCH asks of each message, in the client's order.</summary>
internal sealed class FetchPlan
{
    private FetchPlan(List<FetchItem> items) => Items = [.. items];

    /// <summary>The items; each once.</summary>
    public FetchItem[] Items { get; private init; }

    /// <summary>Among them is what only a summary says: it is made where there is none.</summary>
    public bool NeedsSummary => Items.Any(i => i.Kind is FetchKind.Envelope or FetchKind.Body or FetchKind.BodyStructure
        or FetchKind.EmailId or FetchKind.ThreadId or FetchKind.Preview);

    /// <summary>Among them is what a summary says if there is one.</summary>
    public bool MayUseSummary => NeedsSummary || Items.Any(i => i.Kind == FetchKind.LazyPreview || i.Section is { IsOfKeptFields: true });

    /// <summary>RFC822.SIZE or INTERNALDATE are among them: messages must be measured.</summary>
    public bool NeedsMeasure => Items.Any(i => i.Kind is FetchKind.Size or FetchKind.InternalDate);

    /// <summary>Among them is what shows a header.</summary>
    public bool ShowsHeaders => Items.Any(i => i.Section is not null || i.Kind is FetchKind.Envelope or FetchKind.Body or FetchKind.BodyStructure);

    /// <summary>BODY or BODYSTRUCTURE is among them.</summary>
    public bool ShowsStructure => Has(FetchKind.Body) || Has(FetchKind.BodyStructure);

    /// <summary>The message is read, and not only peeked at: <c>\Seen</c> is set.</summary>
    public bool SetsSeen => Items.Any(i => i.Section is { IsPeek: false });

    /// <summary>Sections without their content transfer encoding are among them, or the sizes of such.</summary>
    public bool HasBinary => Items.Any(i => i.Kind is FetchKind.Binary or FetchKind.BinarySize);

    /// <summary>Those of them that also tell of a change.</summary>
    public ChangeItems ChangeItems =>
        (Has(FetchKind.Flags) ? ChangeItems.Flags : 0) | (Has(FetchKind.Uid) ? ChangeItems.Uid : 0) | (Has(FetchKind.ModSeq) ? ChangeItems.ModSeq : 0);

    /// <summary>The same with MODSEQ, which CHANGEDSINCE brings with it: RFC 7162 §3.1.4.1.</summary>
    public FetchPlan WithModSeq() => Has(FetchKind.ModSeq) ? this : new FetchPlan([.. Items, new FetchItem(FetchKind.ModSeq)]);

    /// <summary>The same with those of another that it lacks.</summary>
    public FetchPlan With(FetchPlan other) => new([.. Items, .. other.Items.Where(o => !Items.Contains(o))]);

    /// <summary>"ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")" — RFC 3501 §9, fetch.</summary>
    /// <param name="arguments">From the first item on.</param>
    /// <param name="unasked">UID FETCH tells UIDs always: RFC 3501 §6.4.8. Else nothing.</param>
    /// <param name="isDisabled">Whether the extension that an item belongs to is switched off.</param>
    /// <param name="plan">What to fetch.</param>
    public static bool TryParse(ImapArguments arguments, ChangeItems unasked, Func<string, bool> isDisabled, out FetchPlan plan)
    {
        plan = null!;
        List<FetchItem> items = [];
        if ((unasked & ChangeItems.Uid) != 0)
        {
            items.Add(new FetchItem(FetchKind.Uid));
        }
        if (TryParseMacro(arguments, items))
        {
            plan = new FetchPlan(items);
            return true;
        }
        if (!arguments.TryWord("("u8))
        {
            bool single = TryParseItem(arguments, items, isDisabled);
            plan = new FetchPlan(items);
            return single;
        }
        do
        {
            if (items.Count > arguments.Limits.FetchItemsMax)
            {
                return arguments.Missing("fewer items");
            }
            if (!TryParseItem(arguments, items, isDisabled))
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        plan = new FetchPlan(items);
        return arguments.TryChar((byte)')', "a data item or )");
    }

    /// <summary>Macros stand alone, not in a list. RFC 3501 §6.4.5.</summary>
    private static bool TryParseMacro(ImapArguments arguments, List<FetchItem> items)
    {
        FetchKind[]? kinds = arguments.TryWord("ALL"u8) ? [FetchKind.Flags, FetchKind.InternalDate, FetchKind.Size, FetchKind.Envelope]
            : arguments.TryWord("FAST"u8) ? [FetchKind.Flags, FetchKind.InternalDate, FetchKind.Size]
            : arguments.TryWord("FULL"u8) ? [FetchKind.Flags, FetchKind.InternalDate, FetchKind.Size, FetchKind.Envelope, FetchKind.Body]
            : null;
        items.AddRange((kinds ?? []).Select(k => new FetchItem(k)));
        return kinds is not null;
    }

    /// <summary>fetch-att — RFC 3501 §9. Longer words first, since some begin with others.</summary>
    private static bool TryParseItem(ImapArguments arguments, List<FetchItem> items, Func<string, bool> isDisabled)
    {
        if (arguments.TryWord("BODYSTRUCTURE"u8))
        {
            return Add(items, new FetchItem(FetchKind.BodyStructure));
        }
        bool isPeek = arguments.TryWord("BODY.PEEK"u8);
        if (isPeek || arguments.TryWord("BODY"u8))
        {
            if (!isPeek && arguments.Next != (byte)'[')
            {
                return Add(items, new FetchItem(FetchKind.Body));
            }
            bool parsed = BodySection.TryParse(arguments, isPeek, out BodySection section);
            return parsed && Add(items, new FetchItem(FetchKind.Section, section));
        }
        if (!isDisabled("BINARY") && arguments.TryWord("BINARY"u8))
        {
            return TryParseBinary(arguments, items);
        }
        if (arguments.TryWord("RFC822"u8))
        {
            return Add(items, arguments.TryWord(".SIZE"u8) ? new FetchItem(FetchKind.Size)
                : arguments.TryWord(".HEADER"u8) ? Old("RFC822.HEADER"u8, SectionText.Header, isPeek: true)
                : arguments.TryWord(".TEXT"u8) ? Old("RFC822.TEXT"u8, SectionText.Text, isPeek: false)
                : Old("RFC822"u8, SectionText.Whole, isPeek: false));
        }
        if (!isDisabled("PREVIEW") && arguments.TryWord("PREVIEW"u8))
        {
            return TryParsePreview(arguments, items);
        }
        FetchKind? kind = arguments.TryWord("FLAGS"u8) ? FetchKind.Flags
            : arguments.TryWord("UID"u8) ? FetchKind.Uid
            : arguments.TryWord("INTERNALDATE"u8) ? FetchKind.InternalDate
            : arguments.TryWord("ENVELOPE"u8) ? FetchKind.Envelope
            : !isDisabled("OBJECTID") && arguments.TryWord("EMAILID"u8) ? FetchKind.EmailId
            : !isDisabled("OBJECTID") && arguments.TryWord("THREADID"u8) ? FetchKind.ThreadId
            : !isDisabled("SAVEDATE") && arguments.TryWord("SAVEDATE"u8) ? FetchKind.SavedDate
            : !isDisabled("CONDSTORE") && arguments.TryWord("MODSEQ"u8) ? FetchKind.ModSeq
            : null;
        return kind is { } known ? Add(items, new FetchItem(known)) : arguments.Missing("a data item of FETCH");
    }

    /// <summary>fetch-att =/ "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary — RFC 3516 §7.</summary>
    private static bool TryParseBinary(ImapArguments arguments, List<FetchItem> items)
    {
        bool isSize = arguments.TryWord(".SIZE"u8);
        bool isPeek = !isSize && arguments.TryWord(".PEEK"u8);
        BodySection section;
        bool parsed = isSize ? BodySection.TryParseBinarySize(arguments, out section) : BodySection.TryParseBinary(arguments, isPeek, out section);
        return parsed && Add(items, new FetchItem(isSize ? FetchKind.BinarySize : FetchKind.Binary, section));
    }

    /// <summary>"PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]; preview-mod = "LAZY" — RFC 8970 §6. Other parentheses may be fetch-modifiers.</summary>
    private static bool TryParsePreview(ImapArguments arguments, List<FetchItem> items)
    {
        if (!arguments.TryWord(" (LAZY"u8))
        {
            items.RemoveAll(i => i.Kind == FetchKind.LazyPreview); // The one that may not be NIL answers both.
            return Add(items, new FetchItem(FetchKind.Preview));
        }
        while (arguments.Next == (byte)' ')
        {
            if (!arguments.TryWord(" LAZY"u8))
            {
                return arguments.Missing("LAZY or )");
            }
        }
        bool isPromised = items.Exists(i => i.Kind == FetchKind.Preview);
        return arguments.TryChar((byte)')', "LAZY or )") && (isPromised || Add(items, new FetchItem(FetchKind.LazyPreview)));
    }

    private bool Has(FetchKind kind) => Array.Exists(Items, i => i.Kind == kind);

    private static FetchItem Old(ReadOnlySpan<byte> label, SectionText text, bool isPeek) =>
        new(FetchKind.Section, new BodySection { Text = text, IsPeek = isPeek, Label = label.ToArray() });

    private static bool Add(List<FetchItem> items, FetchItem item)
    {
        if (item.Section is not null || !items.Contains(item))
        {
            items.Add(item);
        }
        return true;
    }
}
