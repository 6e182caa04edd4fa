using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MailAccess.Message;
using MailAccess.Smtp;

namespace MailAccess.Routing.Tests.Rewriting;

public sealed class HeaderAddressRewriterTests
{
    private static readonly RewritingOptions Site = new()
    {
        Origin = "example.org",
        IsOwnDomain = static d => d == "example.org",
        Canonical = [new TableDouble("canonical", ("ann@in.test", "Ann.Smith@example.org"), ("bob@in.test", "b@o.test"), ("q@in.test", "\"a b\"@example.org"), ("u@in.test", "ü@example.org"))],
    };

    public static TheoryData<string, string> Fields => new()
    {
        { "From: Ann <ann@in.test>\r\n", "From: Ann <Ann.Smith@example.org>\r\n" },
        { "from : ann@in.test (Ann @ home)\r\n", "from : Ann.Smith@example.org (Ann @ home)\r\n" },
        { "To: \"bob@in.test\" <bob@in.test>, =?utf-8?q?ann=40in.test?= <x@far.test>\r\n", "To: \"bob@in.test\" <b@o.test>, =?utf-8?q?ann=40in.test?= <x@far.test>\r\n" },
        { "Cc: friends: ann@in.test,\r\n\tbob@in.test ; , x@far.test\r\n", "Cc: friends: Ann.Smith@example.org,\r\n\tb@o.test ; , x@far.test\r\n" },
        { "To: ann (the first) @ (at) in . test (end), x@far.test\r\n", "To: Ann.Smith@example.org (end), x@far.test\r\n" },
        { "To: <@relay.test,@hop.test:ann@in.test>\r\n", "To: <@relay.test,@hop.test:Ann.Smith@example.org>\r\n" },
        { "To:\r\n ann@in.test\r\n", "To:\r\n Ann.Smith@example.org\r\n" },
        { "To: \"ann\"@in.test\r\n", "To: Ann.Smith@example.org\r\n" },
        { "Reply-To: q@in.test\r\n", "Reply-To: \"a b\"@example.org\r\n" },
        { "To: bob\r\n", "To: bob@example.org\r\n" },
        { "To: Bob <bob>, carol (x)\r\n", "To: Bob <bob@example.org>, carol@example.org (x)\r\n" },
        { "To: Bob Brown\r\n", "To: Bob Brown\r\n" },
        { "To: \"bob\"\r\n", "To: \"bob\"\r\n" },
        { "To: undisclosed-recipients:;\r\n", "To: undisclosed-recipients:;\r\n" },
        { "To: <>\r\n", "To: <>\r\n" },
        { "To: ann@in.test", "To: Ann.Smith@example.org" },
        { "Subject: ann@in.test\r\n", "Subject: ann@in.test\r\n" },
        { "X-To: ann@in.test\r\nTo: bob@in.test\r\n", "X-To: ann@in.test\r\nTo: b@o.test\r\n" },
        { "no colon here ann@in.test\r\n ann@in.test\r\nTo: bob@in.test\r\n", "no colon here ann@in.test\r\n ann@in.test\r\nTo: b@o.test\r\n" },
        { " To: ann@in.test\r\nTo: bob@in.test\r\n", " To: ann@in.test\r\nTo: b@o.test\r\n" },
        { "To: ann@in.test\nCc: bob@in.test\n\nTo: ann@in.test\n", "To: Ann.Smith@example.org\nCc: b@o.test\n\nTo: ann@in.test\n" },
        { "To: ann@in.test\r\r\nCc: bob@in.test\r\n\r\r\n\r\nTo: ann@in.test\r\n", "To: Ann.Smith@example.org\r\r\nCc: b@o.test\r\n\r\r\n\r\nTo: ann@in.test\r\n" },
        { "\r\nTo: ann@in.test\r\n", "\r\nTo: ann@in.test\r\n" },
        { "Sender: ann@in.test\r\nResent-From: bob@in.test\r\nErrors-To: bob@in.test\r\n", "Sender: Ann.Smith@example.org\r\nResent-From: b@o.test\r\nErrors-To: b@o.test\r\n" },
    };

    [Theory, MemberData(nameof(Fields))]
    public async Task Only_addresses_change_at_every_split(string message, string expected)
    {
        byte[] octets = Encoding.Latin1.GetBytes(message);
        Assert.Equal(expected, await RunAsync(Site, octets, octets.Length));
        Assert.Equal(expected, await RunAsync(Site, octets, 1));
        for (int first = 1; first < octets.Length; first++)
        {
            Assert.Equal(expected, await RunAsync(Site, octets, first));
        }
    }

