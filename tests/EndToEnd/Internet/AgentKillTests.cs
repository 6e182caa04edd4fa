namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// <c>kill -9</c> of the server while it delivers to commands, files and mailboxes. After the next start everybody has the message: mailboxes and files once, but for
/// one that was written and not yet written down; commands once more where they had begun, since nobody knows what they have done (RFC 1047).
/// </summary>
public sealed class AgentKillTests
{
    [Theory]
    [InlineData("GATE; cat > RUN", 1)] // Before it reads: it gets what the pipe holds, and then the end.
    [InlineData("cat > RUN; GATE", 2)] // It has all, and exits with 0, which nobody hears any more.
    [InlineData("cat > RUN; test -e OUT/first || code=75; GATE; exit $code", 2)] // …or not with 0.
    public async Task A_command_that_was_running_is_run_once_more(string command, int wholeCopiesAtLeast)
    {
        Programs.Require("mkfifo", "mktemp");
        await using KillSite site = await KillSite.StartAsync($"\"|{command}\"");
        await site.SendAsync();
        await site.AtGateAsync();
        await site.Server.KillAsync();
        await site.OpenAsync();
        await site.RestartAsync();
        Assert.InRange(site.Runs().Sum(site.CountIn), wholeCopiesAtLeast, 2);
        Assert.Equal(1, site.Server.Said.Split("status=sent").Length - 1);
    }

    [Fact]
    public async Task A_file_that_was_locked_gets_it_once()
    {
        Programs.Require("mkfifo", "mktemp");
        await using KillSite site = await KillSite.StartAsync("OUT/archive, \"|cat > RUN; GATE\"");
        string locked = Path.Combine(site.Output, "archive.lock");
        await File.WriteAllTextAsync(locked, "");
        await site.SendAsync();
        await site.AtGateAsync();
        await site.Server.KillAsync();
        Assert.False(File.Exists(Path.Combine(site.Output, "archive")) && new FileInfo(Path.Combine(site.Output, "archive")).Length > 0);
        File.Delete(locked);
        await site.OpenAsync();
        await site.RestartAsync();
        Assert.Equal(1, site.CountIn(await File.ReadAllTextAsync(Path.Combine(site.Output, "archive"))));
        Assert.Equal(2, site.Runs().Sum(site.CountIn)); // The command had begun.
    }

    [Fact]
    public async Task A_file_that_has_it_does_not_get_it_again_where_that_was_written_down()
    {
        Programs.Require("mkfifo", "mktemp");
        await using KillSite site = await KillSite.StartAsync("OUT/archive, OUT/cabinet/, \"|cat > RUN; GATE\"");
        await site.SendAsync();
        await site.AtGateAsync();
        await site.Server.SaysAsync("delivered to file");
        await site.Server.SaysAsync("delivered to maildir");
        await site.HasPendingAsync(1);
        await site.Server.KillAsync();
        await site.OpenAsync();
        await site.RestartAsync();
        Assert.Equal(1, site.CountIn(await File.ReadAllTextAsync(Path.Combine(site.Output, "archive"))));
        Assert.Single(Directory.GetFiles(Path.Combine(site.Output, "cabinet", "new")));
        Assert.Equal(2, site.Runs().Sum(site.CountIn));
    }

    [Fact]
    public async Task Mailboxes_of_an_alias_have_it_once_but_the_last_may_have_it_twice()
    {
        Programs.Require("mkfifo", "mktemp");
        await using KillSite site = await KillSite.StartAsync("alice, bob, \"|cat > RUN; GATE\"");
        await site.SendAsync();
        await site.AtGateAsync();
        // One mailbox after the other, each written down before the next is begun: the second line tells that the first is. The second's own record may still be missing.
        Task<string> alice = site.Server.SaysAsync("to=<alice@example.test>", "status=sent");
        Task<string> bob = site.Server.SaysAsync("to=<bob@example.test>", "status=sent");
        await Task.WhenAll(alice, bob);
        await site.Server.KillAsync();
        await site.OpenAsync();
        await site.RestartAsync();
        Assert.Equal(1, await Mailboxes.CountAsync(site.Server, "alice@example.test", site.Token));
        Assert.InRange(await Mailboxes.CountAsync(site.Server, "bob@example.test", site.Token), 1, 2);
        Assert.Equal(2, site.Runs().Sum(site.CountIn));
    }
}
