using System.Buffers.Text;
using System.Globalization;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Dovecot's <c>dovecot-uidlist</c>: which UID each base name has. We write version 3 whenever the index is folded and read it (and
/// version 1) when the index is lost, was never ours, or another program wrote the list.
/// </summary>
/// <remarks>
/// Version 3: <c>3 V</c>validity <c>N</c>next <c>G</c>guid, then <c>uid fields :name</c>, where a field is a letter and a value: W size with CRLF, S size of
/// the file, P the UIDL that POP3 clients know, O an order for POP3, G a GUID. What we do not use is kept as it is. Version 1:
/// <c>1</c> validity next, then <c>uid name</c>.
/// </remarks>
internal sealed record UidList
{
    public required UidValidity UidValidity { get; init; }

    public required Uid UidNext { get; init; }

    public Guid Guid { get; init; }

    public int Version { get; init; } = 3;

    /// <summary>In order of UIDs.</summary>
    public required IReadOnlyList<(Uid Uid, string BaseName)> Entries { get; init; }

    /// <summary>The fields of those entries that have any, as they stand there.</summary>
    public IReadOnlyDictionary<Uid, string> Fields { get; init; } = new Dictionary<Uid, string>();

    /// <summary>Fields of the header that are none of ours.</summary>
    public string HeaderFields { get; init; } = "";

    /// <summary>Null for what is no list; broken lines, and what follows them in a torn file, are left out.</summary>
    public static UidList? Parse(ReadOnlySpan<byte> content)
    {
        if (!TryReadHeader(TakeLine(ref content), out UidList? list))
        {
            return null;
        }
        List<(Uid, string)> entries = [];
        Dictionary<Uid, string> fields = [];
        uint last = 0;
        while (!content.IsEmpty)
        {
            ReadOnlySpan<byte> line = TakeLine(ref content);
            if (!Utf8Parser.TryParse(line, out uint uid, out int digits) || uid <= last || digits >= line.Length || line[digits] != (byte)' ')
            {
                continue;
            }
            ReadOnlySpan<byte> name = line[(digits + 1)..];
            if (list.Version == 3)
            {
                int colon = line[digits..].IndexOf(" :"u8);
                if (colon < 0)
                {
                    continue;
                }
                if (colon > 1)
                {
                    fields.Add(new Uid(uid), OctetText.Decode(line.Slice(digits + 1, colon - 1)));
                }
                name = line[(digits + colon + 2)..];
            }
            // Dovecot once wrote names with their flags.
            int flags = name.IndexOf(":2,"u8);
            name = flags < 0 ? name : name[..flags];
            if (!name.IsEmpty)
            {
                last = uid;
                entries.Add((new Uid(uid), OctetText.Decode(name)));
            }
        }
        return list with
        {
            // What is appended does not change the header.
            UidNext = new Uid(Math.Max(list.UidNext.Value, last == uint.MaxValue ? last : last + 1)),
            Entries = entries,
            Fields = fields,
        };
    }

    public byte[] Format()
    {
        var text = new StringBuilder(64 + (Entries.Count * 72));
        text.Append(CultureInfo.InvariantCulture, $"3 V{UidValidity.Value} N{UidNext.Value} G{Guid:N}{HeaderFields}\n");
        foreach ((Uid uid, string name) in Entries)
        {
            text.Append(uid.Value);
            if (Fields.TryGetValue(uid, out string? fields))
            {
                text.Append(' ').Append(fields);
            }
            text.Append(" :").Append(name).Append('\n');
        }
        return OctetText.Encode(text.ToString());
    }

    /// <summary>The value of one of an entry's fields, or null. An empty P is Dovecot's way to say that the UIDL is the file's name.</summary>
    public static string? Field(string fields, char key) =>
        fields.Split(' ').FirstOrDefault(f => f.Length > 0 && f[0] == key)?[1..];

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> content)
    {
        int end = content.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? content : content[..end];
        content = end < 0 ? [] : content[(end + 1)..];
        return line;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> line, out UidList list)
    {
        list = null!;
        string[] header = OctetText.Decode(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        uint validity;
        uint next;
        if (header is ["1", string first, string second])
        {
            if (!TryNumber(first, out validity) || !TryNumber(second, out next) || validity == 0)
            {
                return false;
            }
            list = new UidList { Version = 1, UidValidity = new UidValidity(validity), UidNext = new Uid(next), Entries = [] };
            return true;
        }
        if (header is not ["3", ..] || !TryNumber(header, 'V', out validity) || !TryNumber(header, 'N', out next) || validity == 0)
        {
            return false;
        }
        list = new UidList
        {
            UidValidity = new UidValidity(validity),
            UidNext = new Uid(next),
            Guid = Array.Find(header, h => h.StartsWith('G')) is { } g && Guid.TryParseExact(g[1..], "N", out Guid known) ? known : Guid.Empty,
            HeaderFields = string.Concat(header.Skip(1).Where(h => h[0] is not ('V' or 'N' or 'G')).Select(h => " " + h)),
            Entries = [],
        };
        return true;
    }

    private static bool TryNumber(string[] header, char key, out uint number)
    {
        number = 0;
        return Array.Find(header, h => h.StartsWith(key)) is { } field && TryNumber(field.AsSpan(1), out number);
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