    [Fact]
    public async Task The_changes_tell_where_they_are()
    {
        const string Text = "Subject: x\r\nTo: ann@in.test, x@far.test\r\nCc: bob@in.test\r\n\r\nbody";
        HeaderAddressRewriter header = new(new AddressRewriter(Site), new HeaderRewritingOptions());
        await header.FeedAsync(Encoding.ASCII.GetBytes(Text), None);
        StringBuilder changed = new(Text);
        foreach (OctetEdit edit in header.Edits.Reverse())
        {
            changed.Remove((int)edit.Offset, edit.Removed).Insert((int)edit.Offset, Encoding.ASCII.GetString(edit.Replacement));
        }
        Assert.Equal("Subject: x\r\nTo: Ann.Smith@example.org, x@far.test\r\nCc: b@o.test\r\n\r\nbody", changed.ToString());
    }

    [Fact]
    public async Task Without_a_table_that_knows_anybody_every_octet_stays()
    {
        RewritingOptions options = new() { Canonical = [new TableDouble("canonical", ("nobody@nowhere.invalid", "x@y.test"))] };
        Gen<string> pieces = Gen.Elements(
            "From", "To", ":", ": ", "a@b.test", "<", ">", "(", ")", "\"", "\\", ",", ";", "@", ".", " ", "\t", "\r\n", "\n", "\r", "\r\n ", "[", "]", "=?utf-8?q?x?=", "ü", "\0", "Bob");
        Gen<string> texts = pieces.ListOf().Select(p => string.Concat(p));
        foreach (string text in texts.Sample(2_000, 60))
        {
            byte[] octets = Encoding.Latin1.GetBytes("To: " + text);
            Assert.Equal("To: " + text, await RunAsync(options, octets, 1 + (text.Length % 7)));
        }
    }

    [Fact]
    public async Task Replaced_addresses_stand_where_the_old_ones_were_read()
    {
        Everybody everybody = new();
        Gen<string> pieces = Gen.Elements("a@b.test", "ann", "<", ">", "(c)", "\"q\"", ",", ";", "@", ".", " ", "\r\n ", "x:", "[1.2.3.4]", "=?utf-8?q?x?=", "ü");
        int changes = 0;
        foreach (string text in pieces.ListOf().Select(p => string.Concat(p)).Sample(2_000, 40))
        {
            byte[] octets = Encoding.UTF8.GetBytes($"To: {text}\r\n");
            HeaderAddressRewriter header = new(everybody, new HeaderRewritingOptions());
            string output = Encoding.UTF8.GetString((await header.FeedAsync(octets, None)).Span) + Encoding.UTF8.GetString((await header.FinishAsync(None)).Span);
            HashSet<long> changed = [.. header.Edits.Select(e => e.Offset)];
            string[] expected = [.. AddressParser.Parse(octets.AsSpan(4)).Where(a => a.IsComplete).Select(a => changed.Contains(4 + a.Offset) ? "new@name.test" : a.Address)];
            string[] after = [.. AddressParser.Parse(Encoding.UTF8.GetBytes(output).AsSpan(4)).Where(a => a.IsComplete).Select(a => a.Address)];
            Assert.True(expected.SequenceEqual(after), $"{text}|{output}");
            changes += header.Edits.Count;
        }
        Assert.True(changes > 100, $"only {changes} addresses were found");
    }

    [Theory]
    [InlineData(",")]
    [InlineData("(")]
    [InlineData("\"")]
    [InlineData("<")]
    [InlineData("a@in.test,")]
    [InlineData("@")]
    [InlineData(" \r\n ")]
    public async Task A_field_that_is_too_big_passes_unchanged_and_the_next_one_does_not(string filling)
    {
        string big = "To: ann@in.test, " + string.Concat(Enumerable.Repeat(filling, 1024 * 1024 / filling.Length)) + "\r\n";
        byte[] octets = Encoding.ASCII.GetBytes(big + "Cc: ann@in.test\r\n\r\nann@in.test");
        Assert.Equal(big + "Cc: Ann.Smith@example.org\r\n\r\nann@in.test", await RunAsync(Site, octets, 4096));
    }

    [Theory]
    [InlineData(",")]
    [InlineData("(")]
    [InlineData("(a)")]
    [InlineData("\"")]
    [InlineData("<")]
    [InlineData("@")]
    [InlineData("x:")]
    [InlineData("a<")]
    public async Task A_hostile_field_within_the_bound_is_read_once(string filling)
    {
        string text = "To: " + string.Concat(Enumerable.Repeat(filling, 250_000 / filling.Length)) + "\r\n\r\n";
        Assert.Equal(text, await RunAsync(Site with { Origin = null }, Encoding.ASCII.GetBytes(text), 4096));
    }

