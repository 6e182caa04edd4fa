using System.Text;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Tests;

public sealed class LineEndsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a\nb\n", "a\r\nb\r\n")]
    [InlineData("a\r\nb\n", "a\r\nb\r\n")]
    [InlineData("\n\n\r\n\n", "\r\n\r\n\r\n\r\n")]
    [InlineData("a\rb\r\r\nc", "a\rb\r\r\nc")]
    [InlineData("long line without end", "long line without end")]
    public void Every_split_of_both_sides_gives_the_same_octets(string raw, string expected)
    {
        byte[] file = Encoding.ASCII.GetBytes(raw);
        for (int rawPiece = 1; rawPiece <= file.Length + 1; rawPiece++)
        {
            for (int room = 1; room <= expected.Length + 1; room++)
            {
                Assert.Equal(expected, Encoding.ASCII.GetString(Convert(file, rawPiece, room)));
            }
        }
    }

    private static byte[] Convert(byte[] file, int rawPiece, int room)
    {
        List<byte> all = [];
        byte[] destination = new byte[room];
        bool afterCr = false;
        int at = 0;
        while (at < file.Length)
        {
            LineEnds.ToCrlf(file.AsSpan(at, Math.Min(rawPiece, file.Length - at)), destination, ref afterCr, out int taken, out int written);
            Assert.True(taken > 0 || written > 0);
            all.AddRange(destination.AsSpan(0, written));
            at += taken;
        }
        return [.. all];
    }
}
