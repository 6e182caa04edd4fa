using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace MailAccess.Dns;

/// <summary>Record types we ask for or look at. RFC 1035 §3.2.2, RFC 2782, RFC 3596 §2.1, RFC 6698 §7.1.</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Soa = 6,
    Ptr = 12,
    Mx = 15,
    Txt = 16,
    Aaaa = 28,
    Srv = 33,
    Opt = 41,
    Tlsa = 52,
}

/// <summary>RCODE with EDNS extension. RFC 1035 §4.1.1.</summary>
internal enum DnsResponseCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>One question, class IN.</summary>
internal readonly record struct DnsQuestion(string Name, DnsType Type);

/// <summary>One record, as far as its type concerns us.</summary>
internal readonly record struct DnsRecord(string Name, DnsType Type, TimeSpan Ttl)
{
    /// <summary>A, AAAA.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>CNAME, PTR, MX, SRV.</summary>
    public string? Target { get; init; }

    /// <summary>MX; SRV calls it priority.</summary>
    public int Preference { get; init; }

    /// <summary>SRV.</summary>
    public (int Weight, int Port) Service { get; init; }

    /// <summary>TXT, its strings joined; each octet is a character.</summary>
    public string? Text { get; init; }

    /// <summary>TLSA.</summary>
    public TlsaRecord? Association { get; init; }

    /// <summary>SOA: how long an absence may be believed. RFC 2308 §4.</summary>
    public TimeSpan NegativeTtl { get; init; }
}

/// <summary>A response, parsed; of the authority section only the SOA.</summary>
internal sealed record DnsMessage
{
    public required ushort Id { get; init; }

    public required DnsQuestion Question { get; init; }

    public required DnsResponseCode ResponseCode { get; init; }

    public required bool IsTruncated { get; init; }

    public required bool IsAuthenticData { get; init; }

    public required IReadOnlyList<DnsRecord> Answers { get; init; }

    public required TimeSpan? NegativeTtl { get; init; }
}

/// <summary>Queries out, responses in. RFC 1035 §4, RFC 6891 §6.</summary>
internal static class DnsMessageCodec
{
    private const int HeaderOctets = 12;
    private const int ClassIn = 1;
    private const int FlagResponse = 0x8000;
    private const int FlagTruncated = 0x0200;
    private const int FlagRecursionDesired = 0x0100;
    private const int FlagAuthenticData = 0x0020;
    private const int OpcodeMask = 0x7800;

    /// <summary>A query with RD, and AD: "I understand the AD bit" (RFC 6840 §5.7). Null where the name is none.</summary>
    /// <param name="payloadOctetsMax">For the OPT record; 0: no EDNS.</param>
    public static byte[]? TryWriteQuery(ushort id, DnsQuestion question, int payloadOctetsMax)
    {
        List<byte> octets = new(HeaderOctets + question.Name.Length + 18);
        Append16(octets, id);
        Append16(octets, FlagRecursionDesired | FlagAuthenticData);
        Append16(octets, 1);
        Append16(octets, 0);
        Append16(octets, 0);
        Append16(octets, payloadOctetsMax > 0 ? 1 : 0);
        if (!DnsName.TryWrite(question.Name, octets))
        {
            return null;
        }
        Append16(octets, (int)question.Type);
        Append16(octets, ClassIn);
        if (payloadOctetsMax > 0)
        {
            octets.Add(0); // The root.
            Append16(octets, (int)DnsType.Opt);
            Append16(octets, payloadOctetsMax);
            Append16(octets, 0); // Extended RCODE and version 0.
            Append16(octets, 0); // No DO: AD is enough, and answers stay small.
            Append16(octets, 0); // No options.
        }
        return [.. octets];
    }

    /// <summary>
    /// Reads a response with exactly one question. A truncated one (TC) is read as far as its question, since the rest
    /// will be asked for again by TCP. False for anything that is no well-formed response.
    /// </summary>
    public static bool TryReadResponse(ReadOnlySpan<byte> octets, int recordsMax, out DnsMessage? message)
    {
        message = null;
        if (octets.Length < HeaderOctets)
        {
            return false;
        }
        int flags = Read16(octets, 2);
        int offset = HeaderOctets;
        if ((flags & FlagResponse) == 0 || (flags & OpcodeMask) != 0 || Read16(octets, 4) != 1
            || !DnsName.TryRead(octets, ref offset, out string name) || offset + 4 > octets.Length
            || Read16(octets, offset + 2) != ClassIn)
        {
            return false;
        }
        DnsQuestion question = new(name, (DnsType)Read16(octets, offset));
        offset += 4;
        bool truncated = (flags & FlagTruncated) != 0;
        Sections sections = new(recordsMax);
        if (!truncated && !sections.TryRead(octets, offset))
        {
            return false;
        }
        message = new DnsMessage
        {
            Id = (ushort)Read16(octets, 0),
            Question = question,
            ResponseCode = (DnsResponseCode)(sections.ExtendedCode << 4 | flags & 0xF),
            IsTruncated = truncated,
            IsAuthenticData = (flags & FlagAuthenticData) != 0,
            Answers = sections.Answers,
            NegativeTtl = sections.NegativeTtl,
        };
        return true;
    }

