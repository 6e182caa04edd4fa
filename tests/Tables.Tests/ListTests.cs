namespace MailAccess.Tables.Tests;

/// <summary>Class files of Sendmail and match lists of Postfix.</summary>
public sealed class ListTests
{
    [Fact]
    public async Task A_class_file_has_a_name_on_each_line()
    {
        await using TableFolder folder = new();
        string path = folder.Write("local-host-names", "# names\nExample.org\n\nmail.example.org # and a comment\r\n  a.example b.example");
        ILookUpTable table = folder.Open(path, TableSyntax.List);
        Assert.Equal("Example.org", await table.AskAsync("example.ORG"));
        Assert.Equal(4, await table.LineAsync("mail.example.org"));
        Assert.Equal(5, await table.LineAsync("b.example"));
        Assert.Null(await table.AskAsync("and"));
        Assert.Null(await table.AskAsync("example.com"));
    }

    [Fact]
    public async Task A_specification_may_be_the_list_itself()
    {
        await using TableFolder folder = new();
        string file = folder.Write("more", "b.example\n!c.example\n");
        string map = folder.Write("map", "d.example OK\n");
        ILookUpTable table = folder.Open($"a.example, !x.example {file},hash:{map}, c.example, inline:{{ {{x.example = 1}}, y.example=2 }}", TableSyntax.List);
        Assert.Equal("a.example", await table.AskAsync("a.example"));
        Assert.Equal("b.example", await table.AskAsync("b.example"));
        Assert.Null(await table.AskAsync("c.example"));
        Assert.Equal("OK", await table.AskAsync("d.example"));
        Assert.Null(await table.AskAsync("x.example"));
        Assert.Equal("2", await table.AskAsync("y.example"));
        Assert.Equal(new TablePlace(file, 1), (await table.FindAsync("b.example", TestContext.Current.CancellationToken)).Place);
    }

    [Fact]
    public async Task The_opposite_of_a_file_or_a_table_takes_names_out()
    {
        await using TableFolder folder = new();
        string file = folder.Write("not", "b.example\n");
        ILookUpTable table = folder.Open($"!{file}, !regexp:{{{{/^c/ x}}}}, static:all", TableSyntax.List);
        Assert.Equal("all", await table.AskAsync("a.example"));
        Assert.Null(await table.AskAsync("b.example"));
        Assert.Null(await table.AskAsync("c.example"));
    }

    [Fact]
    public async Task Files_in_files_are_followed_and_circles_are_told()
    {
        await using TableFolder folder = new();
        folder.Write("inner", "deep.example\n");
        Assert.Equal("deep.example", await folder.Open(folder.Write("outer", folder.Path("inner")), TableSyntax.List).AskAsync("deep.example"));
        string circle = folder.Write("circle", folder.Path("circle"));
        Assert.Contains("16 deep", folder.Refused(circle, TableSyntax.List), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_of_patterns_alone_take_whole_keys()
    {
        await using TableFolder folder = new();
        Assert.True(folder.Open("regexp:{{/x/ y}}", TableSyntax.List).TakesWholeKeysOnly);
        Assert.False(folder.Open("example.org regexp:{{/x/ y}}", TableSyntax.List).TakesWholeKeysOnly);
    }

    [Theory]
    [InlineData("a.example\nb\0\n", ":2: holds a NUL")]
    [InlineData("a.example !\n", ":1: a ! stands before nothing")]
    [InlineData("\n/nowhere/at/all\n", ":2: /nowhere/at/all does not exist")]
    [InlineData("mysql:/x\n", ":1: mysql:/x: tables of type mysql:")]
    public async Task Errors_name_file_and_line(string text, string error)
    {
        await using TableFolder folder = new();
        string path = folder.Write("list", text);
        Assert.StartsWith(path + error, folder.Refused(path, TableSyntax.List), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_optional_file_may_be_missing_and_appear()
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open($"-o {folder.Path("names")}", TableSyntax.List);
        Assert.Null(await table.AskAsync("a.example"));
        folder.Write("names", "a.example");
        folder.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a.example", await table.AskAsync("a.example"));
    }
}
