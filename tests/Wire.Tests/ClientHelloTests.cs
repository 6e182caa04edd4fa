using System.Buffers.Binary;

namespace MailAccess.Wire.Tests;

public sealed class ClientHelloTests
{
    private static readonly int[] Modern = [0x0403, 0x0804, 0x0401];
    private static readonly int[] RsaOnly = [0x0804, 0x0401, 0x0201];

    [Fact]
    public void What_the_client_can_verify_is_read()
    {
        Assert.True(ClientHello.AcceptsEcdsa(Hello([0x1301], Modern, [0x0304])));
        Assert.True(ClientHello.AcceptsEcdsa(Hello([0xC02F, 0xC02B], Modern, [])));
        Assert.True(ClientHello.AcceptsEcdsa(Hello([0xC02F, 0x1301], Modern, [0x0304, 0x0303])));
        Assert.False(ClientHello.AcceptsEcdsa(Hello([0xC02F], Modern, []))); // No suite of TLS 1.2 that uses it.
        Assert.False(ClientHello.AcceptsEcdsa(Hello([0xC02F, 0xC02B], RsaOnly, [])));
        Assert.False(ClientHello.AcceptsEcdsa(Hello([0x1301], RsaOnly, [0x0304])));
        Assert.False(ClientHello.AcceptsEcdsa(Hello([0xC02F, 0xC02B], [], []))); // RFC 5246 §7.4.1.4.1: without a list, SHA-1 with RSA at most.
    }

    [Fact]
    public void It_is_known_when_the_hello_is_whole()
    {
        byte[] hello = Hello([0x1301], Modern, [0x0304]);
        for (int length = 0; length <= hello.Length; length++)
        {
            int needed = ClientHello.OctetsNeeded(hello.AsSpan(0, length));
            Assert.Equal(length < 5 ? 5 : hello.Length, needed);
        }
        Assert.Equal(-1, ClientHello.OctetsNeeded("EHLO"u8));
    }

    [Fact]
    public void Whatever_comes_is_answered_without_a_fault()
    {
        byte[] hello = Hello([0x1301, 0xC02F], RsaOnly, [0x0304]);
        for (int length = 0; length < hello.Length; length++)
        {
            ClientHello.AcceptsEcdsa(hello.AsSpan(0, length));
        }
        var random = new Random(4711);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] mutated = [.. hello];
            for (int j = random.Next(1, 6); j > 0; j--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }
            ClientHello.AcceptsEcdsa(mutated.AsSpan(0, random.Next(mutated.Length + 1)));
            ClientHello.OctetsNeeded(mutated);
        }
    }

    private static byte[] Hello(int[] suites, int[] signatures, int[] versions)
    {
        byte[] extensions =
        [
            .. UInt16(0x000A), .. UInt16(4), .. UInt16(2), .. UInt16(0x0017), // supported_groups
            .. signatures.Length == 0 ? [] : (byte[])[.. UInt16(13), .. UInt16(2 + (2 * signatures.Length)), .. Block(signatures)],
            .. versions.Length == 0
                ? [] : (byte[])[.. UInt16(43), .. UInt16(1 + (2 * versions.Length)), (byte)(2 * versions.Length), .. versions.SelectMany(UInt16)],
        ];
        byte[] body =
        [
            .. UInt16(0x0303), .. new byte[32], 3, 1, 2, 3, .. Block(suites), 1, 0, .. UInt16(extensions.Length), .. extensions,
        ];
        byte[] message = [1, 0, .. UInt16(body.Length), .. body];
        return [22, 3, 1, .. UInt16(message.Length), .. message];
    }

    private static byte[] Block(int[] values) => [.. UInt16(2 * values.Length), .. values.SelectMany(UInt16)];

    private static byte[] UInt16(int value)
    {
        byte[] octets = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)value);
        return octets;
    }
}
