using System.Net;
using System.Text;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.Directories;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.AppPasswords;

public sealed class AppPasswordFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-app-");
    private readonly ManualTimeProvider _clock = new();
    private readonly CapturedLog _log = new();

    private string FilePath => Path.Combine(_folder.FullName, "app-passwords");

    private AppPasswordEditor Editor => new(FilePath, new AuthLimits(), _clock);

    [Fact]
    public void Every_wrong_character_fails()
    {
        var stored = AppPassword.Create("alice", "phone", [], _clock.GetUtcNow(), null, out string password);
        AppPasswordTable table = Parse(stored.Format());
        Assert.NotNull(table.Match("alice", Encoding.UTF8.GetBytes(password)));
        Assert.Null(table.Match("bob", Encoding.UTF8.GetBytes(password)));
        for (int i = 0; i < password.Length; i++)
        {
            for (char c = '\0'; c <= '\u00ff'; c++)
            {
                string other = password[..i] + c + password[(i + 1)..];
                Assert.Equal(c == password[i], table.Match("alice", Encoding.Latin1.GetBytes(other)) is not null);
            }
            Assert.Null(table.Match("alice", Encoding.UTF8.GetBytes(password[..i])));
            Assert.Null(table.Match("alice", Encoding.UTF8.GetBytes(password.Remove(i, 1) + password[i])) is { } found && password.Remove(i, 1) + password[i] != password ? found : null);
        }
        Assert.Null(table.Match("alice", Encoding.UTF8.GetBytes(password + "a")));
        Assert.Null(table.Match("alice", Encoding.UTF8.GetBytes(password.Replace("-", "", StringComparison.Ordinal))));
    }

    [Fact]
    public void Passwords_have_a_hundred_random_bits_in_a_form_that_is_easy_to_type()
    {
        HashSet<string> seen = [];
        HashSet<char> letters = [];
        for (int i = 0; i < 500; i++)
        {
            AppPassword.Create("alice", "phone", [], _clock.GetUtcNow(), null, out string password);
            Assert.Matches("^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$", password);
            Assert.True(seen.Add(password));
            letters.UnionWith(password);
        }
        Assert.Equal(33, letters.Count); // 32 to the power of 20, and the hyphen.
    }

    [Fact]
    public void A_torn_file_never_gives_a_password_more_rights()
    {
        var restricted = AppPassword.Create("alice", "phone", ["imap"], _clock.GetUtcNow(), _clock.GetUtcNow() + TimeSpan.FromDays(1), out string password);
        string whole = "# comment\n" + restricted.Format() + "\n";
        for (int length = 0; length <= whole.Length; length++)
        {
            AppPassword? found = Parse(whole[..length]).Match("alice", Encoding.UTF8.GetBytes(password));
            Assert.Equal(length >= whole.Length - 1, found is not null);
            Assert.True(found is null || (found.Protocols.Single() == "imap" && found.Expires == restricted.Expires));
        }
        Assert.True(Parse("alice\tbroken").HasAny("alice"));
        Assert.Contains(_log.Texts, t => t.Contains("app-passwords:1: not 7 fields", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_added_is_listed_until_it_is_removed_in_a_private_file()
    {
        DateTimeOffset end = _clock.GetUtcNow() + TimeSpan.FromDays(90);
        Assert.Null((await Editor.AddAsync("alice@example.test", "phone", ["imap", "imap", "submission"], end, default)).Problem);
        Assert.Null((await Editor.AddAsync("alice@example.test", "old printer", [], null, default)).Problem);
        Assert.Null((await Editor.AddAsync("bob", "phone", [], null, default)).Problem);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        AppPassword phone = Editor.List()[0];
        Assert.Equal(("alice@example.test", "phone", "imap,submission", (DateTimeOffset?)end), (phone.Account, phone.Name, string.Join(',', phone.Protocols), phone.Expires));
        Assert.Null(await Editor.RemoveAsync("alice@example.test", "phone", default));
        Assert.Contains("no app password", await Editor.RemoveAsync("alice@example.test", "phone", default), StringComparison.Ordinal);
        await File.AppendAllTextAsync(FilePath, "alice@example.test\tbroken\n# comment\n");
        Assert.Null(await Editor.RemoveAllAsync("alice@example.test", default));
        Assert.Equal("bob", Assert.Single(Editor.List()).Account);
        Assert.EndsWith("\n# comment\n", await File.ReadAllTextAsync(FilePath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "x", "imap", "no name of an account")]
    [InlineData("a\tb", "x", "imap", "no name of an account")]
    [InlineData("alice", "", "imap", "1 to 64")]
    [InlineData("alice", " x", "imap", "1 to 64")]
    [InlineData("alice", "a>b", "imap", "letters, digits")]
    [InlineData("alice", "a\nb", "imap", "letters, digits")]
    [InlineData("alice", "x", "nntp", "none of imap, pop3, submission")]
    [InlineData("alice", "Taken", "imap", "already")]
    public async Task What_cannot_be_is_refused_in_clear_words(string account, string name, string protocol, string words)
    {
        await Editor.AddAsync("alice", "taken", [], null, default);
        NewAppPassword made = await Editor.AddAsync(account, name, [protocol], null, default);
        Assert.Null(made.Password);
        Assert.Contains(words, made.Problem, StringComparison.Ordinal);
        Assert.Contains("ended", (await Editor.AddAsync("alice", "late", [], _clock.GetUtcNow(), default)).Problem, StringComparison.Ordinal);
        Assert.Single(Editor.List());
    }

    [Fact]
    public async Task One_account_has_no_more_than_so_many()
    {
        await File.WriteAllLinesAsync(
            FilePath, Enumerable.Range(0, AppPasswordEditor.PerAccountMax).Select(i => AppPassword.Create("alice", $"n{i}", [], _clock.GetUtcNow(), null, out _).Format()));
        Assert.Contains("the most", (await Editor.AddAsync("alice", "one more", [], null, default)).Problem, StringComparison.Ordinal);
        Assert.Null((await Editor.AddAsync("bob", "one more", [], null, default)).Problem);
        var more = AppPassword.Create("alice", "by hand", [], _clock.GetUtcNow(), null, out string password);
        await File.AppendAllTextAsync(FilePath, more.Format() + "\n");
        Assert.Null(Parse(await File.ReadAllTextAsync(FilePath)).Match("alice", Encoding.UTF8.GetBytes(password)));
    }

    [Fact]
    public async Task Editors_at_once_lose_no_password()
    {
        AutoClock clock = new();
        AppPasswordEditor[] editors = [.. Enumerable.Range(0, 12).Select(_ => new AppPasswordEditor(FilePath, new AuthLimits { EditorLockTimeout = TimeSpan.FromDays(1) }, clock))];
        NewAppPassword[] made = await Task.WhenAll(editors.Select((e, i) => Task.Run(() => e.AddAsync("alice", $"n{i}", [], null, default))));
        Assert.All(made, m => Assert.Null(m.Problem));
        AppPasswordTable table = Parse(await File.ReadAllTextAsync(FilePath));
        Assert.All(made, m => Assert.NotNull(table.Match("alice", Encoding.UTF8.GetBytes(m.Password!))));
    }

    [Fact]
    public async Task A_crash_at_any_step_leaves_the_old_file_or_the_new_one_and_the_next_edit_works()
    {
        foreach (FileEditStep step in Enum.GetValues<FileEditStep>())
        {
            File.Delete(FilePath);
            await Editor.AddAsync("alice", "phone", [], null, default);
            AppPasswordEditor crashing = new(FilePath, new AuthLimits(), _clock, reached => _ = reached == step ? throw new InvalidOperationException("crash") : 0);
            await Assert.ThrowsAsync<InvalidOperationException>(() => crashing.RemoveAsync("alice", "phone", default));
            Assert.Equal(step == FileEditStep.Renamed ? 0 : 1, Editor.List().Count);
            Assert.Null((await Editor.AddAsync("alice", "tablet", [], null, default)).Problem);
        }
    }

    [Fact]
    public async Task Uses_are_noted_once_a_minute_written_together_and_forgotten_with_their_passwords()
    {
        var phone = AppPassword.Create("alice", "phone", [], _clock.GetUtcNow(), null, out _);
        var gone = AppPassword.Create("alice", "gone", [], _clock.GetUtcNow(), null, out _);
        AppPasswordUses uses = new(FilePath, () => new HashSet<string> { phone.Id }, _clock, _log);
        AuthenticationContext first = LoginBench.From("192.0.2.1");
        uses.Note(phone, first);
        uses.Note(gone, first);
        Assert.False(File.Exists(FilePath));
        _clock.Advance(AppPasswordUses.WriteDelay);
        await uses.Written;
        Assert.Equal(new AppPasswordUse(_clock.GetUtcNow() - AppPasswordUses.WriteDelay, "imap", IPAddress.Parse("192.0.2.1")), Assert.Single(AppPasswordUses.Read(FilePath)).Value);

        AppPasswordUses restarted = new(FilePath, () => new HashSet<string> { phone.Id }, _clock, _log);
        restarted.Load();
        restarted.Note(phone, LoginBench.From("192.0.2.2")); // Five seconds after the first: not noted.
        _clock.Advance(AppPasswordUses.NoteInterval);
        await restarted.Written;
        Assert.Equal("192.0.2.1", AppPasswordUses.Read(FilePath)[phone.Id].Address.ToString());
        restarted.Note(phone, LoginBench.From("::ffff:192.0.2.3"));
        await restarted.DisposeAsync(); // Writes without waiting for its time.
        Assert.Equal("192.0.2.3", AppPasswordUses.Read(FilePath)[phone.Id].Address.ToString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private AppPasswordTable Parse(string content) => AppPasswordTable.Parse(content, FilePath, _log);
}
