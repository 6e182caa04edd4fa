using MailAccess.Auth.Directories;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

public sealed class PasswdFileEditorTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Before = "# keep me\nalice@example.test:{PLAIN}old:1000:1000::/home/alice::userdb_quota_rule=*:storage=1G\n\nstrange line\nbob:{PLAIN}x\n";
    private static readonly StoredCredential Credential = new("PLAIN", "new");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-edit-");
    private readonly AutoClock _clock = new();

    private string FilePath => Path.Combine(_folder.FullName, "users");

    private PasswdFileEditor Editor => new(FilePath, new AuthLimits(), _clock);

    [Fact]
    public async Task The_first_user_makes_a_private_file()
    {
        Assert.Null((await Editor.AddAsync("Alice@Example.test", Credential, ["al@example.test"], default)).Problem);
        Assert.Equal("alice@example.test:{PLAIN}new::::::addresses=al@example.test\n", await File.ReadAllTextAsync(FilePath));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(FilePath));
        PasswdEntry entry = Assert.Single(await Editor.ListAsync());
        Assert.Equal(("alice@example.test", "PLAIN", "al@example.test"), (entry.User, entry.Scheme, Assert.Single(entry.Addresses)));
    }

    [Fact]
    public async Task Comments_order_and_other_fields_stay()
    {
        await File.WriteAllTextAsync(FilePath, Before);
        Assert.True((await Editor.SetPasswordAsync("ALICE@example.test", Credential, default)).IsOk);
        Assert.True((await Editor.AddAsync("carol", Credential, [], default)).IsOk);
        Assert.True((await Editor.RemoveAsync("bob", default)).IsOk);
        Assert.Equal(
            "# keep me\nalice@example.test:{PLAIN}new:1000:1000::/home/alice::userdb_quota_rule=*:storage=1G\n\nstrange line\ncarol:{PLAIN}new::::::\n",
            await File.ReadAllTextAsync(FilePath));
    }

    [Fact]
    public async Task A_last_line_without_an_end_is_not_glued_to_the_next()
    {
        await File.WriteAllTextAsync(FilePath, "alice:{PLAIN}x");
        Assert.True((await Editor.AddAsync("bob", Credential, [], default)).IsOk);
        Assert.Equal("alice:{PLAIN}x\nbob:{PLAIN}new::::::\n", await File.ReadAllTextAsync(FilePath));
    }

    [Fact]
    public async Task Mode_owner_and_link_stay()
    {
        string target = Path.Combine(_folder.FullName, "behind");
        await File.WriteAllTextAsync(target, Before);
        UnixFileMode mode = OwnerOnly | UnixFileMode.GroupRead;
        File.SetUnixFileMode(target, mode);
        bool isRoot = Environment.UserName == "root";
        if (isRoot)
        {
            Posix.PosixFiles.Set(target, 1234, 2345);
        }
        (uint User, uint Group) owner = Posix.PosixFiles.Get(target);
        File.CreateSymbolicLink(FilePath, target);
        Assert.Null((await Editor.RemoveAsync("bob", default)).Problem);
        Assert.Equal(mode, File.GetUnixFileMode(target));
        Assert.Equal(owner, Posix.PosixFiles.Get(target));
        Assert.Equal(isRoot ? 1234u : owner.User, owner.User);
        Assert.Equal(target, new FileInfo(FilePath).LinkTarget);
    }

    [Theory]
    [InlineData("alice@example.test", "is in")]
    [InlineData("", "empty")]
    [InlineData("a:b", "colon")]
    [InlineData("a\nb", "control")]
    [InlineData("a/b", "slash")]
    [InlineData("#a", "#")]
    [InlineData("a@", "local@domain")]
    [InlineData("..", "dots")]
    public async Task A_user_that_cannot_be_is_refused_in_clear_words(string user, string words)
    {
        await File.WriteAllTextAsync(FilePath, Before);
        PasswdEdit edit = await Editor.AddAsync(user, Credential, [], default);
        Assert.Contains(words, edit.Problem, StringComparison.Ordinal);
        Assert.Equal(Before, await File.ReadAllTextAsync(FilePath));
    }

    [Fact]
    public async Task A_credential_that_would_break_the_line_is_refused()
    {
        foreach (string data in new[] { "a:b", "a\nb", "" })
        {
            Assert.False((await Editor.AddAsync("alice", new StoredCredential("PLAIN", data), [], default)).IsOk);
        }
        Assert.False((await Editor.AddAsync("alice", new StoredCredential("ROT13", "x"), [], default)).IsOk);
        Assert.False((await Editor.AddAsync("alice", Credential, ["no address"], default)).IsOk);
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public async Task Unknown_users_and_missing_folders_are_said()
    {
        Assert.Contains("is not in", (await Editor.RemoveAsync("alice", default)).Problem, StringComparison.Ordinal);
        Assert.Contains("is not in", (await Editor.SetPasswordAsync("alice", Credential, default)).Problem, StringComparison.Ordinal);
        PasswdFileEditor nowhere = new(Path.Combine(_folder.FullName, "no", "users"), new AuthLimits(), _clock);
        Assert.NotNull((await nowhere.AddAsync("alice", Credential, [], default)).Problem);
        Assert.Empty(await nowhere.ListAsync());
    }

    [Fact]
    public async Task Editors_at_once_lose_no_update()
    {
        PasswdFileEditor[] editors = [.. Enumerable.Range(0, 12).Select(_ => new PasswdFileEditor(FilePath, new AuthLimits { EditorLockTimeout = TimeSpan.FromDays(1) }, _clock))];
        PasswdEdit[] edits = await Task.WhenAll(editors.Select((e, i) => Task.Run(() => e.AddAsync($"user{i}", Credential, [], default))));
        Assert.All(edits, e => Assert.Null(e.Problem));
        Assert.Equal(12, (await Editor.ListAsync()).Count);
    }

    [Fact]
    public async Task Who_waits_too_long_for_another_editor_is_told()
    {
        await using FileStream held = new(FilePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        PasswdEdit edit = await Editor.AddAsync("alice", Credential, [], default);
        Assert.Contains("another program", edit.Problem, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromMilliseconds(50), _clock.LastDelay);
    }

    [Fact]
    public async Task A_crash_at_any_step_leaves_the_old_file_or_the_new_one_and_the_next_edit_works()
    {
        foreach (FileEditStep step in Enum.GetValues<FileEditStep>())
        {
            await File.WriteAllTextAsync(FilePath, Before);
            PasswdFileEditor crashing = new(FilePath, new AuthLimits(), _clock, reached => _ = reached == step ? throw new InvalidOperationException("crash") : 0);
            await Assert.ThrowsAsync<InvalidOperationException>(() => crashing.RemoveAsync("bob", default));
            string after = await File.ReadAllTextAsync(FilePath);
            Assert.Equal(step == FileEditStep.Renamed ? Before.Replace("bob:{PLAIN}x\n", "", StringComparison.Ordinal) : Before, after);
            Assert.True((await Editor.AddAsync("carol", Credential, [], default)).IsOk);
            Assert.Equal(after + "carol:{PLAIN}new::::::\n", await File.ReadAllTextAsync(FilePath));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
