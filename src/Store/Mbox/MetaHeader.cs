using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MailAccess.Store.Mbox;

/// <summary>How the octets of a message lie on disk, where the plain way would not bring them back.</summary>
[Flags]
internal enum MessageForm : byte
{
    /// <summary>Lines end in LF on disk, in CRLF for clients; the last line has an end.</summary>
    Plain = 0,
    /// <summary>Line ends are kept as they came: there was a bare LF, or a CR before a CRLF.</summary>
    Exact = 1,
    /// <summary>The last line had no end.</summary>
    OpenEnd = 2,
    /// <summary>The header says the UID that the index has.</summary>
    HasUid = 4,
}

/// <summary>
/// The header fields in which mail programs keep a message's state: <c>Status</c>, <c>X-Status</c>, <c>X-Keywords</c>, <c>X-UID</c>, and in the
/// first message <c>X-IMAPbase</c> (or <c>X-IMAP</c>, in the pseudo message). Clients never see them, nor <c>Content-Length</c> and <c>Lines</c>.
/// </summary>
internal static class MetaHeader
{
    /// <summary>Stands before a line of the message itself that would be taken for one of ours; removed when the message is read.</summary>
    public const string KeptPrefix = "X-MailAccess-Kept-";

    /// <summary>Says the <see cref="MessageForm"/>.</summary>
    public const string FormName = "X-MailAccess-Form";

    private static readonly string[] HiddenNames =
        ["Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP", "X-IMAPbase", "Content-Length", "Lines", FormName];

    private static readonly byte[] KeptPrefixOctets = Encoding.ASCII.GetBytes(KeptPrefix);

    /// <summary>True where clients must not see this line of the header, nor those that continue it.</summary>
    public static bool IsHidden(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> value)
    {
        value = default;
        return NameOf(line, out value) is not null;
    }

    /// <summary>Which of the hidden fields the line begins; null for any other.</summary>
    public static string? NameOf(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> value)
    {
        value = default;
        int colon = line.IndexOf((byte)':');
        if (colon is < 5 or > 20)
        {
            return null;
        }
        ReadOnlySpan<byte> name = line[..colon].TrimEnd(" \t"u8);
        foreach (string hidden in HiddenNames)
        {
            if (hidden.Length == name.Length && Ascii.EqualsIgnoreCase(name, hidden))
            {
                value = line[(colon + 1)..].Trim(" \t\r\n"u8);
                return hidden;
            }
        }
        return null;
    }

    public static bool HasKeptPrefix(ReadOnlySpan<byte> line) => line.StartsWith(KeptPrefixOctets);

    public static ReadOnlySpan<byte> KeptPrefixSpan => KeptPrefixOctets;

    /// <summary>A continuation of the line before it. RFC 5322 §2.2.3.</summary>
    public static bool IsContinuation(ReadOnlySpan<byte> line) => line.Length > 0 && line[0] is (byte)' ' or (byte)'\t';

    public static bool IsBlank(ReadOnlySpan<byte> line) => line is [(byte)'\n'] or [(byte)'\r', (byte)'\n'];
}

/// <summary>What the hidden fields of one message say.</summary>
internal sealed class MetaFields
{
    public SystemFlags Flags { get; set; }

    /// <summary><c>O</c>: some program has seen that it is there.</summary>
    public bool IsOld { get; set; }

    /// <summary>0: none.</summary>
    public uint Uid { get; set; }

    public List<string> Keywords { get; } = [];

    /// <summary>0: there is no such field.</summary>
    public uint UidValidity { get; set; }

    /// <summary>The highest UID given out, by <c>X-IMAPbase</c>.</summary>
    public uint LastUid { get; set; }

    /// <summary>Stands in a pseudo message only (<c>X-IMAP</c>).</summary>
    public bool IsPseudo { get; set; }

    /// <summary>-1: none.</summary>
    public long ContentLength { get; set; } = -1;

    public MessageForm Form { get; set; }

    /// <summary>Of the keywords, to notice that another program changed them.</summary>
    public uint KeywordsHash => HashOf(Keywords);

    public static uint HashOf(IEnumerable<string> keywords) =>
        Index.Crc.Of(Encoding.UTF8.GetBytes(string.Join(' ', keywords.Order(StringComparer.OrdinalIgnoreCase)).ToUpperInvariant()));

