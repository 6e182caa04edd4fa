using MailAccess.Message.Folding;

namespace MailAccess.Message.Tests;

/// <summary>Normalization Form C. The expected values are those of the Unicode Standard's own test file and annex.</summary>
public sealed class ComposedTextTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("u\u0308", "\u00fc")]
    [InlineData("\u00fc", "\u00fc")]
    [InlineData("\u212b", "\u00c5")] // ANGSTROM SIGN
    [InlineData("\u2126", "\u03a9")] // OHM SIGN: one code point for another
    [InlineData("s\u0323\u0307", "\u1e69")]
    [InlineData("s\u0307\u0323", "\u1e69")] // marks in another order
    [InlineData("\u1e0b\u0323", "\u1e0d\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")] // nothing to compose, but an order
    [InlineData("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b")] // of the test file: only the first of two equal marks
    [InlineData("\u0308u", "\u0308u")] // a mark with nothing before it
    [InlineData("\u0344", "\u0308\u0301")] // a mark that is two
    [InlineData("\u0958", "\u0915\u093c")] // never composed
    [InlineData("\u2adc", "\u2add\u0338")]
    [InlineData("\u1100\u1161", "\uac00")] // Hangul
    [InlineData("\u1100\u1161\u11a8", "\uac01")]
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\uac01\u11a8", "\uac01\u11a8")]
    [InlineData("\uac00\u11a7", "\uac00\u11a7")]
    [InlineData("\u09c7\u09be", "\u09cb")] // two that begin a character
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")] // beyond 16 bits
    [InlineData("\ud804\udc99\ud804\udcba", "\ud804\udc9a")]
    public void Text_is_composed(string text, string expected)
    {
        Assert.Equal(expected, ComposedText.Compose(text));
        Assert.Equal(text == expected, ComposedText.IsComposed(text));
        Assert.True(ComposedText.IsComposed(expected));
    }

    [Fact]
    public void Many_marks_cost_little()
    {
        string marks = "a" + string.Concat(Enumerable.Repeat("\u0315\u0300", 200_000));
        string composed = ComposedText.Compose(marks);
        Assert.Equal("\u00e0" + new string('\u0300', 199_999) + new string('\u0315', 200_000), composed);
    }
}
