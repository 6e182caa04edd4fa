namespace MailAccess.Message.Tests;

public sealed class AddressParserTests
{
    [Theory]
    // RFC 5322 A.1.2
    [InlineData("\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public|john.q.public|example.com")]
    [InlineData(
        "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>", "Mary Smith|mary|x.test, |jdoe|example.org, Who?|one|y.test")]
    [InlineData(
        "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>", "|boss|nil.test, Giant; \"Big\" Box|sysservices|example.net")]
    // A.1.3
    [InlineData(
        "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;", "{A Group, Ed Jones|c|a.test, |joe|where.test, John|jdoe|one.test, }")]
    [InlineData("Undisclosed recipients:;", "{Undisclosed recipients, }")]
    // A.5
    [InlineData("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete|pete|silly.test")]
    [InlineData(
        "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
        "{A Group, Chris Jones|c|public.example, |joe|example.org, John|jdoe|one.test, }")]
    [InlineData("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "{Hidden recipients, }")]
    // A.6.1, A.6.3
    [InlineData("Joe Q. Public <john.q.public@example.com>", "Joe Q. Public|john.q.public|example.com")]
    [InlineData(
        "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example", "Mary Smith|mary|example.net|@node.test, |jdoe|test.example")]
    [InlineData("John Doe <jdoe@machine(comment).  example>", "John Doe|jdoe|machine.example")]
    [InlineData("Mary Smith\r\n  \r\n          <mary@example.net>", "Mary Smith|mary|example.net")]
    // Other obsolete and unusual forms
    [InlineData("<@a.test,@b.test:c@d>", "|c|d|@a.test,@b.test")]
    [InlineData("\"quoted local\"@d, a . b @ c . d", "|quoted local|d, |a.b|c.d")]
    [InlineData("x@[192.0.2.1], y@[IPv6:2001:db8::1]", "|x|[192.0.2.1], |y|[IPv6:2001:db8::1]")]
    [InlineData("bob@example.test (Bob B.)", "Bob B.|bob|example.test")]
    [InlineData("=?utf-8?q?caf=C3=A9?= <c@d>", "=?utf-8?q?caf=C3=A9?=|c|d")]
    [InlineData("J\u00f6rg <j\u00f6rg@\u00fc.test>", "J\u00f6rg|j\u00f6rg|\u00fc.test")]
    // What programs really send
    [InlineData("a@b <c@d>", "a@b|c|d")]
    [InlineData("a@b; c@d;", "|a|b, |c|d")]
    [InlineData("bob", "|bob|")]
    [InlineData("<>", "||")]
    [InlineData("Bob <bob@x, c@d", "Bob|bob|x, |c|d")]
    [InlineData("a@b junk, c@d", "|a|b, |c|d")]
    [InlineData("(never ends", "")]
    [InlineData("g: a@b", "{g, |a|b, }")]
    [InlineData("g: h: a@b; c@d;", "{g, }, {h, |a|b, }, |c|d")] // No groups in groups.
    // Quotes, comments and brackets that never end hide no address
    [InlineData("\"Ann <a@b>", "Ann|a|b")]
    [InlineData("Ann\" <a@b>", "Ann|a|b")]
    [InlineData("Ann \"B <a@b>", "Ann B|a|b")]
    [InlineData("\"Ann\" \"B <a@b>, \"C\" <c@d>", "Ann B <a@b>, C|c|d")]
    [InlineData("\"Ann, B <a@b>, c@d", "|Ann|, B|a|b, |c|d")]
    [InlineData("\"a@b", "|a|b")]
    [InlineData("Ann (B <a@b>, c@d", "Ann B|a|b, |c|d")]
    [InlineData("a@b, (c@d", "|a|b, |c|d")]
    [InlineData("a@b (Ann", "Ann|a|b")]
    [InlineData("x@[192.0.2.1, c@d", "|x|[192.0.2.1, |c|d")]
    [InlineData("x@[a\\]b]", "|x|[a\\]b]")]
    [InlineData("<<a@b>>, Ann <<c@d>>", "|a|b, Ann|c|d")]
    [InlineData("Ann <Bob <a@b>>", "Ann|a|b")]
    [InlineData("Ann <home> <a@b>", "Ann <home>|a|b")]
    [InlineData("<a@b; c@d", "|a|b, |c|d")]
    // What stands before an address is not part of it
    [InlineData("Ann B a@b, Dr. Ann B. a@b, Ann x.y@b", "Ann B|a|b, Dr. Ann B.|a|b, Ann|x.y|b")]
    [InlineData("\"Ann B\" a@b", "Ann B|a|b")]
    [InlineData("<Ann a@b>, Bob <Ann a@b>", "Ann|a|b, Bob|a|b")]
    [InlineData("<mailto:a@b>, <:a@b>, <a.b:c@d>", "|a|b, |a|b, |c|d")]
    [InlineData("<a@b:25>", "|a|b")]
    [InlineData("<@a.b c@d>, <@a.b>, <@:c@d>", "|c|d, ||a.b, |c|d")]
    [InlineData("a@@b", "|a|b")]
    [InlineData("Ann [list] a@b], c@d\\, e@f[g]h", "Ann [list]|a|b, |c|d, |e|f")]
    // Words without an address are a name, one word may be a local user
    [InlineData("Mail Delivery System, \"Bob\", root, root (Charlie), <Mail Delivery>", "Mail Delivery System||, Bob||, |root|, Charlie|root|, |Mail Delivery|")]
    [InlineData("\"a@b\"", "a@b||")]
    [InlineData("\"\" <a@b>, \" Ann \" <c@d>, \"\"", "|a|b, Ann|c|d")]
    // A forgotten comma
    [InlineData("a@b c@d", "|a|b, |c|d")]
    [InlineData("Ann <a@b> Bob <c@d><e@f>", "Ann|a|b, Bob|c|d, |e|f")]
    [InlineData("a@b and c@d, e@f", "|a|b, and|c|d, |e|f")]
    [InlineData("a@b@c, a@b:c@d", "|a|b, |a|b")]
    [InlineData(" , ,; ,", "")]
    [InlineData("", "")]
    public void Lists_are_read(string value, string expected)
    {
        Assert.Equal(expected, string.Join(", ", AddressParser.Parse(Octets.Raw(value)).Select(Show)));
    }

    [Theory]
    [InlineData("a@b", "a@b")]
    [InlineData("\"a b\"@c", "\"a b\"@c")]
    [InlineData("\"a\\\"\\\\b\"@c", "\"a\\\"\\\\b\"@c")]
    [InlineData("\"a\"@c", "a@c")]
    [InlineData("\"a..b\"@c", "\"a..b\"@c")]
    public void An_address_is_quoted_where_it_must_be(string value, string expected)
    {
        MailAddress address = Assert.Single(AddressParser.Parse(Octets.Raw(value)));
        Assert.True(address.IsComplete);
        Assert.Equal(expected, address.Address);
    }

    [Fact]
    public void A_display_name_is_decoded_for_people()
    {
        Assert.Equal("Keld J\u00f8rn Simonsen", AddressParser.Parse("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>"u8)[0].DisplayText);
    }

    [Fact]
    public void Every_text_of_special_characters_ends_and_balances_its_groups()
    {
        Random random = new(7);
        const string alphabet = "a \"\\<>@,;:.()[]\r\n\u00e9";
        for (int i = 0; i < 100_000; i++)
        {
            byte[] value = Octets.Raw(string.Concat(Enumerable.Range(0, random.Next(25)).Select(_ => alphabet[random.Next(alphabet.Length)])));
            int depth = 0;
            foreach (MailAddress address in AddressParser.Parse(value))
            {
                depth += address.Kind switch { MailAddressKind.GroupStart => 1, MailAddressKind.GroupEnd => -1, _ => 0 };
                Assert.InRange(depth, 0, 1);
            }
            Assert.Equal(0, depth);
        }
    }

    [Fact]
    public void A_field_of_a_million_addresses_is_cut_at_the_limit_and_not_read_further()
    {
        byte[] value = Octets.Raw(string.Concat(Enumerable.Repeat("a@b,", 1_000_000)));
        Assert.Equal(MessageLimits.Default.AddressesMax, AddressParser.Parse(value, MessageLimits.Default.AddressesMax, out long octetsRead).Count);
        Assert.InRange(octetsRead, 4 * MessageLimits.Default.AddressesMax, 16 * MessageLimits.Default.AddressesMax);
    }

    /// <summary>Pieces that make a reader look for an end that never comes, or go back, over and over.</summary>
    public static TheoryData<string> Traps =>
    [
        "\"", "(", "(\"", "\"(", "\\\"", "\"\\", "(a)", "()(", "\"\"", "\"a\"\"", "<", "<<", "<>", "<a", "<a>", "<a> ", "<@a,", "<@a,<", "@a,", "<@", "@", "@@", "[", "@[", "x@[", "x@[,", "x@[>", ":", "a:", "<a:", "a:b@", "<a:b@",
        ",", ";", "g:;", "a ", ".", ". ", "a.", "a@b ", "a@b:", "a@b \"", "a@b (", "a@b <", "a@b<c@d>", "<a@b", "<a@b:", "<a@b c", "\xe9", "a@b\"c\"", "a b@", "(a@", "\"a@", "<a(@", "a@b.c.", "\r\n ",
    ];

    [Theory]
    [MemberData(nameof(Traps))]
    public void The_work_grows_with_the_value_and_not_with_its_square(string piece)
    {
        foreach (string end in new[] { "", "@", "\"", ")", ">", "a@b", "," })
        {
            byte[] value = Octets.Raw(string.Concat(Enumerable.Repeat(piece, 100_000 / piece.Length)) + end);
            AddressParser.Parse(value, int.MaxValue, out long octetsRead);
            Assert.InRange(octetsRead, 1, 8L * value.Length);
        }
    }

    private static string Show(MailAddress address) => address.Kind switch
    {
        MailAddressKind.GroupStart => "{" + Octets.Text(address.DisplayName),
        MailAddressKind.GroupEnd => "}",
        _ => $"{Octets.Text(address.DisplayName)}|{Octets.Text(address.LocalPart)}|{Octets.Text(address.Domain)}"
            + (address.Route is null ? "" : "|" + Octets.Text(address.Route)),
    };
}
