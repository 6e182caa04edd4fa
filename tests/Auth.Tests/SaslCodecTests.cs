using System.Text;

namespace MailAccess.Auth.Tests;

public sealed class SaslCodecTests
{
    [Theory]
    [InlineData("*", SaslLineKind.Cancelled, "")]
    [InlineData("", SaslLineKind.Message, "")]
    [InlineData("dGltAHRpbQA=", SaslLineKind.Message, "tim\0tim\0")]
    [InlineData("=", SaslLineKind.Malformed, "")]
    [InlineData("* ", SaslLineKind.Malformed, "")]
    [InlineData("**", SaslLineKind.Malformed, "")]
    [InlineData("YQ", SaslLineKind.Malformed, "")]
    [InlineData("YQ==YQ==", SaslLineKind.Malformed, "")]
    [InlineData("YR==", SaslLineKind.Malformed, "")]
    [InlineData("YWK=", SaslLineKind.Malformed, "")]
    [InlineData("Y Q==", SaslLineKind.Malformed, "")]
    [InlineData("YQ=\t", SaslLineKind.Malformed, "")]
    [InlineData("Y===", SaslLineKind.Malformed, "")]
    [InlineData("====", SaslLineKind.Malformed, "")]
    [InlineData("YQ-_", SaslLineKind.Malformed, "")]
    public void A_response_line_is_strict_base64_or_the_star(string line, SaslLineKind kind, string message)
    {
        Assert.Equal(kind, SaslCodec.DecodeResponse(Encoding.ASCII.GetBytes(line), out byte[] decoded));
        Assert.Equal(message, Encoding.UTF8.GetString(decoded));
    }

    [Theory]
    [InlineData("=", SaslLineKind.Message, "")]
    [InlineData("", SaslLineKind.Malformed, "")]
    [InlineData("*", SaslLineKind.Malformed, "")]
    [InlineData("YQ==", SaslLineKind.Message, "a")]
    public void An_initial_response_of_one_equals_sign_is_the_empty_message(string word, SaslLineKind kind, string message)
    {
        Assert.Equal(kind, SaslCodec.DecodeInitial(Encoding.ASCII.GetBytes(word), out byte[] decoded));
        Assert.Equal(message, Encoding.UTF8.GetString(decoded));
    }

    [Fact]
    public void The_longest_line_is_that_of_RFC_4954()
    {
        byte[] longest = [.. Enumerable.Repeat((byte)'A', SaslLimits.EncodedOctetsMax)];
        Assert.Equal(SaslLineKind.Message, SaslCodec.DecodeResponse(longest, out byte[] message));
        Assert.Equal(SaslLimits.EncodedOctetsMax / 4 * 3, message.Length);
        Assert.Equal(SaslLineKind.TooLong, SaslCodec.DecodeResponse([.. longest, .. "AAAA"u8], out _));
    }

    [Fact]
    public void What_is_encoded_decodes_to_itself_and_agrees_with_the_framework()
    {
        Random random = new(20260314);
        for (int length = 0; length < 200; length++)
        {
            byte[] octets = new byte[length];
            random.NextBytes(octets);
            byte[] line = SaslCodec.Encode(octets);
            Assert.Equal(Convert.ToBase64String(octets), Encoding.ASCII.GetString(line));
            Assert.Equal(SaslLineKind.Message, SaslCodec.DecodeResponse(line, out byte[] back));
            Assert.Equal(octets, back);
        }
    }

    [Fact]
    public void Every_accepted_line_is_the_only_spelling_of_its_message()
    {
        Random random = new(7);
        byte[] letters = [.. "AZaz09+/=* \r"u8];
        int accepted = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] line = random.GetItems(letters, random.Next(1, 9));
            if (SaslCodec.DecodeResponse(line, out byte[] message) == SaslLineKind.Message)
            {
                accepted++;
                Assert.Equal(line, SaslCodec.Encode(message));
            }
        }
        Assert.True(accepted > 100);
    }
}
