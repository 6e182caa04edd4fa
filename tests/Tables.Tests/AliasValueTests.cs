namespace MailAccess.Tables.Tests;

/// <summary>Right-hand sides of aliases, .forward and :include: files.</summary>
public sealed class AliasValueTests
{
    [Theory]
    [InlineData("bob", "Address bob")]
    [InlineData("bob, carol@example.org ,dora", "Address bob; Address carol@example.org; Address dora")]
    [InlineData(",, bob,,", "Address bob")]
    [InlineData("\\bob", "Address bob final")]
    [InlineData("\\bob, \"|/usr/bin/vacation bob\"", "Address bob final; Command /usr/bin/vacation bob")]
    [InlineData("\"|/bin/cmd a, b\"", "Command /bin/cmd a, b")]
    [InlineData("|\"/bin/cmd a, b\"", "Command /bin/cmd a, b")]
    [InlineData("|/bin/cmd a (b) <c", "Command /bin/cmd a (b) <c")]
    [InlineData("\"|/bin/echo \\\"x, y\\\"\", z", "Command /bin/echo \"x, y\"; Address z")]
    [InlineData("/var/mail/x, /var/mail/y/", "File /var/mail/x; File /var/mail/y/")]
    [InlineData("\"/var/mail/a b\"", "File /var/mail/a b")]
    [InlineData(":include:/etc/lists/x", "Include /etc/lists/x")]
    [InlineData("\":Include:/etc/lists/x y\"", "Include /etc/lists/x y")]
    [InlineData(":include: \"/etc/lists/x\"", "Include /etc/lists/x")]
    [InlineData("Bob Miller <bob@example.org>, carol (not her, he (said))", "Address bob@example.org; Address carol")]
    [InlineData("\"Miller, Bob\" <bob@example.org>", "Address bob@example.org")]
    [InlineData("\"a, b\"@example.org", "Address \"a, b\"@example.org")]
    [InlineData("\"bob smith\"", "Address \"bob smith\"")]
    [InlineData("", "")]
    public void Members_are_told_apart(string value, string expected)
    {
        Assert.True(AliasValue.TrySplit(value, out IReadOnlyList<AliasMember> members, out string? error), error);
        Assert.Equal(expected, string.Join("; ", members.Select(m => $"{m.Kind} {m.Text}{(m.IsFinal ? " final" : "")}")));
    }

    [Theory]
    [InlineData("bob, \"carol")]
    [InlineData("bob (carol")]
    [InlineData("Bob <bob@example.org")]
    [InlineData("bob, |")]
    [InlineData(":include:")]
    [InlineData("(only a comment)")]
    public void What_is_broken_is_refused_whole(string value)
    {
        Assert.False(AliasValue.TrySplit(value, out IReadOnlyList<AliasMember> members, out string? error));
        Assert.Empty(members);
        Assert.NotNull(error);
    }

    [Fact]
    public void Files_are_lists_in_lines()
    {
        const string Text = "\uFEFF# my mail\r\n\\bob, carol\r\n\n  dora@example.org,\n\t# indented\n\"|/usr/bin/filter\"";
        Assert.True(AliasValue.TrySplitFile(Text, out IReadOnlyList<AliasMember> members, out string? error), error);
        Assert.Equal(
            [
                new AliasMember(AliasMemberKind.Address, "bob", true, 2),
                new AliasMember(AliasMemberKind.Address, "carol", false, 2),
                new AliasMember(AliasMemberKind.Address, "dora@example.org", false, 4),
                new AliasMember(AliasMemberKind.Command, "/usr/bin/filter", false, 6),
            ],
            members);
    }

    [Fact]
    public void Errors_in_files_name_the_line()
    {
        Assert.False(AliasValue.TrySplitFile("bob\n\"carol\n", out _, out string? error));
        Assert.StartsWith("line 2: ", error, StringComparison.Ordinal);
    }
}
