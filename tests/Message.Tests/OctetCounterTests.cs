namespace MailAccess.Message.Tests;

public sealed class OctetCounterTests
{
    [Fact]
    public void Counting_by_vectors_agrees_with_counting_by_hand_whatever_the_pieces()
    {
        Random random = new(11);
        foreach (int size in new[] { 0, 1, 2, 31, 32, 33, 64, 65, 1_000, 20_000, 100_000 })
        {
            byte[] octets = new byte[size];
            for (int i = 0; i < size; i++)
            {
                octets[i] = "\r\n\r\nab"u8[random.Next(6)];
            }
            OctetCounter counter = new();
            for (int i = 0; i < size;)
            {
                int length = Math.Min(size - i, random.Next(size < 100 ? 4 : 50_000));
                counter.Count(octets.AsSpan(i, length));
                i += length;
            }
            int lines = octets.Count(o => o == '\n');
            int bare = Enumerable.Range(0, size).Count(i => octets[i] == '\n' && (i == 0 || octets[i - 1] != '\r'));
            Assert.Equal((size, size + bare, lines), (counter.RawOctets, counter.CrlfOctets, counter.Lines));
        }
    }

    [Fact]
    public void Folding_goes_on_behind_characters_that_are_not_ASCII()
    {
        Assert.Equal("ABE\u0301E\u0300CD\ud800\u0416E", TextMatcher.Fold("ab\u00e9\u00c8cd\ud800\u0436e"));
    }
}
