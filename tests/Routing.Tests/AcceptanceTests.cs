namespace MailAccess.Routing.Tests;

/// <summary>What is asked at RCPT: whether mail is taken, for little.</summary>
public sealed class AcceptanceTests : RouterFixture
{
    private void Aliases(params string[] lines) => Options = Options with { Origin = "example.test", Aliases = MemoryTable.Of("aliases", lines) };

    private async Task<Resolution> AcceptAsync(string recipient) =>
        await new MailRouter(Options, this).ResolveAsync(new RoutingRequest { Recipient = Path(recipient), ReversePath = Path("a@far.test"), IsForAcceptance = true }, None);

    [Fact]
    public async Task Of_a_large_list_two_recipients_are_enough()
    {
        Aliases($"list {string.Join(", ", Enumerable.Range(0, 5000).Select(n => $"member{n}@far.test"))}, bob");
        Resolution found = await AcceptAsync("list@example.test");
        Assert.True(found.IsOurs);
        Assert.Equal(2, found.Recipients.Count);
        Assert.Equal(5001, (await ResolveAsync("list@example.test")).Recipients.Count);
    }

    [Fact]
    public async Task A_file_of_members_is_not_read_to_its_end()
    {
        using TemporaryFile list = new(string.Join('\n', Enumerable.Range(0, 5000).Select(n => $"member{n}@far.test")) + "\n<nobody\n");
        Aliases($"list :include:{list.Path}");
        Assert.Equal(2, (await AcceptAsync("list@example.test")).Recipients.Count);
        Assert.Equal("list@example.test=451/4.3.0", await WhereAsync("list@example.test"));
    }

    [Fact]
    public async Task Who_stands_in_a_list_again_and_again_is_not_all_of_it()
    {
        Aliases($"list {string.Join(", ", Enumerable.Repeat("bob", 5000))}, alice");
        RoutedRecipient bob = Assert.Single((await AcceptAsync("list@example.test")).Recipients);
        Assert.Equal(new Target.Mailbox("bob"), bob.Target);
        Assert.True(bob.IsListMember); // So it is the queue that finds out who else there is.
    }

    [Theory]
    [InlineData("nobody", "550/5.1.1")]
    [InlineData("bob", "bob")]
    [InlineData("one", "bob")]
    public async Task One_mailbox_or_one_refusal_is_the_same_answer(string user, string expected)
    {
        Aliases("one bob");
        Resolution found = await AcceptAsync($"{user}@example.test");
        Assert.Equal((await ResolveAsync($"{user}@example.test")).Recipients, found.Recipients);
        Assert.EndsWith(expected, await WhereAsync($"{user}@example.test"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smtp:[inside.test]")]
    [InlineData("uucp:inside")]
    public async Task All_of_an_address_that_names_a_way_is_looked_at(string transport)
    {
        Options = Options with
        {
            VirtualAliases = MemoryTable.Of("virtual", "@v.test bob@example.test, alice@example.test, @inside.test", "v.test ours"),
            Transports = MemoryTable.Of("transport", $"inside.test {transport}"),
        };
        Assert.True((await AcceptAsync("someone@v.test")).IsOurs);
        Assert.False((await AcceptAsync("x%far.test@v.test")).IsOurs);
        Assert.False((await AcceptAsync("far.test!x@v.test")).IsOurs);
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string content)
        {
            File.WriteAllText(Path, content);
            File.SetUnixFileMode(Path, File.GetUnixFileMode(Path) | UnixFileMode.OtherRead); // Its folder is not its owner's.
        }

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
