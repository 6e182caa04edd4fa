using System.Globalization;
using System.Text;

namespace MailAccess.Message.Tests.Searching;

public sealed class FoldingTests
{
    // Lines of the Unicode Character Database, (c) Unicode, Inc., under the Unicode License V3.
    public static TheoryData<string> UnicodeData => [.. Lines()];

    [Theory]
    [InlineData("\u01C4", "\u0044\u007A\u030C")] // The example of RFC 5051 §2.
    [InlineData("\u01C4", "\u0064\u017E")]
    [InlineData("stra\u00DFe", "STRA\u1E9EE")]
    [InlineData("\uFF21\uFF42\uFF43", "abc")] // Full width.
    [InlineData("\uFF76\uFF9E", "\u30AC")] // Half width, with its mark apart.
    [InlineData("e\uFB03cient", "EFFICIENT")] // A ligature.
    [InlineData("\u212B \u2126", "\u00E5 \u03C9")] // Angstrom and Ohm signs.
    [InlineData("\u0390", "\u03B9\u0308\u0301")]
    [InlineData("\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF")] // Hangul.
    [InlineData("\u1E69", "s\u0307\u0323")] // Marks in another order.
    [InlineData("q\u0307\u0323", "Q\u0323\u0307")]
    [InlineData("a\u0327\u0301", "\u00E1\u0327")] // As NFC leaves it.
    [InlineData("\uD835\uDC00", "A")] // Beyond the basic plane.
    [InlineData("\u2460", "1")]
    public void These_are_the_same_both_ways(string left, string right)
    {
        Assert.Equal(TextMatcher.Fold(left), TextMatcher.Fold(right));
        Assert.True(TextMatcher.Contains($"x {left} x", right));
        Assert.True(TextMatcher.Contains($"x {right} x", left));
    }

    [Theory]
    [InlineData("caf\u00E9", "cafe", true)] // RFC 5051 makes an accent something behind its letter.
    [InlineData("cafe", "caf\u00E9", false)]
    [InlineData("o\u0301", "\u00F2", false)]
    [InlineData("\u00E6", "ae", false)]
    public void An_accent_that_is_asked_for_must_be_there(string text, string needle, bool expected) =>
        Assert.Equal(expected, TextMatcher.Contains(text, needle));

    [Theory]
    [MemberData(nameof(UnicodeData))]
    public void A_code_point_is_what_the_database_says(string line)
    {
        string[] fields = line.Split(';');
        string self = Character(fields[0]);
        string? title = fields[14].Length > 0 ? fields[14] : fields[12].Length > 0 ? fields[12] : null;
        if (title is not null)
        {
            Assert.Equal(TextMatcher.Fold(Character(title)), TextMatcher.Fold(self));
        }
        else if (fields[5].Length > 0)
        {
            string decomposed = string.Concat(fields[5].Split(' ').Where(p => p[0] != '<').Select(Character));
            Assert.Equal(TextMatcher.Fold(decomposed), TextMatcher.Fold(self));
        }
        Assert.Equal(TextMatcher.Fold(self), TextMatcher.Fold(TextMatcher.Fold(self)));
    }

    [Fact]
    public void How_text_is_cut_makes_no_difference()
    {
        const string text = "a\u0301\u0323b\uD835\uDC00 \uD800x \u1E69\u0302\u0327\uD834\uDD5E e\u0300\u0316\u0301\u0317";
        string[] needles = ["A\u0323\u0301B", "\uD835\uDC01", "a", "\u0327", "E\u0316\u0317\u0300\u0301", "e\u0300", "\uD800X"];
        bool[] expected = [.. needles.Select(n => TextMatcher.Fold(text).Contains(TextMatcher.Fold(n), StringComparison.Ordinal))];
        Assert.Contains(true, expected);
        Assert.Contains(false, expected);
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second++)
            {
                TextMatcher matcher = new(needles);
                matcher.Write(text.AsSpan(0, first));
                matcher.Write(text.AsSpan(first, second - first));
                matcher.Write(text.AsSpan(second));
                matcher.EndOfText();
                Assert.Equal(expected, needles.Select((_, i) => matcher.IsFound(i)));
            }
        }
    }

    private static string Character(string hex) => char.ConvertFromUtf32(int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static IEnumerable<string> Lines()
    {
        using Stream stream = typeof(FoldingTests).Assembly.GetManifestResourceStream("UnicodeData.sample.txt")!;
        using StreamReader reader = new(stream, Encoding.ASCII);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
