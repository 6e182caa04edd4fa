namespace MailAccess.Routing.Tests;

public sealed class ForwardTests : RouterFixture, IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("home-").FullName;

    public ForwardTests()
    {
        Homes["bob"] = _home;
        Options = Options with { Origin = "example.test", ReadsForwardFiles = true };
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private void Write(string content, string name = ".forward", UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string path = System.IO.Path.Combine(_home, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
    }

    [Theory]
    [InlineData("dana@far.test", "dana@far.test=far.test")]
    [InlineData("\\bob, dana@far.test", "bob@example.test=bob dana@far.test=far.test")]
    [InlineData("bob\ndana@far.test\n", "bob@example.test=bob dana@far.test=far.test")]
    [InlineData("# away\n", "bob@example.test=bob")]
    [InlineData("/dev/null", "bob@example.test=discard")]
    [InlineData(":include:/etc/hostname", "bob@example.test=451/4.3.0")]
    [InlineData("alice, bob@host.test", "alice@example.test=alice bob@host.test=bob")]
    public async Task A_forward_says_where_a_users_mail_goes(string content, string expected)
    {
        Options = Options with { LocalDomains = MemoryTable.Of("localDomains", "host.test", "example.test") };
        Write(content);
        Assert.Equal(expected, await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task Commands_and_files_are_done_with_the_rights_of_the_user()
    {
        Write("\"|/usr/bin/procmail -t\"\n/home/bob/copy\n");
        string owner = Environment.UserName;
        Assert.Equal($"bob@example.test=|/usr/bin/procmail -t({owner}) bob@example.test=file:/home/bob/copy({owner})", await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task Two_who_forward_to_each_other_lose_nothing()
    {
        string home = Directory.CreateDirectory(System.IO.Path.Combine(_home, "alice")).FullName;
        Homes["alice"] = home;
        Write("alice");
        Write("bob", "alice/.forward");
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task A_detail_may_have_a_file_of_its_own()
    {
        Write("dana@far.test");
        Write("eve@far.test", ".forward+shop");
        Write("alice", "secret");
        Assert.Equal("eve@far.test=far.test", await WhereAsync("bob+shop@example.test"));
        Assert.Equal("dana@far.test=far.test", await WhereAsync("bob+other@example.test"));
        Assert.Equal("dana@far.test=far.test", await WhereAsync("\"bob+/../secret\"@example.test"));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherWrite)]
    public async Task What_others_may_write_to_is_not_honoured(UnixFileMode mode)
    {
        Write("dana@far.test", mode: mode);
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
        Assert.Contains((await ResolveAsync("bob@example.test")).Steps, s => s.Stage == ".forward" && s.Output.StartsWith("not honoured", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1000u, 0u, UnixFileMode.UserRead, "bob@example.test=bob")] // A link to /etc/shadow.
    [InlineData(1000u, 0u, UnixFileMode.UserRead | UnixFileMode.OtherRead, "dana@far.test=far.test")]
    [InlineData(1000u, 1001u, UnixFileMode.UserRead | UnixFileMode.OtherRead, "bob@example.test=bob")]
    [InlineData(1000u, 1000u, UnixFileMode.UserRead, "dana@far.test=far.test")]
    public async Task A_link_to_a_file_that_is_not_for_the_user_is_not_honoured(uint home, uint owner, UnixFileMode mode, string expected)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root gives files away");
        Write("dana@far.test", "other", mode);
        File.CreateSymbolicLink(System.IO.Path.Combine(_home, ".forward"), System.IO.Path.Combine(_home, "other"));
        Own(_home, home);
        Own(System.IO.Path.Combine(_home, "other"), owner);
        Assert.Equal(expected, await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task Commands_of_a_user_who_is_none_of_the_systems_do_not_run()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root gives files away");
        const uint nobodys = 3_999_999_999;
        Write("|/bin/id\n/tmp/x\ndana@far.test");
        Own(_home, nobodys);
        Own(System.IO.Path.Combine(_home, ".forward"), nobodys);
        Assert.Equal("bob@example.test=550/5.7.1 dana@far.test=far.test", await WhereAsync("bob@example.test"));
    }

    private static void Own(string path, uint owner)
    {
        using System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", [owner.ToString(System.Globalization.CultureInfo.InvariantCulture), path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }

    [Fact]
    public async Task A_folder_in_the_files_place_is_not_honoured()
    {
        Directory.CreateDirectory(System.IO.Path.Combine(_home, ".forward"));
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
    }

    [Fact]
    public async Task Without_the_option_nothing_is_read()
    {
        Write("dana@far.test");
        Options = Options with { ReadsForwardFiles = false };
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
    }
}
