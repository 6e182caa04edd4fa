using System.Buffers;
using System.Text;

namespace MailAccess.Message.Tests;

public sealed class HeaderTests
{
    private const string Header = "From bob\n junk\nSubject: one\n two\nX-A : b\nno colon\nsubject:three\nEmpty:\n\nNot: header\n";

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Fields_are_read_in_order_with_their_place_and_folding(string lineEnd)
    {
        byte[] header = Octets.Raw(Header.ReplaceLineEndings(lineEnd));
        List<string> fields = [];
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            Assert.True(header.AsSpan(field.Offset, field.Raw.Length).SequenceEqual(field.Raw));
            Assert.True(field.Raw.EndsWith(field.RawValue));
            fields.Add(Octets.Text(field.Name) + "=" + field.Decode());
        }
        Assert.Equal(["Subject=one two", "X-A=b", "subject=three", "Empty="], fields);
        Assert.Equal("one two", Octets.Text(HeaderReader.Find(header, "SUBJECT"u8)));
        Assert.Null(HeaderReader.Find(header, "Not"u8));
    }

    [Fact]
    public void A_last_line_without_line_end_is_a_field()
    {
        Assert.Equal("x", Octets.Text(HeaderReader.Find("A: x"u8, "a"u8)));
    }

    [Fact]
    public void HEADER_FIELDS_returns_matching_fields_unchanged_and_the_empty_line()
    {
        Assert.Equal("Subject: one\r\n two\r\nsubject:three\r\n\r\n", Filter(HeaderFilter.Only, "SUBJECT", "missing"));
        Assert.Equal("X-A : b\r\nEmpty:\r\n\r\n", Filter(HeaderFilter.Except, "Subject"));
        Assert.Equal("\r\n", Filter(HeaderFilter.Only, "missing"));
    }

    private delegate void FilterFunction(ReadOnlySpan<byte> header, IReadOnlyCollection<byte[]> names, IBufferWriter<byte> output);

    private static string Filter(FilterFunction filter, params string[] names)
    {
        ArrayBufferWriter<byte> output = new();
        filter(Octets.Raw(Header), [.. names.Select(Encoding.ASCII.GetBytes)], output);
        return Octets.Text(output.WrittenSpan);
    }
}
