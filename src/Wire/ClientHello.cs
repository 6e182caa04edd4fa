using System.Buffers.Binary;

namespace MailAccess.Wire;

/// <summary>
/// Reads from a TLS ClientHello (RFC 8446 §4.1.2) the one thing the platform does not tell: whether the client can
/// verify an ECDSA certificate.
/// </summary>
/// <remarks>Only a choice between two certificates hangs on it; the handshake itself is the platform's. Whatever cannot be
/// read is answered with the first certificate, and the platform then finds the fault.</remarks>
internal static class ClientHello
{
    private const int RecordHeader = 5;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;

    /// <summary>How many octets must be there before <see cref="AcceptsEcdsa"/> can tell; -1: this is no ClientHello.</summary>
    /// <remarks>One record: clients that spread their hello over several are served the first certificate.</remarks>
    public static int OctetsNeeded(ReadOnlySpan<byte> octets)
    {
        if (octets is [not HandshakeRecord, ..])
        {
            return -1;
        }
        return octets.Length < RecordHeader ? RecordHeader : RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(octets[3..]);
    }

    /// <summary>False only where the client says that it can do without ECDSA: then an RSA certificate serves it.</summary>
    public static bool AcceptsEcdsa(ReadOnlySpan<byte> octets)
    {
        var reader = new Reader(octets);
        if (!reader.Skip(RecordHeader) || !reader.TryByte(out byte message) || message != ClientHelloMessage
            || !reader.Skip(3 + 2 + 32) // length, legacy_version, random
            || !reader.TryBlock(1, out _) // legacy_session_id
            || !reader.TryBlock(2, out ReadOnlySpan<byte> suites)
            || !reader.TryBlock(1, out _) // legacy_compression_methods
            || !reader.TryBlock(2, out ReadOnlySpan<byte> extensions))
        {
            return true;
        }
        bool signsEcdsa = false;
        bool speaksTls13 = false;
        var list = new Reader(extensions);
        while (list.TryUInt16(out int type) && list.TryBlock(2, out ReadOnlySpan<byte> body))
        {
            switch (type)
            {
                case 13: // signature_algorithms, RFC 8446 §4.2.3
                    signsEcdsa = Contains(body, lengthOctets: 2, 0x0403, 0x0503, 0x0603, 0x0203);
                    break;
                case 43: // supported_versions, RFC 8446 §4.2.1
                    speaksTls13 = Contains(body, lengthOctets: 1, 0x0304);
                    break;
            }
        }
        return signsEcdsa && (speaksTls13 || HasEcdsaSuite(suites));
    }

    private static bool Contains(ReadOnlySpan<byte> body, int lengthOctets, params ReadOnlySpan<int> wanted)
    {
        var reader = new Reader(body);
        if (!reader.TryBlock(lengthOctets, out ReadOnlySpan<byte> values))
        {
            return false;
        }
        var items = new Reader(values);
        while (items.TryUInt16(out int value))
        {
            if (wanted.Contains(value))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The ECDHE_ECDSA suites of RFC 5289, RFC 7905, RFC 7251 and RFC 8422 that platforms still speak in TLS 1.2.</summary>
    private static bool HasEcdsaSuite(ReadOnlySpan<byte> suites)
    {
        var items = new Reader(suites);
        while (items.TryUInt16(out int suite))
        {
            if (suite is 0xC02B or 0xC02C or 0xCCA9 or 0xC023 or 0xC024 or 0xC009 or 0xC00A or (>= 0xC0AC and <= 0xC0AF))
            {
                return true;
            }
        }
        return false;
    }

    private ref struct Reader(ReadOnlySpan<byte> octets)
    {
        private ReadOnlySpan<byte> _rest = octets;

        public bool Skip(int count)
        {
            if (_rest.Length < count)
            {
                return false;
            }
            _rest = _rest[count..];
            return true;
        }

        public bool TryByte(out byte value)
        {
            value = _rest.IsEmpty ? (byte)0 : _rest[0];
            return Skip(1);
        }

        public bool TryUInt16(out int value)
        {
            value = _rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(_rest);
            return Skip(2);
        }

        public bool TryBlock(int lengthOctets, out ReadOnlySpan<byte> block)
        {
            block = default;
            int length;
            if (lengthOctets == 1)
            {
                if (!TryByte(out byte one))
                {
                    return false;
                }
                length = one;
            }
            else if (!TryUInt16(out length))
            {
                return false;
            }
            ReadOnlySpan<byte> from = _rest;
            if (!Skip(length))
            {
                return false;
            }
            block = from[..length];
            return true;
        }
    }
}
