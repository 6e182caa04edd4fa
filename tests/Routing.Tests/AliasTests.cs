using MailAccess.Smtp;

namespace MailAccess.Routing.Tests;

public sealed class AliasTests : RouterFixture, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aliases-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Aliases(params string[] lines) => Options = Options with { Origin = "example.test", Aliases = MemoryTable.Of("aliases", lines) };

    [Fact]
    public async Task An_alias_stands_for_many_each_once_in_their_order()
    {
        Aliases("staff bob, others, bob, dana@far.test", "others alice, bob, DANA@far.test");
        Assert.Equal("bob@example.test=bob alice@example.test=alice DANA@far.test=far.test", await WhereAsync("staff@example.test"));
        Resolution resolution = await ResolveAsync("staff@example.test");
        Assert.All(resolution.Recipients, r => Assert.True(r.IsListMember));
        Assert.Contains(resolution.Steps, s => s is { Stage: "aliases", Input: "staff@example.test", Place.Line: 1 });
    }

    [Theory]
    [InlineData("/var/mail/all", "all@example.test=file:/var/mail/all()")]
    [InlineData("\"/var/mail/my mail\"", "all@example.test=file:/var/mail/my mail()")]
    [InlineData("\"|/usr/bin/prog -a, b\"", "all@example.test=|/usr/bin/prog -a, b()")]
    [InlineData("|/usr/bin/prog", "all@example.test=|/usr/bin/prog()")]
    [InlineData("|\"/usr/bin/prog x\", bob", "all@example.test=|/usr/bin/prog x() bob@example.test=bob")]
    [InlineData("/dev/null", "all@example.test=discard")]
    [InlineData("Robert <bob@example.test> (the best), \"Al, Ice\" <alice>", "bob@example.test=bob alice@example.test=alice")]
    [InlineData("bob alice", "bob@example.test=bob alice@example.test=alice")]
    [InlineData("\\bob", "bob@example.test=bob")]
    [InlineData("nobody", "nobody@example.test=550/5.1.1")]
    [InlineData("error:5.7.1:550 go away", "all@example.test=550/5.7.1")]
    [InlineData("bo b@", "all@example.test=451/4.3.5")]
    public async Task Members_are_what_aliases_5_says(string value, string expected)
    {
        Aliases($"all {value}");
        string where = await WhereAsync("all@example.test");
        Assert.EndsWith(expected, where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_in_its_own_alias_is_its_mailbox()
    {
        Aliases("bob bob, alice");
        Assert.Equal("bob@example.test=bob alice@example.test=alice", await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task A_loop_is_told_without_its_addresses_to_senders_and_costs_only_its_own_branch()
    {
        Aliases("one two", "two three, bob", "three one");
        Assert.Equal("one@example.test=554/5.4.6 bob@example.test=bob", await WhereAsync("one@example.test"));
        Target.Failure loop = Assert.IsType<Target.Failure>((await ResolveAsync("one@example.test")).Recipients[0].Target);
        Assert.Equal("mail loops: the address leads back to itself", loop.Reply.Text);
        Assert.Contains((await ResolveAsync("one@example.test")).Steps, s => s.Output == "one@example.test -> two@example.test -> three@example.test -> one@example.test");
    }

    [Theory]
    [InlineData("bob+news@example.test", "alice@example.test=alice")]
    [InlineData("bob+other@example.test", "carol@example.test=carol")]
    [InlineData("bob@example.test", "bob@example.test=bob")]
    public async Task Details_have_aliases_of_their_own(string recipient, string expected)
    {
        Aliases("bob+news alice", "bob+* carol");
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Fact]
    public async Task The_owner_of_a_list_hears_of_its_failures()
    {
        Aliases("list bob, dana@far.test", "owner-list alice");
        Resolution resolution = await ResolveAsync("list@example.test");
        Assert.All(resolution.Recipients, r => Assert.Equal("owner-list@example.test", r.ReversePath?.ToString()));
        Assert.Null((await ResolveAsync("owner-list@example.test")).Recipients[0].ReversePath);
    }

    [Fact]
    public async Task A_list_in_a_file_has_comments_and_lists_in_it_but_no_commands()
    {
        string inner = System.IO.Path.Combine(_folder, "inner");
        string list = System.IO.Path.Combine(_folder, "list");
        await WriteAsync(inner, "carol\r\n");
        await WriteAsync(list, $"# members\nbob, alice # x\n\n:include:{inner}\n\"|/bin/sh -c id\"\n/etc/passwd\n");
        Aliases($"list :include:{list}");
        Assert.Equal(
            "bob@example.test=bob alice@example.test=alice #@example.test=550/5.1.1 x@example.test=550/5.1.1 carol@example.test=carol list@example.test=550/5.7.1",
            await WhereAsync("list@example.test"));
        Assert.Contains((await ResolveAsync("list@example.test")).Steps, s => s.Place?.ToString() == $"{inner}:1");
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_is_no_refusal_and_an_empty_one_is_nobody()
    {
        Aliases($"gone :include:{_folder}/none", $"empty :include:{_folder}/empty");
        await File.WriteAllTextAsync(System.IO.Path.Combine(_folder, "empty"), "# nobody\n", None);
        Assert.Equal("gone@example.test=451/4.3.0", await WhereAsync("gone@example.test"));
        Assert.Equal("empty@example.test=discard", await WhereAsync("empty@example.test"));
        Assert.Equal(new Target.Discard(""), await TargetAsync("empty@example.test")); // Reports of success repeat its text.
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("{pipe}")]
    [InlineData("{folder}")]
    [InlineData("{large}")]
    public async Task What_has_no_end_is_no_list(string target)
    {
        string pipe = System.IO.Path.Combine(_folder, "pipe");
        string large = System.IO.Path.Combine(_folder, "large");
        using (System.Diagnostics.Process made = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(None);
        }
        await using (FileStream file = File.Create(large))
        {
            file.SetLength(1L << 33);
        }
        Aliases($"list :include:{target.Replace("{pipe}", pipe, StringComparison.Ordinal).Replace("{folder}", _folder, StringComparison.Ordinal).Replace("{large}", large, StringComparison.Ordinal)}");
        Assert.Equal("list@example.test=451/4.3.0", await WhereAsync("list@example.test"));
    }

    [Fact]
    public async Task Whoever_keeps_a_list_cannot_have_files_read_that_are_not_for_him()
    {
        string secret = System.IO.Path.Combine(_folder, "secret");
        string kept = Directory.CreateDirectory(System.IO.Path.Combine(_folder, "kept")).FullName;
        string list = System.IO.Path.Combine(kept, "list");
        await File.WriteAllTextAsync(secret, "hash-of-a-password\n", None);
        File.SetUnixFileMode(secret, UnixFileMode.UserRead);
        File.SetUnixFileMode(kept, File.GetUnixFileMode(kept) | UnixFileMode.GroupWrite);
        await File.WriteAllTextAsync(list, $":include:{secret}\n", None);
        File.SetUnixFileMode(list, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Aliases($"list :include:{list}", $"link :include:{kept}/link", $"own :include:{secret}");
        File.CreateSymbolicLink(System.IO.Path.Combine(kept, "link"), secret);
        Assert.Equal("list@example.test=451/4.3.0", await WhereAsync("list@example.test"));
        Assert.Equal("link@example.test=451/4.3.0", await WhereAsync("link@example.test"));
        Assert.Equal("hash-of-a-password@example.test=550/5.1.1", await WhereAsync("own@example.test")); // The administrator's own, in a folder of nobody else's.
    }

    [Fact]
    public async Task A_list_that_includes_itself_ends()
    {
        string list = System.IO.Path.Combine(_folder, "self");
        await File.WriteAllTextAsync(list, $"bob\n:include:{list}\n", None);
        Aliases($"self :include:{list}");
        Assert.Equal("bob@example.test=bob self@example.test=451/4.3.0", await WhereAsync("self@example.test"));
    }

    [Fact]
    public async Task Lists_that_include_each_other_many_times_are_read_once_each()
    {
        string one = System.IO.Path.Combine(_folder, "one");
        string two = System.IO.Path.Combine(_folder, "two");
        string[] names = [.. Enumerable.Range(0, 100).Select(n => $":include:{_folder}/{n}")];
        for (int n = 0; n < names.Length; n++)
        {
            File.CreateSymbolicLink(System.IO.Path.Combine(_folder, $"{n}"), two);
        }
        await WriteAsync(one, $"bob\n:include:{two}\n:include:{_folder}/./two\n");
        await WriteAsync(two, "alice\n");
        Aliases($"list :include:{one}, carol");
        Assert.Equal("bob@example.test=bob alice@example.test=alice carol@example.test=carol", await WhereAsync("list@example.test"));

        await File.WriteAllLinesAsync(two, [.. names, .. names], None); // Eight deep, without end for all practical purposes.
        Assert.Equal("451/4.3.0", (await WhereAsync("list@example.test")).Split('=')[^1]);

        await File.WriteAllLinesAsync(one, names, None);
        await File.WriteAllTextAsync(two, "# nobody\n", None);
        Options = Options with { Limits = new RoutingLimits { ExpansionsMax = 20 } };
        Resolution tooMany = await ResolveAsync("list@example.test");
        Assert.Equal("451 4.3.5", Assert.IsType<Target.Failure>(Assert.Single(tooMany.Recipients).Target).Reply.ToString()[..9]);
        Assert.DoesNotContain(tooMany.Steps, s => s.Place?.Source.EndsWith("/30", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task What_a_stranger_wrote_into_a_patterns_answer_is_no_command()
    {
        MemoryTable pattern = new("regexp", "x |/bin/sh", "i :include:/etc/hostname") { TakesWholeKeysOnly = true };
        Options = Options with { Origin = "example.test", Aliases = new RoutingTables("routing.aliases", [pattern]) };
        Assert.Equal("x@example.test=550/5.7.1", await WhereAsync("x@example.test"));
        Assert.Equal("i@example.test=451/4.3.0", await WhereAsync("i@example.test"));
        pattern.Asked.RemoveAll(k => k == "i");
        await WhereAsync("x+y@example.test");
        Assert.Equal(["x", "x+y"], pattern.Asked.Where(k => !k.StartsWith("owner-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_directory_that_does_not_answer_is_waited_for_once_and_not_for_each_member()
    {
        Aliases("list alice, bob, carol, dana@far.test");
        IsDirectoryDown = true;
        Assert.Equal("alice@example.test=451/4.3.0", await WhereAsync("list@example.test"));
    }

    [Fact]
    public async Task A_table_that_cannot_be_asked_is_no_refusal_and_is_not_passed_over()
    {
        MemoryTable down = new("ldap:people") { IsDown = true };
        MemoryTable up = new("aliases", "bob alice");
        Options = Options with { Aliases = new RoutingTables("routing.aliases", [down, up]) };
        Assert.Equal("bob@example.test=451/4.3.0", await WhereAsync("bob@example.test"));
        Assert.Empty(up.Asked);
    }

    [Fact]
    public async Task Too_many_and_too_deep_wait_for_somebody_to_mend_the_tables()
    {
        Options = Options with { Limits = new RoutingLimits { ExpansionsMax = 3, DepthMax = 2 } };
        Aliases("many a@far.test, b@far.test, c@far.test, d@far.test", "few a@far.test, b@far.test, c@far.test", "deep deeper", "deeper deepest", "deepest bob");
        Assert.Equal("many@example.test=451/4.3.5", await WhereAsync("many@example.test"));
        Assert.Equal(3, (await ResolveAsync("few@example.test")).Recipients.Count);
        Assert.Equal("deep@example.test=451/4.3.5", await WhereAsync("deep@example.test"));
    }

    [Fact]
    public async Task Postmaster_without_a_domain_may_have_an_alias()
    {
        Aliases("postmaster alice");
        Assert.Equal("alice@example.test=alice", await WhereAsync("postmaster"));
    }

    [Fact]
    public async Task A_domain_with_mailboxes_alone_has_no_aliases()
    {
        Aliases("bob alice");
        Options = Options with { LocalDomains = MemoryTable.Of("localDomains", "host.test"), Origin = "example.test" };
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
        Assert.Equal("alice@example.test=alice", await WhereAsync("bob@host.test"));
        Assert.Equal("carol@host.test=carol", await WhereAsync("carol@host.test")); // The names of a machine all have the same users.
    }

    [Fact]
    public async Task Nobody_is_told_steps_that_were_not_asked_for()
    {
        Aliases("staff bob, alice");
        RoutingRequest request = new() { Recipient = Path("staff@example.test"), ReversePath = MailPath.Null };
        Assert.Empty((await new MailRouter(Options, this).ResolveAsync(request, None)).Steps);
    }

    /// <summary>A list that all may read, whatever the umask is: one that is kept from others is not read into their mail.</summary>
    private static async Task WriteAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text, None);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
