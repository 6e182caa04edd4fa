using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;
using MailAccess.Imap.Grammar;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Responses;

/// <summary>
/// Writes responses straight into the pipe's memory. Holds none of it after a flush, so an idle session costs nothing here.
/// </summary>
internal sealed class ImapWriter(PipeWriter output, int octetsMax)
{
    private const int BlockOctets = 16 * 1024;

    private Memory<byte> _block;
    private int _used;
    private long _pending;

    /// <summary>So much waits to be sent that the handler should await <see cref="FlushAsync"/>.</summary>
    public bool IsFull => _pending + _used >= octetsMax;

    /// <summary>Something waits to be sent.</summary>
    public bool HasPending => _pending + _used > 0;

    /// <summary>The client takes UTF-8 in quoted strings and in names of mailboxes. RFC 6855 §3, RFC 9051 §5.1.</summary>
    public bool IsUtf8 { get; set; }

    /// <summary>Octets as they are.</summary>
    public void Write(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(Reserve(octets.Length));
        _used += octets.Length;
    }

    /// <summary>US-ASCII text.</summary>
    public void Write(string ascii)
    {
        // Not in one expression: what is used up is only known once there is room.
        int written = Encoding.ASCII.GetBytes(ascii, Reserve(ascii.Length));
        _used += written;
    }

    /// <summary>A number in decimal.</summary>
    public void WriteNumber(long number)
    {
        Utf8Formatter.TryFormat(number, Reserve(20), out int written);
        _used += written;
    }

    /// <summary>A date-time with quotes.</summary>
    public void WriteDateTime(long unixSeconds)
    {
        ImapDates.WriteDateTime(unixSeconds, Reserve(ImapDates.DateTimeOctets));
        _used += ImapDates.DateTimeOctets;
    }

    /// <summary>string: quoted where that is possible, else a literal. RFC 3501 §4.3.</summary>
    public void WriteString(ReadOnlySpan<byte> value)
    {
        if (!IsQuotable(value))
        {
            Write("{"u8);
            WriteNumber(value.Length);
            Write("}\r\n"u8);
            Write(value);
            return;
        }
        Write("\""u8);
        foreach (byte octet in value)
        {
            if (octet is (byte)'"' or (byte)'\\')
            {
                Write("\\"u8);
            }
            Write([octet]);
        }
        Write("\""u8);
    }

    /// <summary>"(" objectid ")" — RFC 8474 §7.</summary>
    public void WriteObjectId(ObjectId id)
    {
        Span<byte> target = Reserve(ObjectId.Length + 2);
        target[0] = (byte)'(';
        id.Format(target[1..]);
        target[ObjectId.Length + 1] = (byte)')';
        _used += ObjectId.Length + 2;
    }

    /// <summary>fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")" — RFC 7162 §7.</summary>
    public void WriteModSeq(ModSeq modSeq)
    {
        Write("MODSEQ ("u8);
        WriteNumber((long)modSeq.Value); // 63 bits.
        Write(")"u8);
    }

    /// <summary>sequence-set in the order given: ranges only where that ascends, RFC 5267 §3.2. Awaits a client that reads slowly.</summary>
    public async ValueTask WriteSetAsync(IEnumerable<uint> numbers)
    {
        (uint First, uint Last) run = default;
        bool isFirst = true;
        foreach (uint number in numbers)
        {
            if (run.First != 0 && number == run.Last + 1)
            {
                run.Last = number;
                continue;
            }
            WriteRun(run, ref isFirst);
            run = (number, number);
            if (IsFull)
            {
                await FlushAsync();
            }
        }
        WriteRun(run, ref isFirst);
    }

    private void WriteRun((uint First, uint Last) run, ref bool isFirst)
    {
        if (run.First == 0)
        {
            return; // No message has that number.
        }
        Write(isFirst ? ""u8 : ","u8);
        isFirst = false;
        WriteNumber(run.First);
        if (run.Last > run.First)
        {
            Write(":"u8);
            WriteNumber(run.Last);
        }
    }

