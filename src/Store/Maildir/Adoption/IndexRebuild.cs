using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir.Adoption;

/// <summary>
/// An index made from the files of a mailbox and from the list of UIDs beside them: ours where the index was lost, another server's
/// where the mailbox is taken over. UIDVALIDITY, UIDs, UIDNEXT, flags, keywords and dates stay. On workers.
/// </summary>
internal static class IndexRebuild
{
    /// <summary>Writes what it makes. New to the store: the list of UIDs in Dovecot's format as well, with the UIDLs that POP3 clients know.</summary>
    public static IndexState Run(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, UidListFile uidList, Action<int, int> progress)
    {
        AdoptedList adopted = AdoptedList.Read(store.Files, folder.Path, uidList);
        List<IndexFrame> frames = IndexFile.ReadLog(store.Files, folder.Path, out _);
        bool wasOurs = frames.Count > 0 || store.Files.TryStat(Path.Combine(folder.Path, IndexFile.IndexName), out _);
        Guid guid = adopted.Uids is { Guid: { } known } && known != Guid.Empty ? known : Guid.NewGuid();
        var state = new IndexState(guid, adopted.Uids?.UidValidity ?? newUidValidity());
        if (adopted.Uids is { } list)
        {
            state.UidNext = list.UidNext;
            // Mod-sequences were lost with the index, or another server gave them.
            state.HighestModSeq = ModSeq.AfterLoss(store.Clock.GetUtcNow());
            state.Sequence = frames.Count > 0 ? frames[^1].Sequence : 0;
            new Making(store, folder, state, list).AddAll(frames, adopted.ReadKeywords(), progress);
        }
        KeywordLetters letters = KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);
        (long New, long Cur) times = folder.Times();
        new Rebuilding(letters, state).AddOthers(folder.Look(), store.Clock.GetUtcNow().ToUnixTimeSeconds());
        (state.NewFolderTicks, state.CurFolderTicks) = MailboxRefresh.Trustworthy(store, times);
        store.Files.Unlink(Path.Combine(folder.Path, VanishedFile.FileName)); // Its mod-sequences are of the index that was lost.
        IndexFile.Write(store.Files, folder.Path, state);
        KeywordsFile.Write(store.Files, folder.Path, state, letters);
        uidList.Write(state, adopted.Uids?.Fields ?? new Dictionary<Uid, string>());
        if (wasOurs)
        {
            store.Log.IndexRebuilt(folder.Path, state.Records.Count);
        }
        else if (adopted.Uids is not null)
        {
            store.Log.MailboxAdopted(folder.Path, adopted.Format, state.Records.Count, state.UidValidity.Value);
        }
        return state;
    }

    /// <summary>Another program has given the mailbox another UIDVALIDITY, which clients have seen: what we know of messages moves to their new UIDs.</summary>
    public static IndexState Renumber(MaildirStore store, MaildirFolder folder, IndexState old, UidList list, UidListFile uidList)
    {
        var state = new IndexState(Guid.NewGuid(), list.UidValidity)
        {
            UidNext = list.UidNext,
            HighestModSeq = new ModSeq(old.HighestModSeq.Value + 1),
            Sequence = old.Sequence,
            Keywords = old.Keywords,
        };
        new Making(store, folder, state, list).AddAll(old);
        store.Files.Unlink(Path.Combine(folder.Path, VanishedFile.FileName));
        IndexFile.Write(store.Files, folder.Path, state);
        uidList.Write(state);
        store.Log.MailboxRenumbered(folder.Path, old.UidValidity.Value, list.UidValidity.Value);
        return state;
    }

    /// <summary>Messages that another program has given UIDs which we have not given yet. True where there is news.</summary>
    public static bool AddNews(MaildirStore store, MaildirFolder folder, IndexState state, UidList list)
    {
        List<(Uid Uid, string BaseName)> newer = [.. list.Entries.Where(e => e.Uid >= state.UidNext)];
        bool isNews = list.UidNext > state.UidNext;
        if (newer.Count > 0)
        {
            state.HighestModSeq = new ModSeq(state.HighestModSeq.Value + 1);
            new Making(store, folder, state, list).AddNewer(newer);
        }
        state.UidNext = isNews ? list.UidNext : state.UidNext;
        return isNews;
    }

    /// <summary>One run over a mailbox.</summary>
    private sealed class Making(MaildirStore store, MaildirFolder folder, IndexState state, UidList list)
    {
        private readonly Dictionary<string, FoundFile> _found = folder.Scan();
        private readonly KeywordLetters _letters =
            KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);

        /// <summary>All that the list and the log name.</summary>
        public void AddAll(List<IndexFrame> frames, IReadOnlyDictionary<string, IReadOnlyList<string>> keywordsOfOthers, Action<int, int> progress)
        {
            Dictionary<uint, string> names = list.Entries.ToDictionary(e => e.Uid.Value, e => e.BaseName);
            (KeywordTable table, Dictionary<uint, ulong> masks) = KeywordsFile.Read(store.Files, folder.Path, state.UidValidity);
            state.Keywords = table;
            bool isTableWhole = true;
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
                if (frame.NewKeywords.Count > 0)
                {
                    isTableWhole &= frame.FirstKeyword <= state.Keywords.Names.Count;
                    state.Keywords = isTableWhole
                        ? new KeywordTable([.. state.Keywords.Names.Take(frame.FirstKeyword), .. frame.NewKeywords]) : state.Keywords;
                }
                state.UidNext = frame.UidNext > state.UidNext ? frame.UidNext : state.UidNext;
            }
            int done = 0;
            foreach ((uint uid, string baseName) in names.OrderBy(n => n.Key))
            {
                progress(++done, names.Count);
                if (!_found.Remove(baseName, out FoundFile file) || Read(new Uid(uid), file) is not { } message)
                {
                    continue;
                }
                ulong mask = MaskOf(message, keywordsOfOthers.GetValueOrDefault(baseName)) | masks.GetValueOrDefault(uid);
                if (details.TryGetValue(uid, out MessageRecord logged))
                {
                    ulong known = state.Keywords.Names.Count >= 64 ? ulong.MaxValue : (1UL << state.Keywords.Names.Count) - 1;
                    Put(uid, message, isTableWhole ? logged.Keywords & known : mask, logged);
                }
                else
                {
                    Put(uid, message, mask, null);
                }
            }
        }

        /// <summary>The list's messages, with what an index of other UIDs knew of them.</summary>
        public void AddAll(IndexState old)
        {
            Dictionary<string, MessageRecord> known = new(StringComparer.Ordinal);
            foreach (MessageRecord record in old.Records)
            {
                known[old.Names[Locator.Of(record).NamePlace]] = record;
            }
            foreach ((Uid uid, string baseName) in list.Entries)
            {
                if (_found.Remove(baseName, out FoundFile file) && Read(uid, file) is { } message)
                {
                    MessageRecord? before = known.TryGetValue(baseName, out MessageRecord record) ? record : null;
                    Put(uid.Value, message, MaskOf(message, null) | (before is { } b ? WithoutLetters(b.Keywords) : 0), before is { } d ? d with { Flags = message.File.Name.Letters.Flags } : null);
                }
            }
        }

        public void AddNewer(List<(Uid Uid, string BaseName)> newer)
        {
            HashSet<string> known = [.. state.Records.Select(r => state.Names[Locator.Of(r).NamePlace])];
            foreach ((Uid uid, string baseName) in newer)
            {
                if (!known.Contains(baseName) && _found.Remove(baseName, out FoundFile file) && Read(uid, file) is { } message)
                {
                    Put(uid.Value, message, MaskOf(message, null), null);
                }
            }
        }

        private Listed? Read(Uid uid, FoundFile file)
        {
            if (!store.Files.TryStat(folder.Full(file.RelativePath), out FileFacts facts) || facts.IsFolder)
            {
                return null;
            }
            long told = AdoptedList.ToldOctets(file.Name.Base, list.Fields.GetValueOrDefault(uid), facts.Octets);
            long seconds = (facts.ModifiedTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
            Measure? measure = told < 0 ? Measure.Of(store.Files, folder, file) : new Measure(told, told > facts.Octets, seconds);
            return measure is { } known ? new Listed(file, known) : null;
        }

        private ulong MaskOf(Listed message, IReadOnlyList<string>? further)
        {
            ulong mask = 0;
            foreach (string keyword in _letters.NamesOf(message.File.Name.Letters.Keywords).Concat(further ?? []))
            {
                // One by one: where the table is full, the ones that still found room stay.
                if (state.Keywords.TryWith([keyword], out KeywordTable? table, out ulong bit))
                {
                    state.Keywords = table;
                    mask |= bit;
                }
            }
            return mask;
        }

        private ulong WithoutLetters(ulong mask)
        {
            for (int bit = 0; bit < state.Keywords.Names.Count; bit++)
            {
                mask &= _letters.HasLetter(state.Keywords.Names[bit]) ? ~(1UL << bit) : ulong.MaxValue;
            }
            return mask;
        }

        private void Put(uint uid, Listed message, ulong keywords, MessageRecord? logged)
        {
            long date = logged?.InternalDateSeconds ?? message.Measure.ModifiedSeconds;
            state.Put(new MessageRecord
            {
                Uid = new Uid(uid),
                Flags = logged?.Flags ?? message.File.Name.Letters.Flags,
                Keywords = keywords,
                ModSeq = state.HighestModSeq,
                InternalDateSeconds = date,
                SavedDateSeconds = logged?.SavedDateSeconds ?? date,
                Octets = message.Measure.Octets,
                Locator = Locator.Create(state.Names.Add(message.File.Name.Base), message.File.IsInNew, message.Measure.HasBareLf, message.File.Name.Letters).Value,
            });
        }
    }
}

/// <summary>A message of a list whose file is there.</summary>
internal readonly record struct Listed(FoundFile File, Measure Measure);
