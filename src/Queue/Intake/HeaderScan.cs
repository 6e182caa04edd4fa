using System.Text;

namespace MailAccess.Queue;

/// <summary>Watches a message flow by: hops, earlier deliveries, 8-bit octets. Bounded; pieces of any size.</summary>
internal sealed class HeaderScan(int deliveredToMax)
{
    private const int LineKeptOctets = 400;

    private readonly byte[] _line = new byte[LineKeptOctets];
    private int _length;
    private bool _lineIsLong;
    private bool _inBody;
    private bool _isInTlsRequired;
    private bool _isInMessageId;
    private List<string>? _deliveredTo;

    /// <summary>Received fields.</summary>
    public int Hops { get; private set; }

    /// <summary>The field Message-ID, as it stands there; null where there is none, or a senseless one.</summary>
    public string? MessageId { get; private set; }

    public ContentTraits Traits { get; private set; }

    /// <summary>The header is over.</summary>
    public bool IsInBody => _inBody;

    /// <summary>The message has been delivered to this address before: it runs in a circle.</summary>
    public bool WasDeliveredTo(string address) => _deliveredTo?.Contains(address, StringComparer.OrdinalIgnoreCase) ?? false;

    public void Feed(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !_inBody)
        {
            int end = octets.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = end < 0 ? octets : octets[..end];
            Keep(part);
            octets = end < 0 ? [] : octets[(end + 1)..];
            if (end >= 0)
            {
                EndLine();
            }
        }
        if ((Traits & ContentTraits.EightBit) == 0 && !Ascii.IsValid(octets))
        {
            Traits |= ContentTraits.EightBit;
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (!Ascii.IsValid(part))
        {
            Traits |= ContentTraits.EightBit | ContentTraits.HeaderUtf8;
        }
        int room = Math.Min(part.Length, LineKeptOctets - _length);
        part[..room].CopyTo(_line.AsSpan(_length));
        _length += room;
        _lineIsLong |= room < part.Length;
    }

    private void EndLine()
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _length).TrimEnd((byte)'\r');
        _inBody = line.IsEmpty && !_lineIsLong;
        ScanTlsRequired(line);
        ScanMessageId(line);
        if (Ascii.EqualsIgnoreCase(line[..Math.Min(line.Length, 9)], "Received:"u8))
        {
            Hops++;
        }
        else if (line.Length > 13 && Ascii.EqualsIgnoreCase(line[..13], "Delivered-To:"u8) && !_lineIsLong)
        {
            _deliveredTo ??= [];
            if (_deliveredTo.Count < deliveredToMax)
            {
                _deliveredTo.Add(Encoding.UTF8.GetString(line[13..]).Trim());
            }
        }
        _length = 0;
        _lineIsLong = false;
    }

    // requiretls-field = "TLS-Required:" [FWS] "No" CRLF     RFC 8689 §3
    private void ScanTlsRequired(ReadOnlySpan<byte> line)
    {
        bool isContinued = line is [(byte)' ' or (byte)'\t', ..];
        ReadOnlySpan<byte> name = "TLS-Required:"u8;
        bool begins = line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        ReadOnlySpan<byte> value = (begins ? line[name.Length..] : line).Trim(" \t"u8);
        if ((begins || (isContinued && _isInTlsRequired)) && Ascii.EqualsIgnoreCase(value, "No"u8))
        {
            Traits |= ContentTraits.TlsOptional;
        }
        _isInTlsRequired = begins && value.IsEmpty;
    }

    // message-id = "Message-ID:" msg-id CRLF, where the value may stand on the next line.     RFC 5322 §3.6.4
    private void ScanMessageId(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> name = "Message-ID:"u8;
        bool begins = line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        bool isContinued = _isInMessageId && line is [(byte)' ' or (byte)'\t', ..];
        ReadOnlySpan<byte> value = (begins ? line[name.Length..] : line).Trim(" \t"u8);
        if ((begins || isContinued) && !value.IsEmpty && !_lineIsLong)
        {
            MessageId ??= Encoding.UTF8.GetString(value);
        }
        _isInMessageId = begins && value.IsEmpty;
    }
}
