using System.Buffers;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Mbox;

/// <summary>A message to write, with what its record says.</summary>
internal sealed record NewMessage(MboxItem Item, MessageRecord Record, IReadOnlyList<string> Keywords);

/// <summary>What the first message of a file says of the mailbox.</summary>
internal sealed record SpoolBase(uint UidValidity, uint LastUid, IReadOnlyList<string> Keywords);

/// <summary>Messages as they will lie at the end of a file: measured first, since what the log says of them comes before them.</summary>
internal sealed class AppendPlan(MboxStore store, IReadOnlyList<NewMessage> messages, byte[] padding, long at, SpoolBase? spoolBase)
{
    private const int MemoryOctetsMax = 4 << 20;
    private const int WriteOctets = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _written = new();
    private bool _isTooBig;

    public List<MboxEntry> Entries { get; } = [];

    public AppendRegion Measure(int startOctets)
    {
        uint crc = uint.MaxValue;
        long octets = 0;
        byte[] start = new byte[startOctets];
        Produce(
            piece =>
            {
                crc = Crc.Continue(crc, piece);
                if (octets < startOctets)
                {
                    piece[..(int)Math.Min(piece.Length, startOctets - octets)].CopyTo(start.AsSpan((int)octets));
                }
                octets += piece.Length;
                _isTooBig |= octets > MemoryOctetsMax;
                if (!_isTooBig)
                {
                    _written.Write(piece);
                }
            },
            () => octets);
        return new AppendRegion(at, octets, ~crc, start[..(int)Math.Min(startOctets, octets)]);
    }

    public void Write(IFile file)
    {
        if (!_isTooBig)
        {
            file.Write(at, _written.WrittenSpan);
            return;
        }
        byte[] buffer = new byte[WriteOctets];
        int filled = 0;
        long offset = at;
        Produce(
            piece =>
            {
                while (!piece.IsEmpty)
                {
                    int count = Math.Min(piece.Length, buffer.Length - filled);
                    piece[..count].CopyTo(buffer.AsSpan(filled));
                    filled += count;
                    piece = piece[count..];
                    if (filled == buffer.Length)
                    {
                        file.Write(offset, buffer);
                        offset += filled;
                        filled = 0;
                    }
                }
            },
            () => 0);
        file.Write(offset, buffer.AsSpan(0, filled));
    }

    private void Produce(OctetSink sink, Func<long> octetsSoFar)
    {
        Entries.Clear();
        sink(padding);
        for (int i = 0; i < messages.Count; i++)
        {
            long start = octetsSoFar();
            (MboxItem item, MessageRecord record, IReadOnlyList<string> keywords) = messages[i];
            SpoolBase? mine = i == 0 ? spoolBase : null;
            byte[] from = FromLine.Format("MAILER-DAEMON", DateTimeOffset.FromUnixTimeSeconds(Math.Max(0, record.InternalDateSeconds)), store.Clock.LocalTimeZone);
            sink(from);
            sink(new MetaBlock
            {
                Uid = record.Uid.Value,
                Flags = record.Flags,
                Keywords = keywords,
                Form = item.Form,
                UidValidity = mine?.UidValidity ?? 0,
                LastUid = mine?.LastUid ?? 0,
                AllKeywords = mine?.Keywords ?? [],
            }.Format());
            uint hash = MessageEncoder.Encode(new LineReader(item.Read, item.Start, item.Start + item.Octets), item.Form, sink);
            sink("\n"u8);
            Entries.Add(new MboxEntry
            {
                Offset = at + start,
                Length = octetsSoFar() - start,
                Token = record.Locator,
                Uid = record.Uid.Value,
                Hash = hash,
                KeywordsHash = MetaFields.HashOf(keywords),
                Flags = record.Flags,
                Form = item.Form | MessageForm.HasUid,
                SeparatorOctets = 1,
                FromOctets = (ushort)from.Length,
            });
        }
    }
}

/// <summary>A message's octets as clients see them, wherever they are.</summary>
internal sealed record MboxItem(LineReader.Source Read, long Start, long Octets, MessageForm Form, ReadOnlyMemory<byte> Summary);

/// <summary>The field in a file's first message that holds UIDVALIDITY and the highest UID.</summary>
internal static class SpoolBaseField
{
    private const int SearchOctets = 4096;

    /// <summary>Writes the highest UID over the one that is there, where the field is there, is ours, and has room.</summary>
    public static void Update(IFile file, SpoolBase spoolBase)
    {
        byte[] start = new byte[SearchOctets];
        ReadOnlySpan<byte> octets = start.AsSpan(0, Math.Max(0, file.Read(0, start)));
        foreach (string name in (string[])["\nX-IMAPbase: ", "\nX-IMAP: "])
        {
            int found = octets.IndexOf(Encoding.ASCII.GetBytes(name));
            int blank = octets.IndexOf("\n\n"u8);
            if (found < 0 || (blank >= 0 && found > blank))
            {
                continue;
            }
            ReadOnlySpan<byte> value = octets[(found + name.Length)..];
            string expected = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{spoolBase.UidValidity:D10} ");
            if (value.StartsWith(Encoding.ASCII.GetBytes(expected)) && value.Length > 21 && !value.Slice(11, 10).ContainsAnyExceptInRange((byte)'0', (byte)'9')
                && value[21] is (byte)' ' or (byte)'\n')
            {
                file.Write(found + name.Length + 11, Encoding.ASCII.GetBytes(spoolBase.LastUid.ToString("D10", System.Globalization.CultureInfo.InvariantCulture)));
            }
            return;
        }
    }
}
