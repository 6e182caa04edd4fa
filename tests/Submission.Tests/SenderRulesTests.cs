using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Submission.Tests;

public sealed class SenderRulesTests
{
    [Theory]
    [InlineData("alice@example.test", "alice@example.test")]
    [InlineData(" Alice <alice@example.test>\r\n", "alice@example.test")]
    [InlineData(" \"Bob bob@example.test\" (bob@example.test)\r\n\t<alice@example.test>\r\n", "alice@example.test")]
    [InlineData("alice@example.test <Alice@example.test>\r\n", "Alice@example.test")]
    [InlineData("a@x.test, B <b@x.test>", "a@x.test b@x.test")]
    [InlineData("Us: a@x.test, b@x.test;", "a@x.test b@x.test")]
    [InlineData("undisclosed:;", "")]
    [InlineData("", "")]
    [InlineData("\"a b\"@x.test", "\"a b\"@x.test")]
    [InlineData("jörg@bücher.test", "jörg@bücher.test")]
    [InlineData("alice at example.test", null)]
    [InlineData("alice", null)]
    [InlineData("<alice>", null)]
    [InlineData("alice@example.test bob@example.test", null)]
    [InlineData("<alice@example.test> bob@example.test", null)]
    [InlineData("bob@example.test <alice@example.test>", null)]
    [InlineData("<alice@example.test <bob@example.test>>", null)]
    [InlineData("<@bob.test:alice@example.test>", null)]
    [InlineData("\"bob@example.test <alice@example.test>", null)]
    [InlineData("alice@@example.test", null)]
    [InlineData("alice@[example", null)]
    [InlineData("alice@[192.0.2.1]", "alice@[192.0.2.1]")]
    [InlineData("alice@example.test]evil.test", null)]
    [InlineData("alice@example.test\\.evil.test", null)]
    [InlineData("alice@example.test\0.evil.test", null)]
    [InlineData("[bob] alice@example.test", null)]
    [InlineData("[List] Alice [work] <alice@example.test>", "alice@example.test")]
    [InlineData("[List] <alice@example.test>, Bob [home] <bob@example.test>", "alice@example.test bob@example.test")]
    [InlineData("[List <alice@example.test>]", null)]
    [InlineData("<alice@example.test]evil.test>", null)]
    [InlineData("alice@example.test]evil.test <x>", null)]
    [InlineData("<al[ice@example.test>", null)]
    [InlineData("Bob (bob@evil.test <alice@example.test>", null)]
    [InlineData("Bob \"bob@evil.test <alice@example.test>", null)]
    [InlineData("a@x.test b@x.test, c@x.test", null)]
    [InlineData("Alice B. alice@example.test", "alice@example.test")]
    public void Authors_are_read_only_where_nothing_can_hide(string body, string? expected)
    {
        IReadOnlyList<MailPath>? paths = FromAddresses.Read(Encoding.UTF8.GetBytes(body));
        Assert.Equal(expected, paths is null ? null : string.Join(' ', paths));
    }

    [Theory]
    [InlineData("alice", "example.test", true)]
    [InlineData("ALICE", "EXAMPLE.test", true)]
    [InlineData("alice+x", "example.test", true)]
    [InlineData("alice+x+y", "example.test", true)]
    [InlineData("sales", "example.test", true)]
    [InlineData("+alice", "example.test", false)]
    [InlineData("alice-x", "example.test", false)]
    [InlineData("alic", "example.test", false)]
    [InlineData("alice", "sub.example.test", false)]
    [InlineData("alice", "", false)]
    [InlineData("", "example.test", false)]
    public void An_account_owns_its_addresses_and_their_details(string local, string domain, bool expected) =>
        Assert.Equal(expected, AuthenticatorDouble.Alice.Owns(local, domain, '+'));

    [Fact]
    public void Without_a_delimiter_there_is_no_detail()
    {
        Assert.False(AuthenticatorDouble.Alice.Owns("alice+x", "example.test", null));
        Assert.True(AuthenticatorDouble.Alice.Owns("alice", "example.test", null));
    }

    /// <summary>A slow, obvious rule beside the real one: any foreign domain behind an @ that is not quoted or commented is refused.</summary>
    [Fact]
    public void No_mutation_of_an_own_address_lets_a_foreign_one_pass()
    {
        string[] pieces = ["bob@evil.test", "<", ">", ",", ";", ":", " ", "(", ")", "\"", "\\", "@", "alice@example.test", "\r\n ", "=?utf-8?q?x?="];
        Random random = new(5322);
        int passed = 0;
        for (int i = 0; i < 20_000; i++)
        {
            StringBuilder body = new("Alice <alice@example.test>");
            for (int n = random.Next(1, 5); n > 0; n--)
            {
                body.Insert(random.Next(body.Length + 1), pieces[random.Next(pieces.Length)]);
            }
            string text = body.ToString();
            IReadOnlyList<MailPath>? paths = FromAddresses.Read(Encoding.UTF8.GetBytes(text));
            if (paths is { Count: > 0 } && paths.All(p => AuthenticatorDouble.Alice.Owns(p.LocalPart, p.Domain, '+')))
            {
                passed++;
                Assert.False(Bare(text).Contains("evil", StringComparison.Ordinal), text);
            }
        }
        Assert.InRange(passed, 500, 15_000);
    }

    // Without quoted strings and comments, taken off the slow way; what is unbalanced goes on to the end.
    private static string Bare(string text)
    {
        StringBuilder bare = new();
        int comments = 0;
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && (quoted || comments > 0))
            {
                i++;
            }
            else if (text[i] == '"' && comments == 0)
            {
                quoted = !quoted;
            }
            else if (!quoted && text[i] is '(' or ')')
            {
                comments = Math.Max(0, comments + (text[i] == '(' ? 1 : -1));
            }
            else if (!quoted && comments == 0)
            {
                bare.Append(text[i]);
            }
        }
        return bare.ToString();
    }
}
