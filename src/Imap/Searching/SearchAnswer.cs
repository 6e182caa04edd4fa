using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>Writes what a search found, a block of the connection at a time, however much it is.</summary>
internal sealed class SearchAnswer(ImapWriter writer, MailboxSnapshot view, SearchCorrelator correlator)
{
    /// <summary>
    /// mailbox-data = "SEARCH" *(SP nz-number) — RFC 3501 §9; sort-data likewise, RFC 5256 §5;
    /// both with [SP "(" "MODSEQ" SP mod-sequence-value ")"] — RFC 7162 §7.
    /// </summary>
    /// <param name="word">SEARCH or SORT.</param>
    /// <param name="found">In the order of the result.</param>
    /// <param name="highest">Their highest mod-sequence, where that was asked for.</param>
    public async ValueTask WriteListAsync(string word, List<int> found, ModSeq? highest)
    {
        writer.Write("* "u8);
        writer.Write(word);
        foreach (int index in found)
        {
            writer.Write(" "u8);
            writer.WriteNumber(NumberOf(index));
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        if (highest is { } modSeq)
        {
            writer.Write(" (MODSEQ "u8);
            writer.WriteNumber((long)modSeq.Value);
            writer.Write(")"u8);
        }
        writer.Write("\r\n"u8);
    }

    /// <summary>esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data) — RFC 4466 §3.</summary>
    /// <param name="options">What to tell.</param>
    /// <param name="found">In the order of the result: as much of its beginning and its end as the options need.</param>
    /// <param name="highest">The highest mod-sequence of what is told, where that was asked for: RFC 4731 §3.2.</param>
    /// <param name="scores">The relevancy of each index, where that is told.</param>
    public async ValueTask WriteExtendedAsync(SearchReturn options, List<int> found, ModSeq? highest, Dictionary<int, int>? scores)
    {
        correlator.Write(writer);
        // Without a match only COUNT is told. RFC 4731 §3.1.
        if (options.Has(ReturnItems.Min) && found.Count > 0)
        {
            writer.Write(" MIN "u8);
            writer.WriteNumber(NumberOf(found[0]));
        }
        if (options.Has(ReturnItems.Max) && found.Count > 0)
        {
            writer.Write(" MAX "u8);
            writer.WriteNumber(NumberOf(found[^1]));
        }
        if (options.Has(ReturnItems.All) && found.Count > 0)
        {
            writer.Write(" ALL "u8);
            await WriteSetAsync(found, 0, found.Count);
        }
        if (options.Partial is { } partial)
        {
            await WritePartialAsync(partial, found);
        }
        if (options.Has(ReturnItems.Relevancy) && scores is not null && found.Count > 0)
        {
            (int start, int count) = options.Partial?.Of(found.Count) ?? (0, found.Count);
            await WriteScoresAsync(found.Skip(start).Take(count).Select(i => scores[i]));
        }
        if (options.Has(ReturnItems.Count))
        {
            writer.Write(" COUNT "u8);
            writer.WriteNumber(found.Count);
        }
        if (highest is { } modSeq)
        {
            writer.Write(" MODSEQ "u8);
            writer.WriteNumber((long)modSeq.Value);
        }
        writer.Write("\r\n"u8);
    }

    /// <summary>ret-data-partial = "PARTIAL" SP "(" partial-range SP (sequence-set / "NIL") ")" — RFC 9394 §4.</summary>
    private async ValueTask WritePartialAsync(PartialRange partial, List<int> found)
    {
        (int start, int count) = partial.Of(found.Count);
        writer.Write(" PARTIAL ("u8);
        writer.Write(partial.Text);
        writer.Write(count == 0 ? " NIL"u8 : " "u8);
        await WriteSetAsync(found, start, count);
        writer.Write(")"u8);
    }

    /// <summary>"RELEVANCY" SP "(" [score *(SP score)] ")", in the order of the messages that are told — RFC 6203 §7.</summary>
    private async ValueTask WriteScoresAsync(IEnumerable<int> scores)
    {
        writer.Write(" RELEVANCY ("u8);
        bool isFirst = true;
        foreach (int score in scores)
        {
            writer.Write(isFirst ? ""u8 : " "u8);
            writer.WriteNumber(score);
            isFirst = false;
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        writer.Write(")"u8);
    }

    /// <summary>sequence-set in the order of the result.</summary>
    private ValueTask WriteSetAsync(List<int> found, int start, int count) => writer.WriteSetAsync(found.Skip(start).Take(count).Select(NumberOf));

    private uint NumberOf(int index) => correlator.Numbering == Numbering.Uid ? view[index].Uid.Value : (uint)index + 1;
}
