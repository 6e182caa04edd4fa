using MailAccess.Store.Files;

namespace MailAccess.Store.Mbox;

/// <summary>Whether headers say what records say, and whether marks of deletion were held back from them.</summary>
internal readonly record struct WriteBackOutcome(bool IsDone, bool HasHeldMarks);

/// <summary>Which octets of a file change where messages go or their headers are brought up to date. On workers, with the locks.</summary>
internal static class SpoolEdits
{
    /// <summary>Takes the messages out of the file, and the commits that say so into the log.</summary>
    public static void Remove(MboxSpool spool, SpoolLock held, HashSet<uint> gone, IReadOnlyList<byte[]> frames, SpoolBase spoolBase)
    {
        var edits = new EditList(spool);
        bool baseGoes = spool.PseudoOctets == 0 && spool.Layout.Count > 0 && gone.Contains(spool.Layout[0].Uid);
        for (int i = 0; i < spool.Layout.Count; i++)
        {
            MboxEntry entry = spool.Layout[i];
            if (entry.Uid != 0 && gone.Contains(entry.Uid))
            {
                edits.Remove(i);
            }
            else if (baseGoes && entry.Uid != 0)
            {
                // The first one that stays now says what holds for all.
                HeaderEdit? edit = HeaderEdit.Of(held.File!, entry, b => b with
                {
                    UidValidity = spoolBase.UidValidity,
                    LastUid = spoolBase.LastUid,
                    AllKeywords = spoolBase.Keywords,
                });
                if (edit is not null)
                {
                    edits.Change(i, edit);
                }
                baseGoes = false;
            }
            else
            {
                baseGoes = false;
            }
        }
        if (edits.IsEmpty)
        {
            spool.LogStep(frames, null); // Another program was quicker.
            return;
        }
        spool.Rewrite(held, edits.Edits, edits.From, edits.Entries(), frames);
    }

    /// <summary>
    /// Brings headers up to date with the records: in place where there is room, else by moving what lies behind.
    /// What would move more than allowed is left. <paramref name="holdsMarks"/>: \Deleted stays in our records for now. mutt does not notice a change in place,
    /// and writes back what it knew: a mark that a client has just set would be gone when it expunges.
    /// </summary>
    public static WriteBackOutcome WriteBack(
        MboxSpool spool, SpoolLock held, MailboxSnapshot now, Uid firstUnclaimed, long moveOctetsMax, bool holdsMarks)
    {
        var edits = new EditList(spool);
        bool isDone = true;
        bool hasHeldMarks = false;
        bool wroteInPlace = false;
        for (int i = 0; i < spool.Layout.Count; i++)
        {
            MboxEntry entry = spool.Layout[i];
            int index = entry.Uid == 0 ? -1 : now.IndexOf(new Uid(entry.Uid));
            if (index < 0)
            {
                continue;
            }
            MessageRecord record = now[index];
            if (holdsMarks && (record.Flags & ~entry.Flags & SystemFlags.Deleted) != 0)
            {
                record = record with { Flags = record.Flags & ~SystemFlags.Deleted };
                hasHeldMarks = true;
            }
            if (!IsStale(entry, record, now.Keywords, out string[] keywords))
            {
                continue;
            }
            SpoolBase? first = i == 0 && spool.PseudoOctets == 0 ? new SpoolBase(now.UidValidity.Value, now.UidNext.Value - 1, now.Keywords.Names) : null;
            HeaderEdit? edit = HeaderEdit.Of(held.File!, entry, b => b with
            {
                Uid = record.Uid.Value,
                Flags = record.Flags,
                IsOld = b.IsOld || record.Uid < firstUnclaimed,
                Keywords = keywords,
                UidValidity = first?.UidValidity ?? 0,
                LastUid = first?.LastUid ?? 0,
                AllKeywords = first?.Keywords ?? [],
            });
            if (edit is null)
            {
                continue;
            }
            if (edit.IsInPlace)
            {
                held.File!.Write(edit.Edits[0].From, edit.Edits[0].Replacement);
                wroteInPlace = true;
                spool.Layout.Set(i, edit.Entry);
            }
            else if (spool.FileOctets - entry.Offset <= moveOctetsMax || !edits.IsEmpty)
            {
                edits.Change(i, edit);
            }
            else
            {
                isDone = false;
            }
        }
        if (wroteInPlace)
        {
            held.File!.Sync();
            spool.NoteFacts(spool.FileOctets);
        }
        if (!edits.IsEmpty)
        {
            spool.Rewrite(held, edits.Edits, edits.From, edits.Entries(), []);
        }
        return new WriteBackOutcome(isDone, hasHeldMarks);
    }

    private static bool IsStale(MboxEntry entry, in MessageRecord record, KeywordTable table, out string[] keywords)
    {
        keywords = [.. table.NamesOf(record.Keywords)];
        return entry.Flags != record.Flags || (entry.Form & MessageForm.HasUid) == 0 || entry.KeywordsHash != MetaFields.HashOf(keywords);
    }