    [Fact]
    public async Task Tables_are_asked_once_for_an_address_and_for_so_many_in_all()
    {
        TableDouble table = new("canonical");
        RewritingOptions options = Site with { Canonical = [table], HeaderAddressesMax = 10, RecipientDelimiter = null };
        string text = "To: " + string.Join(", ", Enumerable.Range(0, 100).Select(i => $"u{i % 50}@far.test")) + "\r\n\r\n";
        Assert.Equal(text, await RunAsync(options, Encoding.ASCII.GetBytes(text), 100));
        Assert.Equal(20, table.Asked.Count); // user@domain and @domain
    }

    [Fact]
    public async Task A_line_that_would_become_too_long_is_folded_between_addresses()
    {
        string list = string.Join(", ", Enumerable.Range(0, 90).Select(i => $"bob{i:00}@in.t")); // 988 octets
        RewritingOptions options = new() { Canonical = [new TableDouble("canonical", ("@in.t", "@a.much.longer.name.test"))] };
        string output = await RunAsync(options, Encoding.ASCII.GetBytes($"To: {list}\r\nSubject: x\r\n\r\n"), 4096);
        Assert.All(output.Split("\r\n"), line => Assert.InRange(line.Length, 0, 998));
        Assert.Equal($"To: {list.Replace("@in.t", "@a.much.longer.name.test", StringComparison.Ordinal)}\r\nSubject: x\r\n\r\n", output.Replace("\r\n ", " ", StringComparison.Ordinal));
        Assert.Equal(3, output.Split("\r\n ").Length);
    }

    [Fact]
    public async Task No_fold_makes_a_line_of_white_space()
    {
        string name = new('n', 970);
        RewritingOptions options = new() { Canonical = [new TableDouble("canonical", ("@in.t", "@a.much.longer.name.test"))] };
        string text = $"To: x@far.test,\r\n \t \"{name}\" <bob@in.t>\r\n\r\n";
        Assert.Equal(text.Replace("@in.t", "@a.much.longer.name.test", StringComparison.Ordinal), await RunAsync(options, Encoding.ASCII.GetBytes(text), 4096));
    }

    [Fact]
    public async Task A_table_that_is_away_says_so_and_is_not_asked_again()
    {
        TableDouble down = new("canonical") { IsDown = true };
        HeaderAddressRewriter header = new(new AddressRewriter(Site with { Canonical = [down] }), new HeaderRewritingOptions());
        await header.FeedAsync("To: ann@in.test, bob@in.test\r\nCc: c@in.test\r\n\r\n"u8.ToArray(), None);
        Assert.Equal("canonical: texthash:canonical: no connection", header.Error);
        Assert.Single(down.Asked);
    }

    [Fact]
    public async Task An_address_that_is_no_longer_ascii_is_told()
    {
        HeaderAddressRewriter header = new(new AddressRewriter(Site), new HeaderRewritingOptions());
        await header.FeedAsync("To: ann@in.test\r\nCc: "u8.ToArray(), None);
        Assert.False(header.BringsUtf8);
        await header.FeedAsync("u@in.test\r\n\r\n"u8.ToArray(), None);
        Assert.True(header.BringsUtf8);
    }

    private static CancellationToken None => TestContext.Current.CancellationToken;

    // A first piece of this size, then pieces of the same.
    private static async Task<string> RunAsync(RewritingOptions options, byte[] octets, int piece)
    {
        HeaderAddressRewriter header = new(new AddressRewriter(options), new HeaderRewritingOptions { Origin = options.Origin, AddressesMax = options.HeaderAddressesMax });
        StringBuilder output = new();
        for (int at = 0; at < octets.Length; at += piece)
        {
            output.Append(Encoding.Latin1.GetString((await header.FeedAsync(octets.AsMemory(at, Math.Min(piece, octets.Length - at)), None)).Span));
        }
        Assert.Null(header.Error);
        return output.Append(Encoding.Latin1.GetString((await header.FinishAsync(None)).Span)).ToString();
    }

    private sealed class Everybody : IAddressRewriter
    {
        public AddressClasses Classes => AddressClasses.All;

        public ValueTask<AddressRewriting> RewriteAsync(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps, CancellationToken cancellationToken) =>
            new(new AddressRewriting(MailPath.TryParse("new@name.test", out MailPath? path) ? path : address));
    }
}
