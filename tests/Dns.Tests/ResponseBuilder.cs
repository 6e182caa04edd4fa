using System.Buffers.Binary;
using System.Net;

namespace MailAccess.Dns.Tests;

/// <summary>Writes responses, with compression to the question's name at offset 12, independently of the codec under test.</summary>
internal sealed class ResponseBuilder
{
    private readonly List<byte> _octets = [];
    private readonly int[] _counts = new int[4];

    public ResponseBuilder(ushort id, string name, DnsType type, int flags = 0x8180)
    {
        Add16(id);
        Add16(flags);
        _octets.AddRange(new byte[8]);
        AddName(name);
        Add16((int)type);
        Add16(1);
        _counts[0] = 1;
    }

    public static byte[] Pointer { get; } = [0xC0, 12];

    public static byte[] Name(string name)
    {
        List<byte> octets = [];
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            octets.Add((byte)label.Length);
            octets.AddRange(label.Select(c => (byte)c));
        }
        octets.Add(0);
        return [.. octets];
    }

    public ResponseBuilder Answer(byte[] name, DnsType type, uint ttl, params byte[] data) => Add(1, name, type, ttl, data);

    public ResponseBuilder Mx(int preference, string exchange, uint ttl = 300, string? name = null) =>
        Answer(name is null ? Pointer : Name(name), DnsType.Mx, ttl, [(byte)(preference >> 8), (byte)preference, .. Name(exchange)]);

    public ResponseBuilder Address(string address, uint ttl = 300, string? name = null)
    {
        byte[] octets = IPAddress.Parse(address).GetAddressBytes();
        return Answer(name is null ? Pointer : Name(name), octets.Length == 4 ? DnsType.A : DnsType.Aaaa, ttl, octets);
    }

    public int Length => _octets.Count;

    public ResponseBuilder Text(params string[] strings) =>
        Answer(Pointer, DnsType.Txt, 300, [.. strings.SelectMany(s => new[] { (byte)s.Length }.Concat(s.Select(c => (byte)c)))]);

    public ResponseBuilder Tlsa(byte usage, byte selector, byte matchingType, params byte[] data) =>
        Answer(Pointer, DnsType.Tlsa, 300, [usage, selector, matchingType, .. data]);

    public ResponseBuilder Service(byte priority, byte weight, int port, string target) =>
        Answer(Pointer, DnsType.Srv, 300, [0, priority, 0, weight, (byte)(port >> 8), (byte)port, .. Name(target)]);

    public ResponseBuilder Cname(string from, string to, uint ttl = 300) => Answer(Name(from), DnsType.Cname, ttl, Name(to));

    public ResponseBuilder Soa(uint ttl, uint minimum)
    {
        byte[] numbers = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(16), minimum);
        return Add(2, Pointer, DnsType.Soa, ttl, [.. Name("ns.test"), .. Name("root.test"), .. numbers]);
    }

    public ResponseBuilder Opt(int extendedCode = 0) => Add(3, [0], DnsType.Opt, (uint)extendedCode << 24, [], 1232);

    public byte[] Build()
    {
        byte[] octets = [.. _octets];
        for (int i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(4 + 2 * i), (ushort)_counts[i]);
        }
        return octets;
    }

    private ResponseBuilder Add(int section, byte[] name, DnsType type, uint ttl, byte[] data, int recordClass = 1)
    {
        _counts[section]++;
        _octets.AddRange(name);
        Add16((int)type);
        Add16(recordClass);
        Add16((int)(ttl >> 16));
        Add16((int)(ttl & 0xFFFF));
        Add16(data.Length);
        _octets.AddRange(data);
        return this;
    }

    private void AddName(string name) => _octets.AddRange(Name(name));

    private void Add16(int value)
    {
        _octets.Add((byte)(value >> 8));
        _octets.Add((byte)value);
    }
}
