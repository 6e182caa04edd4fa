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
        Assert.Equal("Subject: one\r\n two\r\nsubject:three\r\n\r\n", Filter(HeaderFilter.Only, Header, "SUBJECT", "missing"));
        Assert.Equal("\r\n", Filter(HeaderFilter.Only, Header, "missing"));
    }

    [Fact]
    public void HEADER_FIELDS_NOT_leaves_everything_that_was_not_named()
    {
        Assert.Equal("From bob\r\n junk\r\nX-A : b\r\nno colon\r\nEmpty:\r\n\r\n", Filter(HeaderFilter.Except, Header, "Subject"));
        Assert.Equal("From bob\r\n junk\r\nno colon\r\n\r\n", Filter(HeaderFilter.Except, Header, "Subject", "x-a", "empty"));
        Assert.Equal(Header[..^"Not: header\n".Length].ReplaceLineEndings("\r\n"), Filter(HeaderFilter.Except, Header, "missing"));
        Assert.Equal("x\r\n", Filter(HeaderFilter.Except, "x", "missing"));
        Assert.Equal("\r\r\nA: b\r\n", Filter(HeaderFilter.Except, "\r\r\nA: b\r\n", "missing")); // CR CR LF ends no header.
    }

    [Theory] // RFC 9051 §6.4.5.1
    [InlineData("A: b\n\n", "A: b\r\n\r\n")]
    [InlineData("A: b\r\n\r\n", "A: b\r\n\r\n")]
    [InlineData("A: b\r\n", "A: b\r\n")]
    [InlineData("A: b", "A: b\r\n")]
    [InlineData("A: b\n \n", "A: b\r\n \r\n")]
    [InlineData("", "")]
    [InlineData("\n", "\r\n")]
    public void A_header_without_an_empty_line_gets_none(string header, string expected)
    {
        Assert.Equal(expected, Filter(HeaderFilter.Only, header, "A"));
        Assert.Equal(expected, Filter(HeaderFilter.Except, header, "B"));
    }

    private delegate void FilterFunction(ReadOnlySpan<byte> header, IReadOnlyCollection<byte[]> names, IBufferWriter<byte> output);

    private static string Filter(FilterFunction filter, string header, params string[] names)
    {
        ArrayBufferWriter<byte> output = new();
        filter(Octets.Raw(header), [.. names.Select(Encoding.ASCII.GetBytes)], output);
        return Octets.Text(output.WrittenSpan);
    }
}