    /// <summary>Takes one hidden line in.</summary>
    public void Read(string name, ReadOnlySpan<byte> value)
    {
        switch (name)
        {
            case "Status":
                Flags |= value.Contains((byte)'R') ? SystemFlags.Seen : 0;
                IsOld |= value.Contains((byte)'O');
                break;
            case "X-Status":
                Flags |= (value.Contains((byte)'A') ? SystemFlags.Answered : 0) | (value.Contains((byte)'F') ? SystemFlags.Flagged : 0)
                    | (value.Contains((byte)'D') ? SystemFlags.Deleted : 0) | (value.Contains((byte)'T') ? SystemFlags.Draft : 0);
                break;
            case "X-Keywords":
                foreach (string word in Encoding.UTF8.GetString(value).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                {
                    if (Keywords.Count < KeywordTable.KeywordsMax && !Keywords.Contains(word, StringComparer.OrdinalIgnoreCase))
                    {
                        Keywords.Add(word);
                    }
                }
                break;
            case "X-UID":
                Uid = Utf8Parser.TryParse(value, out uint uid, out int used) && used == value.Length ? uid : 0;
                break;
            case "X-IMAP" or "X-IMAPbase":
                IsPseudo |= name == "X-IMAP";
                ReadBase(value);
                break;
            case "Content-Length":
                ContentLength = Utf8Parser.TryParse(value, out long length, out int taken) && taken == value.Length && length >= 0 ? length : -1;
                break;
            case MetaHeader.FormName:
                Form |= (value.IndexOf("exact"u8) >= 0 ? MessageForm.Exact : 0) | (value.IndexOf("open"u8) >= 0 ? MessageForm.OpenEnd : 0);
                break;
        }
    }

    private void ReadBase(ReadOnlySpan<byte> value)
    {
        string[] words = Encoding.UTF8.GetString(value).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length >= 2 && uint.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint validity) && validity > 0
            && uint.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint last))
        {
            UidValidity = validity;
            LastUid = last;
        }
    }
}

/// <summary>The hidden fields as we write them, with room for later changes in place.</summary>
internal sealed record MetaBlock
{
    private const int StatusRoom = 2;
    private const int XStatusRoom = 4;
    private const int KeywordsRoom = 24;

    public required uint Uid { get; init; }

    public SystemFlags Flags { get; init; }

    public bool IsOld { get; init; }

    public IReadOnlyList<string> Keywords { get; init; } = [];

    public MessageForm Form { get; init; }

    /// <summary>For the first message of the file: UIDVALIDITY; 0 for all others.</summary>
    public uint UidValidity { get; init; }

    /// <summary>The highest UID given out, beside <see cref="UidValidity"/>.</summary>
    public uint LastUid { get; init; }

    /// <summary>Keywords of the mailbox, beside <see cref="UidValidity"/>.</summary>
    public IReadOnlyList<string> AllKeywords { get; init; } = [];

    /// <summary>The lines; where there are fewer octets than asked for, the last field is filled with spaces.</summary>
    public byte[] Format(int octetsMin = 0)
    {
        var text = new StringBuilder();
        if (UidValidity != 0)
        {
            // As Dovecot has it: ten digits, so that the number can be written over.
            text.Append(CultureInfo.InvariantCulture, $"X-IMAPbase: {UidValidity:D10} {LastUid:D10}");
            text.Append(string.Concat(AllKeywords.Select(k => " " + k))).Append('\n');
        }
        text.Append(CultureInfo.InvariantCulture, $"X-UID: {Uid}\n");
        text.Append("Status: ").Append((((Flags & SystemFlags.Seen) != 0 ? "R" : "") + (IsOld ? "O" : "")).PadRight(StatusRoom)).Append('\n');
        text.Append("X-Status: ").Append(XStatus().PadRight(XStatusRoom)).Append('\n');
        if ((Form & (MessageForm.Exact | MessageForm.OpenEnd)) != 0)
        {
            string form = ((Form & MessageForm.Exact) != 0 ? " exact" : "") + ((Form & MessageForm.OpenEnd) != 0 ? " open" : "");
            text.Append(MetaHeader.FormName).Append(':').Append(form).Append('\n');
        }
        text.Append("X-Keywords: ").Append(string.Join(' ', Keywords).PadRight(KeywordsRoom));
        int missing = octetsMin - 1 - Encoding.UTF8.GetByteCount(text.ToString());
        return Encoding.UTF8.GetBytes(text.Append(' ', Math.Max(0, missing)).Append('\n').ToString());
    }

    private string XStatus() =>
        ((Flags & SystemFlags.Answered) != 0 ? "A" : "") + ((Flags & SystemFlags.Flagged) != 0 ? "F" : "")
        + ((Flags & SystemFlags.Draft) != 0 ? "T" : "") + ((Flags & SystemFlags.Deleted) != 0 ? "D" : "");
}
