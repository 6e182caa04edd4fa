using System.Buffers;
using System.Text;
using MailAccess.Store.Delivery;

namespace MailAccess.Store.Tests.Delivery;

/// <summary>Messages as programs and files want them, the same wherever the octets are cut.</summary>
public sealed class MessageCopyTests
{
    [Theory]
    [InlineData(CopyForm.None, "a\r\nb\r\n", "a\nb\n")]
    [InlineData(CopyForm.None, "a\nb", "a\nb\n")]
    [InlineData(CopyForm.None, "a\rb\r\r\nc\r", "a\rb\r\nc\r\n")]
    [InlineData(CopyForm.None, "", "")]
    [InlineData(CopyForm.None, "From x\r\n.y\r\n", "From x\n.y\n")]
    [InlineData(CopyForm.CrLf, "a\r\nb\nc", "a\r\nb\r\nc\r\n")]
    [InlineData(CopyForm.BlankLine, "a\r\n", "a\n\n")]
    [InlineData(CopyForm.BlankLine, "a", "a\n\n")]
    [InlineData(CopyForm.QuoteFrom, "From x\r\n>From y\r\nFrom: z\r\nFro\r\nFrom ", ">From x\n>From y\nFrom: z\nFro\n>From \n")]
    [InlineData(CopyForm.QuoteFromReversibly, "From x\r\n>>From y\r\n>From: z\r\n>>\r\n>Fro", ">From x\n>>>From y\n>From: z\n>>\n>Fro\n")]
    [InlineData(CopyForm.QuoteFromReversibly, "aFrom x\r\n F\r\nF\r\r\nFrFrom b\r\n", "aFrom x\n F\nF\r\nFrFrom b\n")]
    [InlineData(CopyForm.StuffDots, ".\r\n..a\r\nb.\r\n\r.c\r\n", "..\n...a\nb.\n\r.c\n")]
    [InlineData(CopyForm.StuffDots | CopyForm.QuoteFrom, ".From x\r\nFrom .\r\nF.\r\n", "..From x\n>From .\nF.\n")]
    public void Lines_are_written_the_same_at_every_cut(CopyForm form, string message, string expected)
    {
        byte[] octets = Encoding.ASCII.GetBytes(message);
        for (int size = 1; size <= Math.Max(1, octets.Length); size++)
        {
            MessageCopy copy = new(form);
            ArrayBufferWriter<byte> output = new();
            foreach (byte[] piece in octets.Chunk(size))
            {
                copy.Write(piece, output);
            }
            copy.Finish(output);
            Assert.Equal(expected, Encoding.ASCII.GetString(output.WrittenSpan));
        }
    }
}
