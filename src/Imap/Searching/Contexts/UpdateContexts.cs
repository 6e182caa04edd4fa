using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Searching.Contexts;

/// <summary>The results that a session wants to be kept up to date, of the mailbox that is selected. RFC 5267 §4.3.</summary>
internal sealed class UpdateContexts(ImapServices services)
{
    private readonly List<UpdateContext> _contexts = [];

    /// <summary>A context has this tag.</summary>
    public bool Has(ReadOnlyMemory<byte> tag) => _contexts.Exists(c => tag.Span.SequenceEqual(c.Tag));

    /// <summary>False where there are too many; the first is always taken. RFC 5267 §4.3.1.</summary>
    public bool TryAdd(UpdateContext context)
    {
        bool fits = _contexts.Count == 0 || (_contexts.Count < services.Limits.UpdateContextsMax
            && _contexts.Sum(c => (long)c.Count) + context.Count <= services.Limits.UpdateMessagesMax);
        if (fits)
        {
            _contexts.Add(context);
        }
        return fits;
    }

    /// <summary>Nothing more is told of it.</summary>
    public void Cancel(ReadOnlyMemory<byte> tag) => _contexts.RemoveAll(c => tag.Span.SequenceEqual(c.Tag));

    /// <summary>Before EXPUNGE, so that numbers still mean what they meant: RFC 5267 §4.3.4.</summary>
    public async ValueTask TellExpungedAsync(ImapWriter writer, MailboxSnapshot view, MailboxDifference difference)
    {
        if (difference.Expunged.Length == 0)
        {
            return;
        }
        HashSet<Uid> gone = [.. difference.Expunged.ToArray().Select(i => view[i].Uid)];
        foreach (UpdateContext context in _contexts)
        {
            await context.TellExpungedAsync(writer, view, gone);
        }
    }

    /// <summary>Data items of new messages are asked for with a result.</summary>
    public bool AskArrivals => _contexts.Exists(c => c.AsksArrivals);

    /// <summary>After EXISTS and FETCH: RFC 5267 §4.3.2, §4.3.3.</summary>
    public ValueTask TellChangedAsync(ImapWriter writer, SearchTarget target, MailboxDifference difference, ArrivalReport? arrivals)
    {
        int count = target.View.Count;
        IndexRanges appended = difference.AppendedCount == 0 ? IndexRanges.Empty : IndexRanges.FromRanges([(count - difference.AppendedCount, count - 1)]);
        return TellAsync(writer, target, appended, IndexRanges.FromRanges([.. difference.Changed.ToArray().Select(i => (i, i))]), arrivals);
    }

    /// <summary>Nothing has changed but the time. RFC 5032 §2 lets a server look at it when it likes.</summary>
    public ValueTask TellAgedAsync(ImapWriter writer, SearchTarget target) => TellAsync(writer, target, IndexRanges.Empty, IndexRanges.Empty, null);

    private async ValueTask TellAsync(ImapWriter writer, SearchTarget target, IndexRanges appended, IndexRanges changed, ArrivalReport? arrivals)
    {
        foreach (UpdateContext context in _contexts.ToArray())
        {
            if (await context.TellChangedAsync(writer, target, appended, changed, arrivals) != StoreError.None)
            {
                // What cannot be read now would be missing for ever.
                WriteRefusal(writer, context.Tag, "the result cannot be kept up to date any more");
                _contexts.Remove(context);
            }
        }
    }

    /// <summary>resp-text-code =/ "NOUPDATE" SP quoted — RFC 5267 §5.</summary>
    public static void WriteRefusal(ImapWriter writer, ReadOnlyMemory<byte> tag, string text)
    {
        writer.Write("* NO [NOUPDATE "u8);
        writer.WriteString(tag.Span);
        writer.Write("] "u8);
        writer.Write(text);
        writer.Write("\r\n"u8);
    }
}