    private static int Read16(ReadOnlySpan<byte> octets, int at) => BinaryPrimitives.ReadUInt16BigEndian(octets[at..]);

    private static void Append16(List<byte> octets, int value)
    {
        octets.Add((byte)(value >> 8));
        octets.Add((byte)value);
    }

    private sealed class Sections(int recordsMax)
    {
        public List<DnsRecord> Answers { get; } = [];

        public TimeSpan? NegativeTtl { get; private set; }

        public int ExtendedCode { get; private set; }

        public bool TryRead(ReadOnlySpan<byte> octets, int offset)
        {
            for (int section = 0; section < 3; section++)
            {
                for (int left = Read16(octets, 6 + 2 * section); left > 0; left--)
                {
                    if (!TryReadRecord(octets, ref offset, section))
                    {
                        return false;
                    }
                }
            }
            return true;
        }

        private bool TryReadRecord(ReadOnlySpan<byte> octets, ref int offset, int section)
        {
            if (!DnsName.TryRead(octets, ref offset, out string name) || offset + 10 > octets.Length)
            {
                return false;
            }
            DnsType type = (DnsType)Read16(octets, offset);
            int recordClass = Read16(octets, offset + 2);
            uint ttl = BinaryPrimitives.ReadUInt32BigEndian(octets[(offset + 4)..]);
            int length = Read16(octets, offset + 8);
            int start = offset + 10;
            offset = start + length;
            if (offset > octets.Length)
            {
                return false;
            }
            if (type == DnsType.Opt)
            {
                ExtendedCode = section == 2 ? (int)(ttl >> 24) : ExtendedCode; // RFC 6891 §6.1.3.
                return true;
            }
            // "treat ... as if the entire value received was zero" where the top bit is set: RFC 2181 §8.
            DnsRecord record = new(name, type, TimeSpan.FromSeconds(ttl > int.MaxValue ? 0 : ttl));
            if (recordClass != ClassIn || section == 2)
            {
                return true;
            }
            if (!TryReadData(octets[..offset], start, ref record))
            {
                return false;
            }
            if (section == 0 && Answers.Count < recordsMax)
            {
                Answers.Add(record);
            }
            else if (section == 1 && type == DnsType.Soa)
            {
                NegativeTtl = record.NegativeTtl < record.Ttl ? record.NegativeTtl : record.Ttl; // RFC 2308 §5.
            }
            return true;
        }

        // The span ends where the record ends; names in it may point to anywhere before.
        private static bool TryReadData(ReadOnlySpan<byte> octets, int start, ref DnsRecord record)
        {
            int at = start;
            switch (record.Type)
            {
                case DnsType.A when octets.Length - start == 4:
                case DnsType.Aaaa when octets.Length - start == 16:
                    record = record with { Address = new IPAddress(octets[start..]) };
                    return true;
                case DnsType.A or DnsType.Aaaa:
                    return false;
                case DnsType.Cname or DnsType.Ptr:
                    bool isName = DnsName.TryRead(octets, ref at, out string target);
                    record = record with { Target = target };
                    return isName && at == octets.Length;
                case DnsType.Mx:
                    if (octets.Length - start < 3)
                    {
                        return false;
                    }
                    at = start + 2;
                    bool isExchange = DnsName.TryRead(octets, ref at, out string exchange);
                    record = record with { Preference = Read16(octets, start), Target = exchange };
                    return isExchange && at == octets.Length;
                case DnsType.Srv:
                    at = start + 6;
                    if (at >= octets.Length || !DnsName.TryRead(octets, ref at, out string host) || at != octets.Length)
                    {
                        return false;
                    }
                    record = record with { Preference = Read16(octets, start), Service = (Read16(octets, start + 2), Read16(octets, start + 4)), Target = host };
                    return true;
                case DnsType.Txt:
                    bool isText = TryJoinStrings(octets[start..], out string text);
                    record = record with { Text = text };
                    return isText;
                case DnsType.Tlsa:
                    if (octets.Length - start < 4)
                    {
                        return false; // No certificate association data.
                    }
                    record = record with { Association = new TlsaRecord(octets[start], octets[start + 1], octets[start + 2], octets[(start + 3)..].ToArray()) };
                    return true;
                case DnsType.Soa:
                    if (!DnsName.TryRead(octets, ref at, out _) || !DnsName.TryRead(octets, ref at, out _) || octets.Length - at != 20)
                    {
                        return false;
                    }
                    uint minimum = BinaryPrimitives.ReadUInt32BigEndian(octets[(at + 16)..]);
                    record = record with { NegativeTtl = TimeSpan.FromSeconds(minimum > int.MaxValue ? 0 : minimum) };
                    return true;
                default:
                    return true;
            }
        }

        // "concatenated together without adding spaces", RFC 7208 §3.3; one string at least, RFC 1035 §3.3.14.
        private static bool TryJoinStrings(ReadOnlySpan<byte> data, out string text)
        {
            StringBuilder joined = new(data.Length);
            int at = 0;
            while (at < data.Length && at + 1 + data[at] <= data.Length)
            {
                joined.Append(Encoding.Latin1.GetString(data.Slice(at + 1, data[at])));
                at += 1 + data[at];
            }
            text = joined.ToString();
            return at > 0 && at == data.Length;
        }
    }
}
