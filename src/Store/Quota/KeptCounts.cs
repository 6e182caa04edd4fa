using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Quota;

/// <summary>
/// What was counted of an account's mailboxes, over a restart: <c>mailaccess.quota</c>, disposable. A heading, a line
/// <c>octets messages stamp stamp place</c> for each mailbox, then the CRC-32C of the lines.
/// </summary>
/// <remarks>A count holds as long as its <see cref="CountStamp"/> does, so the file may be as old as it likes. Only on workers.</remarks>
internal sealed class KeptCounts(IFiles files, ILogger log, string folder)
{
    private const string FileName = "mailaccess.quota";
    private const string Heading = "mailaccess-quota 1";

    private Dictionary<string, (QuotaAmount Amount, CountStamp Stamp)>? _kept;

    private string Path => System.IO.Path.Combine(folder, FileName);

    /// <summary>What was counted here, once; null where that no longer holds.</summary>
    public QuotaAmount? Take(string place, CountStamp stamp)
    {
        _kept ??= Load();
        return _kept.Remove(place, out (QuotaAmount Amount, CountStamp Stamp) kept) && kept.Stamp == stamp ? kept.Amount : null;
    }

    /// <summary>What is known now, for the next start. A crash may lose it, and a fault: it is only a count.</summary>
    public void Save(AccountQuota quota, Func<MailboxName, string?> placeOf)
    {
        var text = new StringBuilder(Heading).Append('\n');
        foreach ((MailboxName name, bool isKnown, QuotaAmount settled, CountStamp stamp) in quota.Entries())
        {
            if (isKnown && stamp != default && placeOf(name) is { } place)
            {
                text.Append(CultureInfo.InvariantCulture, $"{settled.Octets} {settled.Messages} {stamp.First} {stamp.Second} {place}\n");
            }
        }
        byte[] lines = Encoding.UTF8.GetBytes(text.ToString());
        byte[] end = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"crc {Crc.Of(lines)}\n"));
        try
        {
            string temporary = Path + ".tmp";
            files.Unlink(temporary);
            using (IFile file = files.Open(temporary, OpenKind.CreateNew)!)
            {
                file.Write(0, lines);
                file.Write(lines.Length, end); // Not synced: half of it is none, and costs a count.
            }
            files.Rename(temporary, Path);
        }
        catch (FileFault fault)
        {
            log.FileFault("", folder, fault);
        }
    }

    private Dictionary<string, (QuotaAmount Amount, CountStamp Stamp)> Load()
    {
        Dictionary<string, (QuotaAmount Amount, CountStamp Stamp)> kept = new(StringComparer.Ordinal);
        byte[] content = files.ReadAll(Path) ?? [];
        int end = content.AsSpan().LastIndexOf("crc "u8);
        string tail = end < 0 ? "" : Encoding.ASCII.GetString(content.AsSpan(end + 4)).TrimEnd('\n');
        if (!uint.TryParse(tail, NumberStyles.None, CultureInfo.InvariantCulture, out uint crc) || crc != Crc.Of(content.AsSpan(0, end)))
        {
            return kept;
        }
        foreach (string line in Encoding.UTF8.GetString(content.AsSpan(0, end)).Split('\n'))
        {
            string[] words = line.Split(' ', 5);
            if (words.Length == 5 && TryNumber(words[0], out long octets) && TryNumber(words[1], out long messages)
                && TryNumber(words[2], out long first) && TryNumber(words[3], out long second))
            {
                kept[words[4]] = (new QuotaAmount(octets, messages), new CountStamp(first, second));
            }
        }
        return kept;
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
