using System.Text;

namespace MailAccess.Tables.Tests;

/// <summary>What a combination of tables is asked for besides whole keys, and what it knows of its answers.</summary>
public sealed class CombinedTests : IAsyncDisposable
{
    private readonly TableFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Patterns_are_asked_for_whole_keys_alone_in_a_union_too()
    {
        ILookUpTable table = _folder.Open($"unionmap:{{{_folder.Write("t", "@d.example far\n")}, regexp:{{ {{/(.*)/ $1}} }}}}");
        Assert.False(table.TakesWholeKeysOnly);
        Assert.Equal("far,@d.example", await table.AskAsync("@d.example"));
        TableAnswer derived = await table.FindDerivedAsync("@d.example", TestContext.Current.CancellationToken);
        Assert.Equal(("far", false, 1), (derived.Value, derived.IsFilledIn, derived.Place!.Line));
        Assert.True(_folder.Open("unionmap:{regexp:{ {/a/ b} }}").TakesWholeKeysOnly);
    }

    [Theory]
    [InlineData("regexp:{ {/(.)x/ $1} }", true)]
    [InlineData("regexp:{ {/(.)x/ y} }", false)]
    [InlineData("unionmap:{static:z, pcre:{ {/(.)x/ ${1}} }}", true)]
    [InlineData("pipemap:{pcre:{ {/(.)x/ $1} }, static:b}", true)]
    [InlineData("static:b", false)]
    public async Task What_holds_parts_of_the_key_is_marked(string specification, bool expected) =>
        Assert.Equal(expected, (await _folder.Open(specification).FindAsync("ax", TestContext.Current.CancellationToken)).IsFilledIn);

    [Fact]
    public async Task A_table_that_cannot_be_asked_is_not_left_out()
    {
        string socket = $"socketmap:unix:{_folder.Path("none")}:x";
        Assert.Equal(LookUpOutcome.Failed, (await _folder.Open($"unionmap:{{static:a, {socket}}}").FindAsync("k", TestContext.Current.CancellationToken)).Outcome);
        Assert.Equal(LookUpOutcome.Failed, (await _folder.Open($"pipemap:{{static:a, {socket}}}").FindAsync("k", TestContext.Current.CancellationToken)).Outcome);
    }

    [Fact]
    public void Keys_are_listed_with_their_lines()
    {
        string one = _folder.Write("one", "a b\nC d\n");
        ILookUpTable table = _folder.Open($"unionmap:{{{one}, inline:{{x=y}}, static:z}}");
        Assert.Equal($"a {one}:1 c {one}:2 x inline:{{x=y}}", string.Join(' ', table.Entries.Select(e => $"{e.Key} {e.Place}")));
        _folder.Write("one", Encoding.UTF8.GetBytes("e f\n"));
        _folder.Clock.Advance(TableLimits.Default.LookInterval);
        Assert.Equal("e", table.Entries.First().Key);
    }
}
