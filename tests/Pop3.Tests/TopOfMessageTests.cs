using System.Text;

namespace MailAccess.Pop3.Tests;

public sealed class TopOfMessageTests
{
    [Theory]
    [InlineData("A: 1\r\nB: 2\r\n\r\nx\r\ny\r\nz\r\n", 0, "A: 1\r\nB: 2\r\n\r\n")]
    [InlineData("A: 1\r\nB: 2\r\n\r\nx\r\ny\r\nz\r\n", 2, "A: 1\r\nB: 2\r\n\r\nx\r\ny\r\n")]
    [InlineData("A: 1\r\nB: 2\r\n\r\nx\r\ny\r\nz\r\n", 9, "A: 1\r\nB: 2\r\n\r\nx\r\ny\r\nz\r\n")]
    [InlineData("A: 1\r\n\r\n\r\n\r\nx\r\n", 2, "A: 1\r\n\r\n\r\n\r\n")]
    [InlineData("A: 1\r\n\r\nx", 1, "A: 1\r\n\r\nx")]
    [InlineData("A: 1\r\nno end of header", 0, "A: 1\r\nno end of header")]
    [InlineData("\r\nbody\r\nmore\r\n", 1, "\r\nbody\r\n")]
    [InlineData("", 3, "")]
    public void Header_blank_line_and_so_many_lines_at_every_split(string message, int lines, string top)
    {
        byte[] octets = Encoding.ASCII.GetBytes(message);
        for (int size = 1; size <= octets.Length + 1; size++)
        {
            TopOfMessage taker = new(lines);
            StringBuilder taken = new();
            for (int at = 0; at < octets.Length && !taker.IsComplete; at += size)
            {
                ReadOnlySpan<byte> piece = octets.AsSpan(at, Math.Min(size, octets.Length - at));
                taken.Append(Encoding.ASCII.GetString(piece[..taker.Take(piece)]));
            }
            Assert.Equal(top, taken.ToString());
        }
    }
}