    /// <summary>A mailbox name, always quoted.</summary>
    public void WriteMailbox(MailboxName name) => WriteName(name.Value);

    /// <summary>A mailbox name, or the beginning of such: in UTF-8 where the client takes that, else in modified UTF-7.</summary>
    public void WriteName(string name) => WriteString(IsUtf8 ? Encoding.UTF8.GetBytes(name) : Encoding.ASCII.GetBytes(ModifiedUtf7.Encode(name)));

    /// <summary>A line of <c>* OK [code] text</c> or the like.</summary>
    public void WriteUntagged(string line)
    {
        Write("* "u8);
        Write(line);
        Write("\r\n"u8);
    }

    /// <summary>response-tagged = tag SP resp-cond-state CRLF — RFC 3501 §9. For the session's loop alone.</summary>
    public void WriteTagged(ReadOnlySpan<byte> tag, ImapCompletion completion)
    {
        Write(tag);
        Write(completion.Status switch
        {
            ImapStatus.Ok => " OK "u8,
            ImapStatus.No => " NO "u8,
            _ => " BAD "u8,
        });
        Write(completion.Code is null ? "" : $"[{completion.Code}] ");
        Write(completion.Text);
        Write("\r\n"u8);
    }

    /// <summary>The flags of a message, in parentheses.</summary>
    public void WriteFlags(in MessageRecord record, KeywordTable keywords, bool isRecent)
    {
        Write("("u8);
        bool any = false;
        WriteFlag("\\Answered"u8, (record.Flags & SystemFlags.Answered) != 0, ref any);
        WriteFlag("\\Flagged"u8, (record.Flags & SystemFlags.Flagged) != 0, ref any);
        WriteFlag("\\Deleted"u8, (record.Flags & SystemFlags.Deleted) != 0, ref any);
        WriteFlag("\\Seen"u8, (record.Flags & SystemFlags.Seen) != 0, ref any);
        WriteFlag("\\Draft"u8, (record.Flags & SystemFlags.Draft) != 0, ref any);
        WriteFlag("\\Recent"u8, isRecent, ref any);
        if (record.Keywords != 0)
        {
            foreach (string keyword in keywords.NamesOf(record.Keywords))
            {
                Write(any ? " "u8 : ""u8);
                Write(keyword);
                any = true;
            }
        }
        Write(")"u8);
    }

    /// <summary>Memory of the pipe to fill directly; <see cref="Advance"/> afterwards.</summary>
    public Memory<byte> GetMemory(int octets)
    {
        Reserve(octets);
        return _block[_used..];
    }

    /// <summary>So much of <see cref="GetMemory"/> was filled.</summary>
    public void Advance(int octets) => _used += octets;

    /// <summary>Sends what waits, and awaits a client that reads slowly.</summary>
    public async ValueTask FlushAsync()
    {
        Commit();
        _block = default;
        if (_pending > 0)
        {
            _pending = 0;
            await output.FlushAsync();
        }
    }

    /// <summary>*QUOTED-CHAR, RFC 3501 §9; *uQUOTED-CHAR, RFC 6855 §3. Without control characters, though the grammar lets in most.</summary>
    private bool IsQuotable(ReadOnlySpan<byte> value) => !value.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E)
        || (IsUtf8 && !value.ContainsAnyInRange((byte)0, (byte)0x1F) && !value.Contains((byte)0x7F) && Utf8.IsValid(value));

    private void WriteFlag(ReadOnlySpan<byte> name, bool isSet, ref bool any)
    {
        if (isSet)
        {
            Write(any ? " "u8 : ""u8);
            Write(name);
            any = true;
        }
    }

    private Span<byte> Reserve(int octets)
    {
        if (_block.Length - _used < octets)
        {
            Commit();
            _block = output.GetMemory(Math.Max(octets, BlockOctets));
        }
        return _block.Span[_used..];
    }

    private void Commit()
    {
        if (_used > 0)
        {
            output.Advance(_used);
            _pending += _used;
            _used = 0;
        }
        _block = default;
    }
}
