using System.Text;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>An index that is being made from the files of a mailbox.</summary>
internal sealed class Rebuilding(KeywordLetters letters, IndexState state)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, ulong> _masks = [];

    public IndexState State => state;

    /// <summary>All other messages get new UIDs.</summary>
    public void AddOthers(ScannedFolder found, long nowSeconds)
    {
        foreach (MessageRecord record in state.Records)
        {
            _taken.Add(state.Names[Locator.Of(record).NamePlace]);
        }
        foreach (ScannedFile file in found.InOrder())
        {
            if (state.UidNext.Value >= uint.MaxValue - 1)
            {
                return; // As after any message that no UID is left for: it is not shown.
            }
            if (_taken.Count == 0 || !_taken.Contains(file.BaseText))
            {
                Uid uid = state.UidNext;
                state.UidNext = new Uid(uid.Value + 1);
                Add(file, uid, nowSeconds);
            }
        }
    }

    private void Add(in ScannedFile file, Uid uid, long nowSeconds)
    {
        long place = state.Names.Add(file.Base);
        if (place < 0)
        {
            return;
        }
        state.Put(new MessageRecord
        {
            Uid = uid,
            Flags = file.Letters.Flags,
            Traits = RecordTraits.Unmeasured,
            Keywords = MaskOf(file.Letters.Keywords),
            ModSeq = state.HighestModSeq,
            SavedDateSeconds = nowSeconds,
            Octets = 0,
            Locator = Locator.Create(place, file.IsInNew, false, file.Letters).Value,
        });
    }

    private ulong MaskOf(uint keywordLetters)
    {
        if (keywordLetters == 0 || _masks.TryGetValue(keywordLetters, out ulong mask))
        {
            return keywordLetters == 0 ? 0 : _masks[keywordLetters];
        }
        if (state.Keywords.TryWith(letters.NamesOf(keywordLetters), out KeywordTable? table, out mask))
        {
            state.Keywords = table;
        }
        else
        {
            mask = 0;
        }
        _masks.Add(keywordLetters, mask);
        return mask;
    }
}
