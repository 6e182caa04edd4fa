using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>The tables of Sendmail and Postfix in a server that runs: mail comes out where they say, as they say.</summary>
public sealed class TableTests(TableWorld world) : IClassFixture<TableWorld>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task An_alias_reaches_mailboxes_files_and_lists_in_lists()
    {
        Running();
        Assert.Contains("Return-Path: <alice@example.test>", await world.AwaitAsync("bob@example.test", world.Token, "staff@example.test"), StringComparison.Ordinal);
        Assert.Contains("Return-Path: <owner-list@example.test>", await world.AwaitAsync("alice@example.test", world.Token, "Hello staff@example.test"), StringComparison.Ordinal);
        await world.Server.SaysAsync("to=<staff@example.test>", "status=sent (250 2.0.0 delivered to file)");
        Assert.Contains($"Subject: {world.Token} staff@example.test\n", await File.ReadAllTextAsync(Path.Combine(world.Output, "archive")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_owner_hears_of_a_list_member_that_fails_and_the_sender_does_not()
    {
        Running();
        string report = await world.AwaitAsync("dave@example.test", "Action: failed", world.Token);
        Assert.Contains("Final-Recipient: rfc822; gone@far.test\r\n", report, StringComparison.Ordinal);
        Assert.Contains("550 5.1.1 gone away", report, StringComparison.Ordinal);
        Assert.Contains(world.Far.Heard, c => c.Line.StartsWith("MAIL FROM:<owner-list@example.test>", StringComparison.Ordinal));
        Assert.Equal(0, await Mailboxes.CountAsync(world.Server, "alice@example.test", "Action: failed"));
    }

    [Fact]
    public async Task A_command_gets_the_message_and_the_addresses()
    {
        Running();
        await world.Server.SaysAsync("to=<robot@example.test>", "status=sent (250 2.0.0 handed to a command)");
        string got = await File.ReadAllTextAsync(Path.Combine(world.Output, "robot"));
        Assert.Contains($"\nSubject: {world.Token} robot@example.test\n", got, StringComparison.Ordinal);
        Assert.EndsWith("\nalice@example.test robot@example.test\n", got, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("info@v.test", "bob@example.test")]
    [InlineData("eve@catch.test", "eve@example.test")] // @catch.test %1@example.test
    [InlineData("bob+shop@catch.test", "bob@example.test")]
    [InlineData("carol@example.test", "bob@example.test")] // .forward
    [InlineData("somebody.else@example.test", "eve@example.test")] // unknownUsers
    [InlineData("oldname@example.test", "bob@example.test")] // recipientCanonical
    public async Task It_comes_into_the_mailbox(string recipient, string account)
    {
        Running();
        await world.AwaitAsync(account, world.Token, $"Hello {recipient}.");
    }

    [Fact]
    public async Task A_forward_file_of_a_detail_goes_before_the_plain_one()
    {
        Running();
        await world.Server.SaysAsync("to=<carol+news@example.test>", "status=sent (250 2.0.0 delivered to file)");
        Assert.Contains($"Subject: {world.Token} carol+news@example.test\n", await File.ReadAllTextAsync(Path.Combine(world.Output, "news")), StringComparison.Ordinal);
        Assert.Equal(0, await Mailboxes.CountAsync(world.Server, "bob@example.test", "Hello carol+news"));
    }

    [Theory]
    [InlineData("x@far.test", "alice@example.test", "alice@example.test")] // transport
    [InlineData("y@deep.dept.test", "alice@example.test", "alice@example.test")] // mailertable
    [InlineData("dave-sends@far.test", "Dave.Jones@example.test", "Dave.Jones@example.test")] // senderCanonical
    [InlineData("bob-sends@far.test", "bob@public.test", "bob@public.test")] // genericstable
    [InlineData("erin-sends@far.test", "erin@example.test", "erin@example.test")] // masquerade
    [InlineData("root-sends@far.test", "root@host.example.test", "root@host.example.test")] // and its exception
    public async Task A_peer_sees_the_sender_as_the_tables_say(string recipient, string sender, string from)
    {
        Running();
        await world.Server.SaysAsync($"to=<{recipient}>", "status=sent");
        PeerMessage message = Assert.Single(world.Far.Messages, m => m.Recipients.Contains($"RCPT TO:<{recipient}>"));
        Assert.StartsWith($"MAIL FROM:<{sender}>", message.Mail, StringComparison.Ordinal);
        Assert.Contains($"\r\nFrom: {from}\r\n", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_by_lmtp_keeps_its_addresses()
    {
        Running();
        await world.Server.SaysAsync("to=<z@lmtp.test>", "status=sent");
        PeerMessage message = Assert.Single(world.Far.Messages, m => m.Recipients.Contains("RCPT TO:<z@lmtp.test>"));
        Assert.StartsWith("MAIL FROM:<bob@example.test>", message.Mail, StringComparison.Ordinal); // No genericstable.
        Assert.Contains("\r\nFrom: bob@example.test\r\n", message.Text, StringComparison.Ordinal);
        Assert.Contains(world.Far.Heard, c => c.Verb == "LHLO");
    }

    [Fact]
    public async Task From_outside_the_tables_say_who_is_there()
    {
        Running();
        string[] said = await world.BringAsync(25, "smtp", "old@w.test", "nobody@w.test", "nobody@box.test", "x@far.test", "out@deep.dept.test", "some@w.test");
        Assert.Equal("old@w.test 550 5.1.6 has moved away", said[0]);
        Assert.StartsWith("nobody@w.test 550 5.1.1 ", said[1], StringComparison.Ordinal);
        Assert.StartsWith("nobody@box.test 550 5.1.1 ", said[2], StringComparison.Ordinal); // A domain that has mailboxes and nothing else.
        Assert.StartsWith("x@far.test 550 5.7.1 ", said[3], StringComparison.Ordinal); // No open relay, in spite of its line in the transport table.
        Assert.StartsWith("out@deep.dept.test 250 2", said[4], StringComparison.Ordinal);
        Assert.StartsWith("some@w.test 250 2", said[5], StringComparison.Ordinal);
        await world.AwaitAsync("bob@example.test", world.Token, "Hello some@w.test.");
        await world.Server.SaysAsync("to=<out@deep.dept.test>", "status=sent");
        PeerMessage relayed = Assert.Single(world.Far.Messages, m => m.Recipients.Contains("RCPT TO:<out@deep.dept.test>"));
        Assert.Contains("\r\nFrom: x@other.test\r\n", relayed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_lmtp_aliases_count_too()
    {
        Running();
        string[] said = await world.BringAsync(24, "lmtp", "cabinet@example.test", "nobody@w.test");
        Assert.StartsWith("cabinet@example.test 250 2", said[0], StringComparison.Ordinal);
        Assert.StartsWith("nobody@w.test 550 5.1.1 ", said[1], StringComparison.Ordinal);
        await world.Server.SaysAsync("to=<cabinet@example.test>", "status=sent (250 2.0.0 delivered to maildir)");
        string file = Assert.Single(Directory.GetFiles(Path.Combine(world.Output, "cabinet", "new")));
        Assert.Contains($"Subject: {world.Token} cabinet@example.test\n", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_changes_counts_at_once_and_one_that_breaks_loses_nothing()
    {
        Running();
        string table = world.Table("virtusertable");
        Assert.StartsWith("550 5.1.1 ", await ReplyAsync("late@w.test"), StringComparison.Ordinal);
        string good = await File.ReadAllTextAsync(table) + "late@w.test  eve\n";
        await ReplaceAsync(table, good);
        await UntilAsync("late@w.test", "250 ");
        // The next version has a key alone: what was read before goes on to count, and the log says which line is wrong.
        await ReplaceAsync(table, "late@w.test  eve\nbroken@w.test\n");
        Task told = world.Server.SaysAsync("virtusertable:2");
        while (!told.IsCompleted)
        {
            Assert.StartsWith("250 ", await ReplyAsync("some@w.test"), StringComparison.Ordinal); // Asking makes it look.
        }
        await told;
        Assert.StartsWith("some@w.test 250 2", Assert.Single(await world.BringAsync(25, "smtp", "some@w.test")), StringComparison.Ordinal);
        await world.SubmitAsync("alice@example.test", "late@w.test");
        await world.AwaitAsync("eve@example.test", world.Token, "Hello late@w.test.");
        // Mended, the new one counts.
        await ReplaceAsync(table, good + "broken@w.test  eve\n");
        await UntilAsync("broken@w.test", "250 ");
    }

    private void Running() => Assert.SkipWhen(world.Lacks is not null, world.Lacks ?? "");

    /// <summary>As editors save: another file in its place.</summary>
    private static async Task ReplaceAsync(string path, string content)
    {
        await File.WriteAllTextAsync(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }

    private async Task UntilAsync(string recipient, string expected)
    {
        using CancellationTokenSource bound = new(Patience, TimeProvider.System);
        string said;
        do
        {
            Assert.False(bound.IsCancellationRequested, $"{recipient} does not become {expected}\n{world.Server.Said}");
            said = await ReplyAsync(recipient);
        }
        while (!said.StartsWith(expected, StringComparison.Ordinal));
    }

    /// <summary>What RCPT is answered on a connection of its own: errors count in each.</summary>
    private async Task<string> ReplyAsync(string recipient)
    {
        await using LineClient client = await LineClient.ConnectAsync(world.Server.Port(25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync("EHLO there", "250 ");
        await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
        string said = await client.CommandAsync($"RCPT TO:<{recipient}>", "");
        await client.CommandAsync("QUIT", "221 ");
        return said;
    }
}
