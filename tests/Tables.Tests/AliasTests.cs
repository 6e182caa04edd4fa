namespace MailAccess.Tables.Tests;

/// <summary>Tables in the syntax of aliases(5).</summary>
public sealed class AliasTests
{
    private const string Sample =
        """
        # aliases
        root: bob, "|/usr/bin/filter with, comma"
         carol
        "odd: name" : x
        two words: y
        UPPER: z
        list: :include:/etc/lists/list, /var/mail/archive
        long: a, \
        b, \
          c
        ws   :   v
        esc\:aped: e
        """;

    [Theory]
    [InlineData("root", "bob, \"|/usr/bin/filter with, comma\" carol", 2)]
    [InlineData("ROOT", "bob, \"|/usr/bin/filter with, comma\" carol", 2)]
    [InlineData("odd: name", "x", 4)]
    [InlineData("two words", "y", 5)]
    [InlineData("upper", "z", 6)]
    [InlineData("list", ":include:/etc/lists/list, /var/mail/archive", 7)]
    [InlineData("long", "a, b,   c", 8)]
    [InlineData("ws", "v", 11)]
    [InlineData("esc:aped", "e", 12)]
    public async Task Names_have_raw_values_and_lines(string key, string value, int line)
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open($"hash:{folder.Write("aliases", Sample)}", TableSyntax.Aliases);
        Assert.Equal(value, await table.AskAsync(key));
        Assert.Equal(line, await table.LineAsync(key));
    }

    [Theory]
    [InlineData("a: b\nempty:\n", 2, "empty has no values")]
    [InlineData("a: b\nnothing\n", 2, "no colon")]
    [InlineData("a@b: c\n", 1, "no local name")]
    [InlineData(": c\n", 1, "no name")]
    [InlineData("\"a: c\n", 1, "double quote")]
    public async Task Errors_name_file_and_line(string text, int line, string problem)
    {
        await using TableFolder folder = new();
        string path = folder.Write("aliases", text);
        string error = folder.Refused(path, TableSyntax.Aliases);
        Assert.StartsWith($"{path}:{line}: ", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alias_file_read_as_a_map_is_told_in_the_log()
    {
        await using TableFolder folder = new();
        string path = folder.Write("aliases", "root: bob\n");
        folder.Open(path);
        Assert.Equal([$"Warning: {path}:1: the key root: ends in a colon: is this an alias file?"], folder.Logged);
    }
}
