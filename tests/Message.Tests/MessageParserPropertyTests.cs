namespace MailAccess.Message.Tests;

public sealed class MessageParserPropertyTests
{
    [Fact]
    public void The_streaming_parser_agrees_with_the_obvious_one_on_random_messages()
    {
        for (int seed = 0; seed < 20_000; seed++)
        {
            byte[] message = MessageGenerator.Make(seed);
            string expected = ReferenceParser.Describe(message);
            string actual = Octets.Describe(Octets.Parse(message).Root);
            Assert.True(expected == actual, $"seed {seed}\n{Octets.Text(message)}\n--- expected\n{expected}--- actual\n{actual}");
        }
    }

    [Fact]
    public void Every_split_gives_the_same_structure_and_summary()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            byte[] message = MessageGenerator.Make(seed);
            (MimePart root, MessageSummary summary, _) = Octets.Parse(message);
            string expected = Octets.Describe(root);
            for (int split = 0; split <= message.Length; split++)
            {
                MessageParser parser = new();
                parser.Feed(message.AsSpan(0, split));
                parser.Feed(message.AsSpan(split));
                Assert.Equal(expected, Octets.Describe(parser.Finish()));
                Assert.True(summary.Encoded.Span.SequenceEqual(parser.Summarize().Encoded.Span), $"seed {seed}, split {split}");
            }
            MessageParser single = new();
            foreach (byte octet in message)
            {
                single.Feed([octet]);
            }
            Assert.Equal(expected, Octets.Describe(single.Finish()));
        }
    }

    [Fact]
    public void Bare_line_feeds_give_the_structure_of_the_same_message_with_CRLF()
    {
        for (int seed = 0; seed < 5_000; seed++)
        {
            string text = Octets.Text(MessageGenerator.Make(seed));
            string canonical = text.EndsWith('\r') ? text[..^1] : text;
            (MimePart crlf, MessageSummary summary, MessageParser parser) = Octets.Parse(Octets.Raw(canonical));
            byte[] bare = Octets.Raw(canonical.Replace("\r\n", "\n", StringComparison.Ordinal));
            (MimePart lf, MessageSummary bareSummary, MessageParser bareParser) = Octets.Parse(bare);

            Assert.Equal(Octets.Describe(crlf), Octets.Describe(lf));
            Assert.True(summary.Encoded.Span.SequenceEqual(bareSummary.Encoded.Span));
            Assert.Equal(canonical.Length, parser.CrlfOctets);
            Assert.Equal(canonical.Length, bareParser.CrlfOctets);
            Assert.Equal(bare.Length, bareParser.Octets);
            Assert.True(parser.IsCrlfThroughout);
            Assert.Equal(bare.Length == canonical.Length, bareParser.IsCrlfThroughout);
        }
    }

    [Fact]
    public void Parts_lie_inside_their_parents_and_after_their_elder_siblings()
    {
        for (int seed = 0; seed < 5_000; seed++)
        {
            Check(Octets.Parse(MessageGenerator.Make(seed)).Root);
        }

        static void Check(MimePart part)
        {
            long position = part.BodyOffset;
            Assert.Equal(part.HeaderOffset + part.HeaderOctets, part.BodyOffset);
            foreach (MimePart child in part.Parts)
            {
                Assert.True(child.HeaderOffset >= position);
                position = child.BodyOffset + child.BodyOctets;
                Assert.True(position <= part.BodyOffset + part.BodyOctets);
                Check(child);
            }
        }
    }

    [Fact]
    public void The_structure_survives_the_summary()
    {
        for (int seed = 0; seed < 1_000; seed++)
        {
            (MimePart root, MessageSummary summary, _) = Octets.Parse(MessageGenerator.Make(seed));
            Assert.True(summary.IsValid);
            Assert.Equal(Octets.Describe(root), Octets.Describe(summary.Structure!));
        }
    }
}
