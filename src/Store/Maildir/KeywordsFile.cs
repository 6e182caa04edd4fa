using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>
/// <c>mailaccess.keywords</c>: the mailbox's keywords in the order of their bits, and which messages have those that find no letter in
/// names of files. Written when the index is folded, read when it is lost: <c>1</c> validity, then <c>k keyword</c> or <c>k keyword uids</c>.
/// </summary>
internal static class KeywordsFile
{
    public const string FileName = "mailaccess.keywords";

    /// <summary>More messages than a mailbox holds: a damaged line.</summary>
    private const uint RangeMax = 100_000_000;

    /// <summary>Durable. Nothing is written where it would be the same.</summary>
    public static void Write(IFiles files, string folder, IndexState state, KeywordLetters letters) =>
        Write(files, folder, IndexContent.Of(state), letters);

    /// <inheritdoc cref="Write(IFiles, string, IndexState, KeywordLetters)"/>
    public static void Write(IFiles files, string folder, IndexContent index, KeywordLetters letters)
    {
        string path = Path.Combine(folder, FileName);
        byte[]? before = files.ReadAll(path);
        if (index.Snapshot.Keywords.Names.Count == 0)
        {
            if (before is not null)
            {
                files.Unlink(path);
            }
            return;
        }
        byte[] content = Format(index.Snapshot, letters);
        if (before is null || !content.AsSpan().SequenceEqual(before))
        {
            files.Replace(path, content);
        }
    }

    /// <summary>The keywords in the order of their bits, and the bits of messages. Empty where the file is missing or another validity's.</summary>
    public static (KeywordTable Table, Dictionary<uint, ulong> Masks) Read(IFiles files, string folder, UidValidity validity)
    {
        List<string> names = [];
        Dictionary<uint, ulong> masks = [];
        string[] lines = Encoding.UTF8.GetString(files.ReadAll(Path.Combine(folder, FileName)) ?? []).Split('\n');
        if (lines[0] == string.Create(CultureInfo.InvariantCulture, $"1 {validity.Value}"))
        {
            foreach (string[] words in lines.Skip(1).Select(l => l.Split(' ')).Where(w => w is ["k", { Length: > 0 }, ..]).Take(KeywordTable.KeywordsMax))
            {
                ulong bit = 1UL << names.Count;
                names.Add(words[1]);
                foreach (uint uid in words.Skip(2).SelectMany(w => w.Split(',')).SelectMany(Range))
                {
                    masks[uid] = masks.GetValueOrDefault(uid) | bit;
                }
            }
        }
        return (new KeywordTable(names), masks);
    }

    private static byte[] Format(MailboxSnapshot state, KeywordLetters letters)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"1 {state.UidValidity.Value}\n");
        for (int bit = 0; bit < state.Keywords.Names.Count; bit++)
        {
            text.Append("k ").Append(state.Keywords.Names[bit]);
            if (!letters.HasLetter(state.Keywords.Names[bit]))
            {
                AppendUids(text, state, 1UL << bit);
            }
            text.Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void AppendUids(StringBuilder text, MailboxSnapshot records, ulong bit)
    {
        char before = ' ';
        for (int i = 0; i < records.Count; i++)
        {
            if ((records[i].Keywords & bit) == 0)
            {
                continue;
            }
            int first = i;
            while (i + 1 < records.Count && (records[i + 1].Keywords & bit) != 0 && records[i + 1].Uid.Value == records[i].Uid.Value + 1)
            {
                i++;
            }
            text.Append(before).Append(records[first].Uid.Value);
            if (i > first)
            {
                text.Append(':').Append(records[i].Uid.Value);
            }
            before = ',';
        }
    }

    private static IEnumerable<uint> Range(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string start = colon < 0 ? text : text[..colon];
        string end = colon < 0 ? text : text[(colon + 1)..];
        if (uint.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
            && uint.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out uint last) && last >= first && last - first < RangeMax)
        {
            for (uint uid = first; uid <= last; uid++)
            {
                yield return uid;
            }
        }
    }
}
