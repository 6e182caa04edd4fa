using System.Text;

namespace MailAccess.Tables.Tests;

/// <summary>Files that change while the server runs.</summary>
public sealed class ReloadTests : IAsyncDisposable
{
    private static readonly TimeSpan Look = TableLimits.Default.LookInterval;

    private readonly TableFolder _folder = new();
    private readonly string _path;
    private readonly ILookUpTable _table;

    public ReloadTests()
    {
        _path = _folder.Write("t", "a old\n");
        _table = _folder.Open($"hash:{_path}");
    }

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task A_change_counts_at_the_next_look_and_the_file_is_not_looked_at_before()
    {
        _folder.Write("t", "a new\nb more\n");
        Assert.Equal("old", await _table.AskAsync("a"));
        _folder.Clock.Advance(Look);
        Assert.Equal("new", await _table.AskAsync("a"));
        Assert.Equal([$"Information: {_path}: read again, entries=2"], _folder.Logged);
    }

    [Fact]
    public async Task A_file_that_is_renamed_into_place_counts()
    {
        File.Move(_folder.Write("t.new", "a new\n"u8.ToArray(), TimeSpan.FromHours(2)), _path, overwrite: true);
        _folder.Clock.Advance(Look);
        Assert.Equal("new", await _table.AskAsync("a"));
    }

    [Fact]
    public async Task A_file_of_the_same_size_and_time_that_takes_its_place_counts()
    {
        File.Move(_folder.Write("t.new", "a odd\n"), _path, overwrite: true);
        _folder.Clock.Advance(Look);
        Assert.Equal("odd", await _table.AskAsync("a"));
    }

    [Fact]
    public async Task A_file_that_is_written_again_with_the_same_size_and_time_counts()
    {
        _folder.Write("t", "a odd\n");
        _folder.Clock.Advance(Look);
        Assert.Equal("odd", await _table.AskAsync("a"));
    }

    [Fact]
    public async Task A_folder_that_takes_the_place_of_the_files_own_counts()
    {
        Directory.CreateDirectory(_folder.Path("one"));
        Directory.CreateDirectory(_folder.Path("two"));
        ILookUpTable table = _folder.Open(_folder.Write("one/t", "a old\n"));
        _folder.Write("two/t", "a new\n");
        Directory.Move(_folder.Path("one"), _folder.Path("gone"));
        Directory.Move(_folder.Path("two"), _folder.Path("one"));
        _folder.Clock.Advance(Look);
        Assert.Equal("new", await table.AskAsync("a"));
    }

    [Fact]
    public async Task A_pipe_in_the_files_place_is_not_waited_for()
    {
        File.Delete(_path);
        await MakePipeAsync(_path);
        _folder.Clock.Advance(Look);
        Assert.Equal("old", await _table.AskAsync("a"));
        Assert.Equal([$"Warning: {_path}: it is a pipe, a device or a socket, and not a file; what the table said before stays in force"], _folder.Logged);
    }

    [Theory]
    [InlineData("")]
    [InlineData("regexp:")]
    [InlineData("cidr:")]
    public async Task Pipes_and_devices_are_no_tables(string type)
    {
        string pipe = _folder.Path("pipe");
        await MakePipeAsync(pipe);
        Assert.Equal($"{pipe} cannot be read: it is a pipe, a device or a socket, and not a file", _folder.Refused(type + pipe));
        Assert.Equal("/dev/zero cannot be read: it is a pipe, a device or a socket, and not a file", _folder.Refused(type + "/dev/zero"));
        Assert.Contains(pipe, _folder.Refused(pipe, TableSyntax.List), StringComparison.Ordinal);
    }

    private static async Task MakePipeAsync(string path)
    {
        using System.Diagnostics.Process made = System.Diagnostics.Process.Start("mkfifo", [path]);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_change_behind_a_symbolic_link_counts()
    {
        File.CreateSymbolicLink(_folder.Path("link"), _path);
        ILookUpTable table = _folder.Open(_folder.Path("link"));
        _folder.Write("t", "a newer\n");
        _folder.Clock.Advance(Look);
        Assert.Equal("newer", await table.AskAsync("a"));
    }

    [Fact]
    public async Task A_file_that_is_being_written_is_left_alone_until_it_is_quiet()
    {
        _folder.Write("t", Encoding.UTF8.GetBytes("half\n"), -Look);
        _folder.Clock.Advance(Look);
        Assert.Equal("old", await _table.AskAsync("a"));
        _folder.Write("t", Encoding.UTF8.GetBytes("half b\na new\n"), -Look);
        _folder.Clock.Advance(Look);
        Assert.Equal("old", await _table.AskAsync("a"));
        _folder.Clock.Advance(Look);
        Assert.Equal("new", await _table.AskAsync("a"));
        Assert.DoesNotContain(_folder.Logged, l => l.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_error_keeps_what_was_there_and_is_logged_once()
    {
        _folder.Write("t", "a new\nbroken\n");
        for (int n = 0; n < 3; n++)
        {
            _folder.Clock.Advance(Look);
            Assert.Equal("old", await _table.AskAsync("a"));
        }
        Assert.Equal(
            [$"Warning: {_path}:2: a key has no value; an entry is a key, white space and a value; what the table said before stays in force"], _folder.Logged);
        _folder.Write("t", "a newer\n");
        _folder.Clock.Advance(Look);
        Assert.Equal("newer", await _table.AskAsync("a"));
    }

    [Fact]
    public async Task A_file_that_goes_away_bounces_nothing()
    {
        File.Delete(_path);
        for (int n = 0; n < 3; n++)
        {
            _folder.Clock.Advance(Look);
            Assert.Equal("old", await _table.AskAsync("a"));
        }
        Assert.Equal([$"Warning: {_path}: does not exist any more; what the table said before stays in force"], _folder.Logged);
        _folder.Write("t", "a back\n");
        _folder.Clock.Advance(Look);
        Assert.Equal("back", await _table.AskAsync("a"));
    }

    [Fact]
    public async Task Patterns_and_networks_are_read_again_too()
    {
        ILookUpTable pattern = _folder.Open($"regexp:{_folder.Write("r", "/a/ old")}");
        ILookUpTable network = _folder.Open($"cidr:{_folder.Write("c", "::1 old")}");
        ILookUpTable list = _folder.Open(_folder.Write("l", "old.example"), TableSyntax.List);
        ILookUpTable aliases = _folder.Open(_folder.Write("a", "a: old"), TableSyntax.Aliases);
        _folder.Write("r", "/a/ newer");
        _folder.Write("c", "::1 newer");
        _folder.Write("l", "newer.example");
        _folder.Write("a", "a: newer");
        _folder.Clock.Advance(Look);
        Assert.Equal("newer", await pattern.AskAsync("a"));
        Assert.Equal("newer", await network.AskAsync("::1"));
        Assert.Equal("newer.example", await list.AskAsync("newer.example"));
        Assert.Equal("newer", await aliases.AskAsync("a"));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused()
    {
        await using TableFolder small = new(TableLimits.Default with { FileOctetsMax = 5 });
        Assert.Null(await small.Open(small.Write("t", "a b\n\n")).AskAsync("b"));
        Assert.Contains("more than 5 octets", small.Refused(small.Write("u", "a b\n\n\n")), StringComparison.Ordinal);
    }
}
