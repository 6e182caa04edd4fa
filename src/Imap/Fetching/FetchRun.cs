using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>
/// Answers one FETCH. What the summary cache holds goes from there to the wire in one copy; bodies are streamed.
/// </summary>
/// <remarks>
/// A message that has been expunged by others while it is still in the view gives what is known of it, or nothing;
/// never invented data.
/// </remarks>
internal sealed class FetchRun(ImapSession session, SelectedMailbox selected, FetchPlan plan)
{
    private readonly ImapWriter _writer = session.Writer;
    private readonly SectionWriter _sections = new(session, selected);
    private readonly BinarySectionWriter _binaries = new(session, selected);
    private readonly FetchItemWriter _items = new(session.Writer, selected);
    private readonly bool _mayDowngrade = plan.ShowsHeaders && !session.Services.TakesInternationalized(session.Enabled);
    private readonly bool _describesGlobal = plan.ShowsStructure && session.IsRevision2;
    private readonly bool _needsSummary = plan.NeedsSummary;
    private readonly bool _isInSummary = plan.MayUseSummary;
    private readonly bool _mayBeCovered = plan.Items.All(i => i.Section is null or { IsOfKeptFields: true });
    private readonly List<Uid> _downgraded = [];
    private readonly bool _setsSeen = plan.SetsSeen && !selected.IsReadOnly && (selected.Rights & Store.Access.Rights.Seen) != 0; // RFC 4314 §4.
    private readonly ChangeItems _changeItems = (ChangeItems.Flags | session.Enabled.ItemsBesideFlags()) & ~plan.ChangeItems;
    private readonly bool _needsMeasure = plan.NeedsMeasure;
    private readonly bool _hasBinary = plan.HasBinary;
    private StoreError _error;
    private StoreError _measureError;
    private long _done;
    private long _goal;

    private bool MayUseSummary => _isInSummary || _mayDowngrade;

    /// <summary>The worst that happened to a message: <see cref="StoreError.Expunged"/> or something temporary.</summary>
    public StoreError Error => _error;

    /// <summary>A section of a message cannot be decoded, so; else the default. Everything else has been written. RFC 3516 §4.3.</summary>
    public ImapCompletion Refusal { get; private set; }

    /// <summary>What was shown otherwise than it is, for the code DOWNGRADED. RFC 6858 §3.</summary>
    public UidSet Downgraded => UidSet.FromUids(_downgraded);

    /// <summary>From the last message to the first, as RFC 9738 §3.1 demands where not all are given.</summary>
    public bool IsDescending { get; init; }

    /// <summary>Writes a FETCH response for each message.</summary>
    public async ValueTask RunAsync(IndexRanges targets)
    {
        _goal = targets.Count;
        session.Progress.Count(0, _goal);
        await MeasureAsync(targets);
        List<int> batch = [];
        for (int range = 0; range < targets.Ranges.Length; range++)
        {
            (int first, int last) = targets.Ranges[IsDescending ? targets.Ranges.Length - 1 - range : range];
            if (!_setsSeen)
            {
                await WriteRangeAsync(first, last);
                continue;
            }
            for (int position = 0; position <= last - first; position++)
            {
                batch.Add(IndexAt(first, last, position));
                if (batch.Count == session.Services.Limits.SeenBatchMessages)
                {
                    await ReadBatchAsync(batch);
                }
            }
        }
        await ReadBatchAsync(batch);
    }

    /// <summary>Sizes and dates of messages that another server left may not be known yet. What cannot be measured is reported where it is told.</summary>
    private async ValueTask MeasureAsync(IndexRanges targets)
    {
        if (_needsMeasure && !_needsSummary && selected.Mailbox.Snapshot.UnmeasuredCount > 0) // Who makes a summary measures too.
        {
            MailboxSnapshot view = selected.View;
            StoreResult<Done> measured = await session.Progress.WatchAsync(selected.Mailbox.MeasureAsync(
                UidSet.FromRanges(targets.Ranges.ToArray().Select(r => (view[r.First].Uid, view[r.Last].Uid))), CancellationToken.None));
            _measureError = measured.Error;
        }
    }

