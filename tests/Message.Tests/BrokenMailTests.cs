namespace MailAccess.Message.Tests;

/// <summary>
/// Kinds of broken mail that bench/structures found, each with what clients are told of it, whatever the pieces in which the message comes.
/// </summary>
public sealed class BrokenMailTests
{
    /// <summary>A header, and its ENVELOPE without the fields at either end that are NIL.</summary>
    public static TheoryData<string, string> Envelopes => new()
    {
        // Repeated fields: addresses are one list, of the others the first counts.
        { "From: a@b\nFrom: c@d\nSubject: 1\nSubject: 2\nTo:\nTo: e@f\n", Sent("\"1\"", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))", "((NIL NIL \"e\" \"f\"))") },
        { "From:\nFrom: a@b\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "NIL") },
        { "From: a@b\nTo: \"open\nTo: c@d\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"open\" \"\")(NIL NIL \"c\" \"d\"))") },
        { "From: a@b\nTo: G: c@d\nTo: e@f;\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"G\" NIL)(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\"))") },
        // Carriage returns alone, and NUL.
        { "From: \"Ann\rB\" <a@b>\nSubject: x\rFrom: c@d\r\0\n", Sent("\"x From: c@d ?\"", "((\"Ann B\" NIL \"a\" \"b\"))", "NIL") },
        // Names and addresses that were written without what keeps them apart.
        { "From: Mail Delivery System\n", Sent("NIL", "((\"Mail Delivery System\" NIL \"\" \"\"))", "NIL") },
        { "From: \"Ann <a@b>\nTo: Ann c@d, <mailto:e@f>\n", Sent("NIL", "((\"Ann\" NIL \"a\" \"b\"))", "((\"Ann\" NIL \"c\" \"d\")(NIL NIL \"e\" \"f\"))") },
        { "From: \"\" <a@b>\nTo: <@a.b c@d> e@f\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"c\" \"d\")(NIL NIL \"e\" \"f\"))") },
    };

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void Its_envelope_says_what_can_be_known(string header, string expected)
    {
        AssertAtEverySplit(Octets.Raw(header + "\nbody\n"), summary => summary.Envelope, expected);
    }

    private static void AssertAtEverySplit(byte[] message, Func<MessageSummary, ReadOnlyMemory<byte>> value, string expected)
    {
        MessageSummary whole = Octets.Parse(message).Summary;
        Assert.Equal(expected, Octets.Text(value(whole)));
        for (int split = 0; split <= message.Length; split++)
        {
            MessageParser halves = new();
            halves.Feed(message.AsSpan(0, split));
            halves.Feed(message.AsSpan(split));
            Assert.True(whole.Encoded.Span.SequenceEqual(halves.Summarize().Encoded.Span), $"split at {split}");
        }
        MessageParser single = new();
        Array.ForEach(message, octet => single.Feed([octet]));
        Assert.True(whole.Encoded.Span.SequenceEqual(single.Summarize().Encoded.Span), "octet by octet");
    }

    private static string Sent(string subject, string from, string to) => $"(NIL {subject} {from} {from} {from} {to} NIL NIL NIL NIL)";
}
