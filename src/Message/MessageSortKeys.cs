using System.Buffers;
using System.Buffers.Binary;

namespace MailAccess.Message;

/// <summary>What SORT and THREAD=ORDEREDSUBJECT compare of one message (RFC 5256, RFC 5957), as views on the summary.</summary>
/// <remarks>
/// Texts are UTF-8 as people would read them, in the case they were written: collation is the comparer's. Encoded: sent date i64
/// (seconds since 1970, the smallest for none), flags u8, then base subject, mailbox of From, To and Cc, display of From and To,
/// each length u16 and octets.
/// </remarks>
public readonly struct MessageSortKeys(ReadOnlyMemory<byte> encoded)
{
    private const int HeaderOctets = 9;
    private const byte ReplyFlag = 1;
    private const int AddressOctetsMax = 320; // RFC 5321 §4.5.3.1.1 and §4.5.3.1.2: 64 + "@" + 255.
    private const int SubjectOctetsMax = 4 * Message.BaseSubject.CharsMax;

    /// <summary>The summary has them.</summary>
    public bool IsPresent => encoded.Length > HeaderOctets;

    /// <summary>The sent date in UTC, seconds since 1970; null where Date is missing or no date: INTERNALDATE then. RFC 5256 §2.2.</summary>
    public long? SentSeconds =>
        BinaryPrimitives.ReadInt64LittleEndian(encoded.Span) is long seconds && seconds != long.MinValue ? seconds : null;

    /// <summary>The subject says that it is a reply or a forward. RFC 5256 §3.</summary>
    public bool IsReply => (encoded.Span[8] & ReplyFlag) != 0;

    /// <summary>RFC 5256 §2.1.</summary>
    public ReadOnlyMemory<byte> BaseSubject => Text(0);

    /// <summary>addr-mailbox of the first address; empty where there is none.</summary>
    public ReadOnlyMemory<byte> From => Text(1);

    /// <inheritdoc cref="From"/>
    public ReadOnlyMemory<byte> To => Text(2);

    /// <inheritdoc cref="From"/>
    public ReadOnlyMemory<byte> Cc => Text(3);

    /// <summary>The DISPLAY sort value of the first address. RFC 5957 §3.</summary>
    public ReadOnlyMemory<byte> DisplayFrom => Text(4);

    /// <inheritdoc cref="DisplayFrom"/>
    public ReadOnlyMemory<byte> DisplayTo => Text(5);

    internal static byte[] Encode(HeaderCapture header)
    {
        var output = new ArrayBufferWriter<byte>(128);
        long sent = header.TryGet(CapturedField.Date, out ReadOnlySpan<byte> date) && MessageDate.TryParse(date, out DateTimeOffset parsed)
            ? parsed.ToUnixTimeSeconds() : long.MinValue;
        bool isReply = false;
        string subject = header.TryGet(CapturedField.Subject, out ReadOnlySpan<byte> value)
            ? Message.BaseSubject.Extract(EncodedWords.Decode(value[..Math.Min(value.Length, SubjectOctetsMax)]), out isReply) : "";
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), sent);
        output.Advance(8);
        output.Write([isReply ? ReplyFlag : (byte)0]);
        MailAddress? from = First(header, CapturedField.From);
        MailAddress? to = First(header, CapturedField.To);
        Write(output, subject, SubjectOctetsMax);
        Write(output, Mailbox(from), AddressOctetsMax);
        Write(output, Mailbox(to), AddressOctetsMax);
        Write(output, Mailbox(First(header, CapturedField.Cc)), AddressOctetsMax);
        Write(output, Display(from), AddressOctetsMax);
        Write(output, Display(to), AddressOctetsMax);
        return output.WrittenSpan.ToArray();
    }

    private static MailAddress? First(HeaderCapture header, CapturedField kind) =>
        header.Addresses(kind, addressesMax: 1) is [MailAddress first, ..] ? first : null;

    /// <summary>As ENVELOPE has it: of a group, its name.</summary>
    private static string Mailbox(MailAddress? address) => address switch
    {
        null => "",
        { Kind: MailAddressKind.Mailbox } => Charsets.Decode(null, address.LocalPart),
        _ => Charsets.Decode(null, address.DisplayName ?? []),
    };

    /// <summary>RFC 5957 §3: the decoded name; else mailbox@host; else the mailbox alone.</summary>
    private static string Display(MailAddress? address) => address switch
    {
        null => "",
        { Kind: not MailAddressKind.Mailbox } => Mailbox(address),
        { DisplayText: { Length: > 0 } name } => name,
        _ => Mailbox(address) + "@" + Charsets.Decode(null, address.Domain),
    };

    private static void Write(ArrayBufferWriter<byte> output, string text, int octetsMax)
    {
        Span<byte> target = output.GetSpan(2 + octetsMax);
        System.Text.Unicode.Utf8.FromUtf16(text, target.Slice(2, octetsMax), out _, out int written); // Stops before a character that does not fit.
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)written);
        output.Advance(2 + written);
    }

    private ReadOnlyMemory<byte> Text(int index)
    {
        ReadOnlyMemory<byte> rest = encoded.Length > HeaderOctets ? encoded[HeaderOctets..] : default;
        for (int i = 0; rest.Length >= 2; i++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest.Span);
            if (2 + length > rest.Length)
            {
                break;
            }
            if (i == index)
            {
                return rest.Slice(2, length);
            }
            rest = rest[(2 + length)..];
        }
        return default;
    }
}
