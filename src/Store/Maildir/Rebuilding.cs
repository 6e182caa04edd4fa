using System.Text;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>An index that is being made from the files of a mailbox.</summary>
internal sealed class Rebuilding(KeywordLetters letters, IndexState state)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, ulong> _masks = [];

    public IndexState State => state;

    /// <summary>The messages of a list and of what the log says since, as far as their files are there.</summary>
    public void AddListed(UidList list, List<IndexFrame> frames, ScannedFolder found)
    {
        Dictionary<uint, string> names = list.Entries.ToDictionary(e => e.Uid.Value, e => e.BaseName);
        Dictionary<uint, MessageRecord> details = [];
        foreach (IndexFrame frame in frames)
        {
            int first = frame.Upserts.Count - frame.Arrivals.Count;
            for (int i = 0; i < frame.Upserts.Count; i++)
            {
                MessageRecord record = frame.Upserts[i];
                details[record.Uid.Value] = record;
                if (i >= first)
                {
                    names[record.Uid.Value] = frame.Arrivals[i - first].BaseName;
                }
            }
            state.UidNext = frame.UidNext > state.UidNext ? frame.UidNext : state.UidNext;
        }
        foreach ((uint uid, string baseName) in names.OrderBy(n => n.Key))
        {
            if (found.TryGet(Encoding.UTF8.GetBytes(baseName), out ScannedFile file) && _taken.Add(baseName))
            {
                Add(file, new Uid(uid), details.TryGetValue(uid, out MessageRecord logged) ? logged : null, 0);
            }
        }
    }

    /// <summary>All other messages get new UIDs.</summary>
    public void AddOthers(ScannedFolder found, long nowSeconds)
    {
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
                Add(file, uid, null, nowSeconds);
            }
        }
    }

    private void Add(in ScannedFile file, Uid uid, MessageRecord? logged, long nowSeconds)
    {
        long place = state.Names.Add(file.Base);
        if (place < 0)
        {
            return;
        }
        bool isMeasured = logged is { IsMeasured: true };
        state.Put(new MessageRecord
        {
            Uid = uid,
            Flags = logged?.Flags ?? file.Letters.Flags,
            Traits = isMeasured ? RecordTraits.None : RecordTraits.Unmeasured,
            Keywords = MaskOf(file.Letters.Keywords),
            ModSeq = state.HighestModSeq,
            InternalDateSeconds = isMeasured ? logged!.Value.InternalDateSeconds : 0,
            SavedDateSeconds = logged?.SavedDateSeconds ?? nowSeconds,
            Octets = isMeasured ? logged!.Value.Octets : 0,
            Locator = Locator.Create(place, file.IsInNew, isMeasured && Locator.Of(logged!.Value).HasBareLf, file.Letters).Value,
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