    /// <summary>Edits of ascending messages, and the layout that they make.</summary>
    private sealed class EditList(MboxSpool spool)
    {
        private readonly Dictionary<int, HeaderEdit?> _changes = [];

        public List<SpoolEdit> Edits { get; } = [];

        public bool IsEmpty => _changes.Count == 0;

        /// <summary>Entries before it stay as they are.</summary>
        public int From { get; private set; } = int.MaxValue;

        public void Remove(int index)
        {
            MboxEntry entry = spool.Layout[index];
            From = Math.Min(From, index);
            _changes.Add(index, null);
            if (Edits.Count > 0 && Edits[^1].To == entry.Offset && Edits[^1].Replacement.Length == 0)
            {
                Edits[^1] = Edits[^1] with { To = entry.End };
                return;
            }
            Edits.Add(new SpoolEdit(entry.Offset, entry.End, []));
        }

        public void Change(int index, HeaderEdit edit)
        {
            From = Math.Min(From, index);
            _changes.Add(index, edit);
            Edits.AddRange(edit.Edits);
        }

        public List<MboxEntry> Entries()
        {
            List<MboxEntry> entries = [];
            long shift = 0;
            for (int i = From; i < spool.Layout.Count; i++)
            {
                MboxEntry entry = spool.Layout[i];
                if (!_changes.TryGetValue(i, out HeaderEdit? edit))
                {
                    entries.Add(entry with { Offset = entry.Offset + shift });
                }
                else if (edit is null)
                {
                    shift -= entry.Length;
                }
                else
                {
                    entries.Add(edit.Entry with { Offset = entry.Offset + shift });
                    shift += edit.Entry.Length - entry.Length;
                }
            }
            return entries;
        }
    }
}

/// <summary>How one message's header gets our fields as they should be.</summary>
internal sealed record HeaderEdit(IReadOnlyList<SpoolEdit> Edits, MboxEntry Entry, bool IsInPlace)
{
    /// <summary>Null where the header is such that a line before it would swallow its first one.</summary>
    public static HeaderEdit? Of(IFile file, MboxEntry entry, Func<MetaBlock, MetaBlock> change)
    {
        List<(long From, long To)> ours = [];
        MetaFields meta = ReadHeader(file, entry, ours, out bool startsContinued);
        if (startsContinued)
        {
            return null;
        }
        long blockEnd = ours.Count > 0 && ours[0].From == entry.ContentStart ? ours[0].To : entry.ContentStart;
        bool isOneBlock = ours.Count == 0 || (ours.Count == 1 && blockEnd > entry.ContentStart);
        MetaBlock block = change(new MetaBlock
        {
            Uid = meta.Uid,
            Flags = meta.Flags,
            IsOld = meta.IsOld,
            Keywords = meta.Keywords,
            Form = entry.Form & (MessageForm.Exact | MessageForm.OpenEnd),
        });
        byte[] text = block.Format(isOneBlock ? (int)(blockEnd - entry.ContentStart) : 0);
        List<SpoolEdit> edits = [new SpoolEdit(entry.ContentStart, blockEnd, text)];
        edits.AddRange(ours.Where(r => r.From >= blockEnd && r.To > blockEnd).Select(r => new SpoolEdit(r.From, r.To, [])));
        long grown = edits.Sum(e => e.Replacement.Length - (e.To - e.From));
        MboxEntry changed = entry with
        {
            Length = entry.Length + grown,
            Flags = block.Flags,
            KeywordsHash = MetaFields.HashOf(block.Keywords),
            Form = entry.Form | MessageForm.HasUid,
        };
        return new HeaderEdit(edits, changed, edits.Count == 1 && grown == 0);
    }

    private static MetaFields ReadHeader(IFile file, MboxEntry entry, List<(long From, long To)> ours, out bool startsContinued)
    {
        var meta = new MetaFields();
        var lines = new LineReader(file.Read, entry.ContentStart, entry.ContentEnd);
        bool inOurs = false;
        startsContinued = false;
        long at = lines.Position;
        for (; lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart); at = lines.Position)
        {
            if (isLineStart)
            {
                if (MetaHeader.IsBlank(line))
                {
                    break;
                }
                if (MetaHeader.IsContinuation(line))
                {
                    startsContinued |= at == entry.ContentStart;
                }
                else
                {
                    string? name = MetaHeader.NameOf(line, out ReadOnlySpan<byte> value);
                    // What tells the length of the body goes on being true, and may be needed to find its end.
                    inOurs = name is not (null or "Content-Length" or "Lines");
                    if (inOurs)
                    {
                        meta.Read(name!, value);
                    }
                }
            }
            if (!inOurs)
            {
                continue;
            }
            if (ours.Count > 0 && ours[^1].To == at)
            {
                ours[^1] = (ours[^1].From, lines.Position);
            }
            else
            {
                ours.Add((at, lines.Position));
            }
        }
        return meta;
    }
}
