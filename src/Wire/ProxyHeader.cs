using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace MailAccess.Wire;

/// <summary>What <see cref="ProxyHeader.Feed"/> knows so far.</summary>
internal enum ProxyHeaderStatus
{
    /// <summary>All octets fed belong to the header, and it goes on.</summary>
    NeedMore,
    /// <summary>The header is whole.</summary>
    Complete,
    /// <summary>This is no PROXY header, or one we must not follow: hang up.</summary>
    Invalid,
}

/// <summary>
/// Reads a PROXY protocol header, version 1 or 2, in any pieces, and never takes an octet behind it.
/// </summary>
/// <remarks>"The PROXY protocol, Versions 1 and 2", HAProxy, §2. TLVs of version 2 are skipped.</remarks>
internal sealed class ProxyHeader(int octetsMax)
{
    /// <summary>§2.1: the longest line of version 1, CRLF included.</summary>
    private const int LineOctetsMax = 107;

    /// <summary>§2.2: the fixed part, then the largest address block we read (two IPv6 addresses and ports).</summary>
    private const int FixedOctets = 16;
    private const int KeptOctetsMax = FixedOctets + 36;

    private static readonly SearchValues<byte> DottedCharacters = SearchValues.Create("0123456789."u8);
    private static readonly SearchValues<byte> ColonCharacters = SearchValues.Create("0123456789abcdefABCDEF:."u8);

    private readonly byte[] _kept = new byte[LineOctetsMax];
    private int _count;

    /// <summary>The true client; null where the header speaks of no one (LOCAL, UNKNOWN, a Unix socket): use the socket's.</summary>
    public IPEndPoint? Source { get; private set; }

    /// <summary>The address the client connected to; null with <see cref="Source"/>.</summary>
    public IPEndPoint? Destination { get; private set; }

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Takes what belongs to the header from the front of the octets.</summary>
    public ProxyHeaderStatus Feed(ReadOnlySpan<byte> octets, out int consumed)
    {
        for (consumed = 0; consumed < octets.Length;)
        {
            if (_count < LineOctetsMax)
            {
                _kept[_count] = octets[consumed];
            }
            _count++;
            consumed++;
            ProxyHeaderStatus status = _kept[0] == 'P' ? LookAtLine() : LookAtBinary();
            if (status != ProxyHeaderStatus.NeedMore)
            {
                return status;
            }
        }
        return ProxyHeaderStatus.NeedMore;
    }

    private ProxyHeaderStatus LookAtLine()
    {
        ReadOnlySpan<byte> line = _kept.AsSpan(0, _count);
        ReadOnlySpan<byte> start = "PROXY "u8;
        int compared = Math.Min(_count, start.Length);
        if (!line[..compared].SequenceEqual(start[..compared]))
        {
            return ProxyHeaderStatus.Invalid;
        }
        if (line[^1] != '\n')
        {
            return _count < LineOctetsMax ? ProxyHeaderStatus.NeedMore : ProxyHeaderStatus.Invalid;
        }
        return line.Length > start.Length && line[^2] == '\r' && TryReadLine(line[start.Length..^2])
            ? ProxyHeaderStatus.Complete
            : ProxyHeaderStatus.Invalid;
    }

