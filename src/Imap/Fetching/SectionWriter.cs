using System.Buffers;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>Writes the value of BODY[…]: from the summary where it has it, else streamed from the message.</summary>
internal sealed class SectionWriter(ImapSession session, SelectedMailbox selected)
{
    /// <summary>Octets that are read at least, where there are so many: few sends.</summary>
    public const int RoomOctetsMin = 4 * 1024;

    private readonly ImapWriter _writer = session.Writer;
    private readonly ArrayBufferWriter<byte> _fields = new();

    /// <summary>This summary answers this section.</summary>
    public static bool IsCovered(BodySection section, MessageSummary summary) =>
        section.IsOfKeptFields && summary.HasHeaderFields;

    /// <summary>The message itself needs none: its octets are all of them.</summary>
    public static bool NeedsStructure(BodySection section) => section.Path.Count > 0 || section.Text != SectionText.Whole;

    /// <summary>HEADER.FIELDS from the summary.</summary>
    public void WriteCovered(BodySection section, MessageSummary summary)
    {
        _fields.ResetWrittenCount();
        HeaderFieldsReader.Pick(section, summary.HeaderFields.Span, _fields);
        WriteFields(section);
    }

    /// <summary>Any section, from the message. Lost content cuts the connection: the literal's length has been promised.</summary>
    public async ValueTask WriteAsync(BodySection section, Uid uid, IMessageContent content, MimePart? structure)
    {
        OctetRange? found = structure is null ? new OctetRange(0, content.Octets) : SectionLocator.Find(structure, content.Octets, section);
        if (found is not { } range)
        {
            _writer.Write(section.Label);
            _writer.Write(" NIL"u8);
            return;
        }
        if (section.PicksFields)
        {
            _fields.ResetWrittenCount();
            if (!await HeaderFieldsReader.ReadAsync(section, range, content, session.Services.Limits.HeaderOctetsMax, _fields))
            {
                throw session.LoseContent(uid, selected.Mailbox.Name);
            }
            WriteFields(section);
            return;
        }
        long first = Math.Min(section.Partial?.First ?? 0, range.Octets);
        long count = Math.Min(section.Partial?.Count ?? long.MaxValue, range.Octets - first);
        WriteLabel(section, count);
        await StreamAsync(range.Offset + first, count, uid, content);
    }

    /// <summary>What <see cref="HeaderFieldsReader"/> has picked.</summary>
    private void WriteFields(BodySection section)
    {
        int first = (int)Math.Min(section.Partial?.First ?? 0, _fields.WrittenCount);
        int count = (int)Math.Min(section.Partial?.Count ?? long.MaxValue, _fields.WrittenCount - first);
        WriteLabel(section, count);
        ReadOnlySpan<byte> fields = _fields.WrittenSpan.Slice(first, count);
        if (!fields.Contains((byte)0))
        {
            _writer.Write(fields);
            return;
        }
        byte[] shown = fields.ToArray();
        HideNul(shown);
        _writer.Write(shown);
    }

    /// <summary>CHAR8 = %x01-ff: a literal holds no NUL, RFC 9051 §9. What is stored goes out as 0x80, as Dovecot does it; the count stays.</summary>
    public static void HideNul(Span<byte> octets) => octets.Replace((byte)0, (byte)0x80);

    private void WriteLabel(BodySection section, long octets)
    {
        _writer.Write(section.Label);
        _writer.Write(" {"u8);
        _writer.WriteNumber(octets);
        _writer.Write("}\r\n"u8);
    }

    /// <summary>From the store's memory or file into the pipe's memory, a bounded piece at a time.</summary>
    private async ValueTask StreamAsync(long offset, long octets, Uid uid, IMessageContent content)
    {
        while (octets > 0)
        {
            // What room there is is used up: full buffers make few sends.
            Memory<byte> memory = _writer.GetMemory((int)Math.Min(octets, RoomOctetsMin));
            memory = memory[..(int)Math.Min(octets, memory.Length)];
            int read = await content.ReadAsync(offset, memory, CancellationToken.None);
            if (read == 0)
            {
                throw session.LoseContent(uid, selected.Mailbox.Name);
            }
            HideNul(memory.Span[..read]);
            _writer.Advance(read);
            offset += read;
            octets -= read;
            if (_writer.IsFull)
            {
                await _writer.FlushAsync();
            }
        }
    }
}