    /// <summary>Messages that are read, not peeked at: their <c>\Seen</c> is one commit, told with the message.</summary>
    private async ValueTask ReadBatchAsync(List<int> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }
        MailboxSnapshot view = selected.View;
        MailboxSnapshot before = selected.Mailbox.Snapshot;
        UidSet unseen = UidSet.FromUids(batch.Where(i => !IsSeen(Current(view, before, i, out _))).Select(i => view[i].Uid));
        if (!unseen.IsEmpty)
        {
            StoreResult<FlagsOutcome> seen = await session.Progress.WatchAsync(selected.Mailbox.ChangeFlagsAsync(
                unseen, FlagOperation.Add, SystemFlags.Seen, [], unchangedSince: null, CancellationToken.None));
            // Where it cannot be kept, the mail can still be read.
            unseen = seen.TryGet(out FlagsOutcome? outcome) ? outcome.Stored : UidSet.Empty;
        }
        MailboxSnapshot latest = selected.Mailbox.Snapshot;
        await using ReadAhead ahead = new(selected.Mailbox, view, p => batch[p], batch.Count, session.Services.Limits.ReadAhead);
        for (int position = 0; position < batch.Count; position++)
        {
            int i = batch[position];
            bool isChanged = unseen.Contains(view[i].Uid);
            if (!TryWriteCached(view, latest, i, isChanged))
            {
                await WriteAsync(view, latest, i, isChanged, ahead, position);
                await TickAsync();
            }
            _done++;
            if (_writer.IsFull)
            {
                await _writer.FlushAsync();
                session.Progress.Speak();
            }
        }
        if (!unseen.IsEmpty)
        {
            selected.RememberTold(unseen, latest);
        }
        batch.Clear();
    }

    private async ValueTask WriteRangeAsync(int first, int last)
    {
        MailboxSnapshot view = selected.View;
        await using ReadAhead ahead = new(selected.Mailbox, view, p => IndexAt(first, last, p), last - first + 1, session.Services.Limits.ReadAhead);
        for (int position = 0; position <= last - first; position++)
        {
            int i = IndexAt(first, last, position);
            MailboxSnapshot latest = selected.Mailbox.Snapshot;
            if (!TryWriteCached(view, latest, i, isChanged: false))
            {
                await WriteAsync(view, latest, i, isChanged: false, ahead, position);
                await TickAsync();
            }
            _done++;
            if (_writer.IsFull)
            {
                await _writer.FlushAsync();
                session.Progress.Speak();
            }
        }
    }

    private int IndexAt(int first, int last, int position) => IsDescending ? last - position : first + position;

    /// <summary>Messages that are made ready and not sent yet are silence too.</summary>
    private ValueTask TickAsync() => session.Progress.TickAsync(_done + 1, _goal);

    /// <summary>The record as it is now; of a message that is gone, as it was.</summary>
    public static ref readonly MessageRecord Current(MailboxSnapshot view, MailboxSnapshot latest, int index, out bool isGone)
    {
        isGone = false;
        if (ReferenceEquals(view, latest))
        {
            return ref view[index];
        }
        int now = latest.IndexOf(view[index].Uid);
        isGone = now < 0;
        return ref isGone ? ref view[index] : ref latest[now];
    }

    private static bool IsSeen(in MessageRecord record) => (record.Flags & SystemFlags.Seen) != 0;

    /// <summary>The way of nearly all FETCHes of lists: no waiting, no allocation. False: nothing written, go the long way.</summary>
    private bool TryWriteCached(MailboxSnapshot view, MailboxSnapshot latest, int index, bool isChanged)
    {
        if (!_mayBeCovered)
        {
            return false;
        }
        ref readonly MessageRecord record = ref Current(view, latest, index, out _);
        MessageSummary summary = default;
        bool hasSummary = MayUseSummary && selected.Mailbox.TryGetSummary(record, out summary);
        if (!hasSummary || (_needsMeasure && !record.IsMeasured))
        {
            if (_needsSummary)
            {
                return false;
            }
            summary = default;
        }
        if (hasSummary && ((_mayDowngrade && summary.IsInternationalized) || (_describesGlobal && HoldsGlobal(summary))))
        {
            return false;
        }
        foreach (FetchItem item in plan.Items)
        {
            if (item.Section is { } section && !(hasSummary && SectionWriter.IsCovered(section, summary)))
            {
                return false;
            }
        }
        selected.BeginFetch(_writer, index, record.Uid);
        for (int i = 0; i < plan.Items.Length; i++)
        {
            Separate(i);
            if (plan.Items[i].Section is { } section)
            {
                _sections.WriteCovered(section, summary);
            }
            else
            {
                _items.Write(plan.Items[i].Kind, record, latest, summary, summary);
            }
        }
        End(record, latest, isChanged);
        return true;
    }

    private async ValueTask WriteAsync(MailboxSnapshot view, MailboxSnapshot latest, int index, bool isChanged, ReadAhead ahead, int position)
    {
        MessageRecord record = Current(view, latest, index, out bool isGone);
        MessageSummary summary = default;
        bool hasSummary = MayUseSummary && selected.Mailbox.TryGetSummary(record, out summary);
        summary = hasSummary ? summary : default;
        if ((_needsSummary && (!hasSummary || (_needsMeasure && !record.IsMeasured))) || (_mayDowngrade && !hasSummary))
        {
            StoreResult<MessageSummary> made = await selected.Mailbox.GetSummaryAsync(record.Uid, CancellationToken.None);
            if (!made.TryGet(out summary))
            {
                Fail(isGone, made.Error);
                return;
            }
            latest = record.IsMeasured ? latest : selected.Mailbox.Snapshot;
            record = Current(view, latest, index, out isGone);
        }
        if (_needsMeasure && !record.IsMeasured)
        {
            Fail(isGone, _measureError == StoreError.None ? StoreError.Expunged : _measureError);
            return;
        }
        IMessageContent? content = null;
        bool isDowngraded = _mayDowngrade && summary.IsInternationalized;
        bool describesGlobal = _describesGlobal && HoldsGlobal(summary);
        bool hasSections = plan.Items.Any(i => i.Section is not null);
        if (isDowngraded || describesGlobal || hasSections)
        {
            StoreResult<IMessageContent> opened = hasSections
                ? await ahead.TakeAsync(position) : await selected.Mailbox.OpenMessageAsync(record.Uid, CancellationToken.None);
            if (!opened.TryGet(out content))
            {
                Fail(isGone, opened.Error);
                return;
            }
        }
        try
        {
            Surrogate? surrogate = isDowngraded
                ? await selected.Surrogates.GetAsync(record.Uid, content!, summary.Structure, session.Services.Limits.DowngradedHeaderOctetsMax) : null;
            if (surrogate is { Edits.Count: > 0 })
            {
                content = new EditedContent(content!, surrogate.Edits);
                _downgraded.Add(record.Uid);
            }
            MessageSummary shown = surrogate?.Summary
                ?? (describesGlobal ? (await StructureCache.ParseAsync(content!, describesGlobal)).Summarize() : summary);
            MimePart? structure = surrogate is not null ? surrogate.Structure
                : content is not null && plan.Items.Any(i => i.Section is { } s && SectionWriter.NeedsStructure(s))
                ? await selected.Structures.GetAsync(record, content)
                : null;
            FetchItem[] items = _hasBinary ? await KeepDecodableAsync(record.Uid, content!, structure) : plan.Items;
            if (items.Length == 0 && !(isChanged && _changeItems != ChangeItems.None))
            {
                return;
            }
            selected.BeginFetch(_writer, index, record.Uid);
            for (int i = 0; i < items.Length; i++)
            {
                Separate(i);
                await WriteItemAsync(items[i], record, latest, summary, shown, content, structure);
            }
            End(record, latest, isChanged, isFirst: items.Length == 0);
        }
        finally
        {
            if (content is not null)
            {
                await content.DisposeAsync();
            }
        }
    }

    /// <summary>What is kept of the message describes a message/global as RFC 3501 would have it.</summary>
    private static bool HoldsGlobal(MessageSummary summary) => summary.Body.Span.IndexOf("\"MESSAGE\" \"GLOBAL\""u8) >= 0;

    /// <summary>The items without those sections that cannot be decoded: the command fails, and what can be told is told.</summary>
    private async ValueTask<FetchItem[]> KeepDecodableAsync(Uid uid, IMessageContent content, MimePart? structure)
    {
        List<FetchItem> items = [];
        foreach (FetchItem item in plan.Items)
        {
            ImapCompletion refusal = item is { Kind: FetchKind.Binary or FetchKind.BinarySize, Section: { } section }
                ? await _binaries.MeasureAsync(section, uid, content, structure) : default;
            if (refusal.IsGiven)
            {
                Refusal = Refusal.IsGiven ? Refusal : refusal;
            }
            else
            {
                items.Add(item);
            }
        }
        return [.. items];
    }

    private ValueTask WriteItemAsync(
        FetchItem item, MessageRecord record, MailboxSnapshot latest, MessageSummary summary, MessageSummary shown, IMessageContent? content,
        MimePart? structure)
    {
        switch (item.Kind)
        {
            case FetchKind.Section:
                return _sections.WriteAsync(item.Section!, record.Uid, content!, structure);
            case FetchKind.Binary:
                return _binaries.WriteAsync(item.Section!, record.Uid, content!, structure);
            case FetchKind.BinarySize:
                _binaries.WriteSize(item.Section!, record.Uid);
                return default;
            default:
                _items.Write(item.Kind, record, latest, summary, shown);
                return default;
        }
    }

    private void Fail(bool isGone, StoreError error)
    {
        if (isGone || error is StoreError.NotFound or StoreError.Expunged)
        {
            _error = _error == StoreError.None ? StoreError.Expunged : _error;
        }
        else
        {
            _error = error;
        }
    }

    private void Separate(int item)
    {
        if (item > 0)
        {
            _writer.Write(" "u8);
        }
    }

    /// <summary>Of a message that the command itself has changed, what the client did not ask for: RFC 3501 §6.4.5, RFC 7162 §3.2.4.</summary>
    private void End(in MessageRecord record, MailboxSnapshot latest, bool isChanged, bool isFirst = false)
    {
        if (isChanged && _changeItems != ChangeItems.None)
        {
            _writer.Write(isFirst ? ""u8 : " "u8);
            selected.WriteItems(_writer, record, latest.Keywords, _changeItems);
        }
        _writer.Write(")\r\n"u8);
    }
}