    private bool TryReadLine(ReadOnlySpan<byte> rest)
    {
        if (rest.SequenceEqual("UNKNOWN"u8) || rest.StartsWith("UNKNOWN "u8))
        {
            return true; // §2.1: whatever follows is ignored up to the CRLF.
        }
        AddressFamily family;
        if (rest.StartsWith("TCP4 "u8))
        {
            family = AddressFamily.InterNetwork;
        }
        else if (rest.StartsWith("TCP6 "u8))
        {
            family = AddressFamily.InterNetworkV6;
        }
        else
        {
            return false;
        }
        Span<Range> parts = stackalloc Range[5];
        rest = rest[5..];
        int count = 0;
        foreach (Range part in rest.Split((byte)' '))
        {
            if (count == 4)
            {
                return false;
            }
            parts[count++] = part;
        }
        if (count != 4
            || !TryReadAddress(rest[parts[0]], family, out IPAddress? source)
            || !TryReadAddress(rest[parts[1]], family, out IPAddress? destination)
            || !TryReadPort(rest[parts[2]], out int sourcePort)
            || !TryReadPort(rest[parts[3]], out int destinationPort))
        {
            return false;
        }
        Source = new IPEndPoint(source, sourcePort);
        Destination = new IPEndPoint(destination, destinationPort);
        return true;
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> text, AddressFamily family, out IPAddress address)
    {
        // The framework also reads "1", "0x7f.1", "fe80::1%2" and "[::1]": only the canonical characters may pass.
        bool plain = family == AddressFamily.InterNetwork
            ? text.Count((byte)'.') == 3 && text.IndexOfAnyExcept(DottedCharacters) < 0 && !HasLeadingZero(text)
            : text.IndexOfAnyExcept(ColonCharacters) < 0;
        if (plain && IPAddress.TryParse(text, out IPAddress? parsed) && parsed.AddressFamily == family)
        {
            address = parsed;
            return true;
        }
        address = IPAddress.None;
        return false;
    }

    private static bool HasLeadingZero(ReadOnlySpan<byte> dotted)
    {
        foreach (Range part in dotted.Split((byte)'.'))
        {
            if (dotted[part] is [(byte)'0', _, ..])
            {
                return true;
            }
        }
        return false;
    }

    private static bool TryReadPort(ReadOnlySpan<byte> text, out int port) =>
        Utf8Parser.TryParse(text, out port, out int used)
        && used == text.Length
        && port is >= 0 and <= ushort.MaxValue
        && text is [>= (byte)'1' and <= (byte)'9', ..] or [(byte)'0'];

    private ProxyHeaderStatus LookAtBinary()
    {
        int compared = Math.Min(_count, Signature.Length);
        if (!_kept.AsSpan(0, compared).SequenceEqual(Signature[..compared]))
        {
            return ProxyHeaderStatus.Invalid;
        }
        if (_count < FixedOctets)
        {
            return ProxyHeaderStatus.NeedMore;
        }
        int length = FixedOctets + BinaryPrimitives.ReadUInt16BigEndian(_kept.AsSpan(14));
        if (length > octetsMax)
        {
            return ProxyHeaderStatus.Invalid;
        }
        if (_count < length)
        {
            return ProxyHeaderStatus.NeedMore;
        }
        return TryReadBinary(_kept.AsSpan(0, Math.Min(length, KeptOctetsMax))) ? ProxyHeaderStatus.Complete : ProxyHeaderStatus.Invalid;
    }

    private bool TryReadBinary(ReadOnlySpan<byte> header)
    {
        const byte Version2Local = 0x20;
        const byte Version2Proxy = 0x21;
        if (header[12] is not (Version2Local or Version2Proxy))
        {
            return false; // §2.2: other versions and commands must be refused.
        }
        if (header[12] == Version2Local)
        {
            return true; // The proxy's own connection, as for a health check.
        }
        ReadOnlySpan<byte> addresses = header[FixedOctets..];
        switch (header[13])
        {
            case 0x11 when addresses.Length >= 12: // TCP over IPv4
                Take(addresses, 4);
                return true;
            case 0x21 when addresses.Length >= 36: // TCP over IPv6
                Take(addresses, 16);
                return true;
            case 0x00: // unspecified
            case 0x31: // a Unix stream socket
                return true;
            default:
                return false; // Datagrams, families we do not know, and addresses cut short.
        }
    }

    private void Take(ReadOnlySpan<byte> addresses, int octets)
    {
        ReadOnlySpan<byte> ports = addresses[(2 * octets)..];
        Source = new IPEndPoint(new IPAddress(addresses[..octets]), BinaryPrimitives.ReadUInt16BigEndian(ports));
        Destination = new IPEndPoint(new IPAddress(addresses.Slice(octets, octets)), BinaryPrimitives.ReadUInt16BigEndian(ports[2..]));
    }
}
