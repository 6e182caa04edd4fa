using System.Globalization;
using System.Text;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Dovecot's <c>dovecot-uidlist</c>, version 3: which UID each base name has. We write it whenever the index is folded and read
/// it when the index is lost, or was never ours.
/// </summary>
internal sealed record UidList
{
    public required UidValidity UidValidity { get; init; }

    public required Uid UidNext { get; init; }

    public Guid Guid { get; init; }

    public required IReadOnlyList<(Uid Uid, string BaseName)> Entries { get; init; }

    /// <summary>Null for what is not a list of version 3; broken lines and what follows them in a torn file are left out.</summary>
    public static UidList? Parse(ReadOnlySpan<byte> content)
    {
        string[] lines = Encoding.UTF8.GetString(content).Split('\n');
        string[] header = lines[0].Split(' ');
        if (header[0] != "3" || !TryNumber(header, 'V', out uint validity) || !TryNumber(header, 'N', out uint next) || validity == 0)
        {
            return null;
        }
        Guid guid = Array.Find(header, h => h.StartsWith('G')) is { } g && Guid.TryParseExact(g[1..], "N", out Guid known) ? known : Guid.Empty;
        List<(Uid, string)> entries = [];
        uint last = 0;
        foreach (string line in lines.Skip(1))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            int colon = line.IndexOf(" :", StringComparison.Ordinal);
            if (colon < 0 || !uint.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) || uid <= last)
            {
                continue;
            }
            last = uid;
            // Dovecot once wrote names with their flags.
            string name = line[(colon + 2)..];
            int flags = name.IndexOf(":2,", StringComparison.Ordinal);
            entries.Add((new Uid(uid), flags < 0 ? name : name[..flags]));
        }
        return new UidList
        {
            UidValidity = new UidValidity(validity),
            UidNext = new Uid(Math.Max(next, last == uint.MaxValue ? last : last + 1)),
            Guid = guid,
            Entries = entries,
        };
    }

    public byte[] Format()
    {
        var text = new StringBuilder(64 + (Entries.Count * 72));
        text.Append(CultureInfo.InvariantCulture, $"3 V{UidValidity.Value} N{UidNext.Value} G{Guid:N}\n");
        foreach ((Uid uid, string name) in Entries)
        {
            text.Append(uid.Value).Append(" :").Append(name).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static bool TryNumber(string[] header, char key, out uint number)
    {
        number = 0;
        string? field = Array.Find(header, h => h.StartsWith(key));
        return field is not null && uint.TryParse(field.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
