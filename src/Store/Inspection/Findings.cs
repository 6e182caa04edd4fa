using MailAccess.Message;
using MailAccess.Store.Index;

namespace MailAccess.Store.Inspection;

/// <summary>What a check collects, and what it checks whatever the format.</summary>
internal sealed class Findings
{
    private const int ExamplesMax = 5;

    public List<string> Problems { get; } = [];

    public List<string> Notes { get; } = [];

    public IndexReport ToReport(MailboxName name, IndexState? state) =>
        new() { Name = name, Messages = state?.Records.Count ?? 0, Problems = Problems, Notes = Notes };

    /// <summary>Messages of which the same is wrong, as one line with some examples.</summary>
    public void Tell(List<string> examples, string what)
    {
        if (examples.Count > 0)
        {
            string more = examples.Count > ExamplesMax ? ", ..." : "";
            Problems.Add($"{examples.Count} messages {what}: {string.Join(", ", examples.Take(ExamplesMax))}{more}");
        }
    }

    /// <summary>UIDs ascend below UIDNEXT, and nothing is newer than the mailbox.</summary>
    public void CheckRecords(IndexState state)
    {
        uint last = 0;
        foreach (MessageRecord record in state.Records)
        {
            if (record.Uid.Value <= last || record.Uid >= state.UidNext)
            {
                Problems.Add($"UID {record.Uid} is out of order, or not below UIDNEXT {state.UidNext}");
            }
            if (record.ModSeq > state.HighestModSeq)
            {
                Problems.Add($"UID {record.Uid} has a mod-sequence above the mailbox's");
            }
            last = record.Uid.Value;
        }
    }

    /// <param name="cache">Null: it is missing, or of another index.</param>
    /// <param name="state">The index.</param>
    /// <param name="keyOf">The name by which the cache knows a message, in UTF-8.</param>
    public void CheckCache(SummaryCache? cache, IndexState state, Func<MessageRecord, byte[]> keyOf)
    {
        if (cache is null)
        {
            Notes.Add($"{SummaryCache.FileName} is missing or of another index: summaries are made anew");
            return;
        }
        int damaged = 0;
        int missing = 0;
        foreach (MessageRecord record in state.Records)
        {
            bool isThere = cache.TryRead(record.CacheLocator, keyOf(record), out ReadOnlyMemory<byte> summary);
            missing += record.CacheLocator == 0 ? 1 : 0;
            damaged += record.CacheLocator != 0 && !(isThere && new MessageSummary(summary).IsValid) ? 1 : 0;
        }
        if (missing + damaged > 0)
        {
            Notes.Add($"{SummaryCache.FileName}: {missing} messages have no summary yet, {damaged} one that is damaged or of an earlier version (they are made anew when asked for)");
        }
    }
}
