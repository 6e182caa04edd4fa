using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MailAccess.Tables.Tests;

/// <summary>Tables in the syntax of postmap(1) and makemap(8).</summary>
public sealed class MapTests
{
    private const string Sample =
        """
        # a comment

        bob@example.org   robert
        Sales@Example.ORG anna, bert,
            carol

        # between two halves of one entry

          dora
        @example.net	catch@example.org
        "john doe"@example.org jd
        back\ slash@example.org b s
        "say \"hi\" now"@example.org hi
        """;

    [Fact]
    public async Task What_is_wrong_with_a_table_of_passwords_is_said_without_them()
    {
        await using TableFolder folder = new();
        Assert.DoesNotContain("hunter2", folder.Refused($"hash:{folder.Write("passwords", "[smtp.example.org]:587:bob:hunter2\n")}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bob@example.org", "robert", 3)]
    [InlineData("BOB@example.org", "robert", 3)]
    [InlineData("sales@example.org", "anna, bert,    carol  dora", 4)]
    [InlineData("@example.net", "catch@example.org", 10)]
    [InlineData("\"john doe\"@example.org", "jd", 11)]
    [InlineData("back\\ slash@example.org", "b s", 12)]
    [InlineData("\"say \\\"hi\\\" now\"@example.org", "hi", 13)]
    public async Task Keys_have_values_and_lines(string key, string value, int line)
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open($"hash:{folder.Write("virtual", Sample)}");
        Assert.Equal(value, await table.AskAsync(key));
        Assert.Equal(line, await table.LineAsync(key));
    }

    [Theory]
    [InlineData("nobody@example.org")]
    [InlineData("")]
    [InlineData("carol")]
    [InlineData("#")]
    [InlineData("john doe@example.org")]
    public async Task Other_keys_have_none(string key)
    {
        await using TableFolder folder = new();
        Assert.Null(await folder.Open($"hash:{folder.Write("virtual", Sample)}").AskAsync(key));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a b\r\n")]
    [InlineData("\uFEFFa b\n")]
    [InlineData("\n\n#\na b\n\n")]
    [InlineData("a\tb \t\n")]
    [InlineData("a\n b\n")]
    public async Task Line_ends_and_byte_order_marks_do_not_matter(string text)
    {
        await using TableFolder folder = new();
        Assert.Equal("b", await folder.Open(folder.Write("t", text)).AskAsync("a"));
    }

    [Theory]
    [InlineData("a b\nc\n", 2, "a key has no value")]
    [InlineData(" a b\n", 1, "begins with white space")]
    [InlineData("a b\n\"c d\n", 2, "double quote")]
    [InlineData("a b\nc\0 d\n", 2, "NUL")]
    [InlineData("a b\nc d\n e\0\n", 3, "NUL")]
    public async Task Errors_name_file_and_line(string text, int line, string problem)
    {
        await using TableFolder folder = new();
        string path = folder.Write("t", text);
        string error = folder.Refused(path);
        Assert.StartsWith($"{path}:{line}: ", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comments_may_be_in_an_old_encoding_and_entries_not()
    {
        await using TableFolder folder = new();
        Assert.Equal("b", await folder.Open(folder.Write("t", Encoding.Latin1.GetBytes("# für\na b\n"))).AskAsync("a"));
        Assert.EndsWith(":2: is not UTF-8", folder.Refused(folder.Write("u", Encoding.Latin1.GetBytes("# für\nfür b\n"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_of_two_equal_keys_counts_and_the_log_says_so()
    {
        await using TableFolder folder = new();
        string path = folder.Write("t", "a b\nA c\na d\n");
        Assert.Equal("b", await folder.Open(path).AskAsync("a"));
        Assert.Equal([$"Warning: {path}:2: A is here a second time; line 1 counts (and 1 more like it)"], folder.Logged);
    }

    [Fact]
    public async Task A_line_may_be_a_megabyte_long()
    {
        await using TableFolder folder = new();
        string value = string.Join(", ", Enumerable.Range(0, 100_000).Select(n => $"user{n}"));
        Assert.Equal(value, await folder.Open(folder.Write("t", $"list {value}\nb c\n")).AskAsync("list"));
    }

    [Fact]
    public void A_table_that_was_written_is_read_again()
    {
        Gen<string> word = Gen.Elements("abcdefghijklmnopqrstuvwxyzäλ0123456789@.+-_=$%\\\"".ToCharArray()).NonEmptyListOf().Select(c => string.Concat(c))
            .Where(w => w.Count(c => c == '"') % 2 == 0 && !w.Contains('\\', StringComparison.Ordinal) && !w.StartsWith('#'));
        Gen<string> gap = Gen.Elements(" ", "\t", "  ", "\n ", "\n# comment\n\t", "\r\n ");
        Gen<(string Key, string Gap, string Value)> entry =
            from key in word
            from space in gap
            from value in word
            select (key.Replace("\"", "", StringComparison.Ordinal) + "x", space, value);
        Prop.ForAll(entry.ListOf().ToArbitrary(), entries =>
        {
            var distinct = entries.DistinctBy(e => e.Key.ToLowerInvariant()).ToList();
            Text.TableReport report = new();
            Text.TextEntries read = Text.MapText.Parse(Encoding.UTF8.GetBytes(string.Concat(distinct.Select(e => $"{e.Key}{e.Gap}{e.Value}\n"))), report)!;
            return report.Error is null && read.Count == distinct.Count
                && distinct.All(e => read.TryFind(e.Key.ToUpperInvariant(), out Text.TextEntries.Entry found) && found.Value == e.Value);
        }).QuickCheckThrowOnFailure();
    }
}
