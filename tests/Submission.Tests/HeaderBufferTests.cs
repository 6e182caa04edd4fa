using System.Text;

namespace MailAccess.Submission.Tests;

public sealed class HeaderBufferTests
{
    [Theory]
    [InlineData("A: b\r\n\r\nbody", "A", true, "", "body")]
    [InlineData("A: b\r\n c\r\n\tD: e\r\nF:\r\n\r\n", "A,F", true, "", "")]
    [InlineData("\r\nbody", "", true, "", "body")]
    [InlineData("hello\r\nbody", "", false, "hello\r\n", "body")]
    [InlineData("A: b\r\nhello world\r\nC: d\r\n", "A", false, "hello world\r\n", "C: d\r\n")]
    [InlineData(" folded first\r\nA: b\r\n", "", false, " folded first\r\n", "A: b\r\n")]
    [InlineData("A : b\r\n\r\n", "A", true, "", "")]
    [InlineData("A b: c\r\n\r\n", "", false, "A b: c\r\n", "\r\n")]
    [InlineData(": c\r\n\r\n", "", false, ": c\r\n", "\r\n")]
    [InlineData("A: b\r\n", "A", false, "", "")]
    [InlineData("A: b\r\n \r\n\r\nx", "A", true, "", "x")]
    [InlineData("A: b\n\r\n\r\nx", "A", true, "", "x")]
    [InlineData("", "", false, "", "")]
    public void A_header_is_found_at_every_split(string message, string fields, bool hasEmptyLine, string overrun, string body)
    {
        byte[] octets = Encoding.ASCII.GetBytes(message);
        for (int size = 1; size <= octets.Length + 1; size++)
        {
            HeaderBuffer header = new(new SubmissionLimits());
            StringBuilder rest = new();
            for (int at = 0; at < octets.Length; at += size)
            {
                ReadOnlySpan<byte> piece = octets.AsSpan(at, Math.Min(size, octets.Length - at));
                int taken = header.Feed(piece);
                rest.Append(Encoding.ASCII.GetString(piece[taken..]));
            }
            header.Finish();
            Assert.Equal(fields, string.Join(',', header.Fields.Select(f => f.Name)));
            Assert.Equal(hasEmptyLine, header.HasEmptyLine);
            Assert.Equal(overrun, Encoding.ASCII.GetString(header.Overrun.Span));
            Assert.Equal(body, rest.ToString());
        }
    }

    [Fact]
    public void Limits_are_exact()
    {
        SubmissionLimits limits = new() { HeaderOctetsMax = 8 };
        HeaderBuffer fits = new(limits);
        fits.Feed("A: b\r\n\r\n"u8);
        Assert.True(fits.IsComplete);
        Assert.False(fits.IsTooBig);
        HeaderBuffer tooBig = new(limits);
        tooBig.Feed("A: bc\r\n\r\n"u8);
        Assert.True(tooBig.IsTooBig);
    }
}
