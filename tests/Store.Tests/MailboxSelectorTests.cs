namespace MailAccess.Store.Tests;

public sealed class MailboxSelectorTests
{
    [Theory]
    [InlineData("\\Trash", "Bin", SpecialUse.Trash, true)]
    [InlineData("\\trash", "Bin", SpecialUse.Trash, true)]
    [InlineData("\\Trash", "Trash", SpecialUse.None, false)]
    [InlineData("Trash", "Trash", SpecialUse.None, true)]
    [InlineData("Trash", "trash", SpecialUse.None, false)]
    [InlineData("inbox", "INBOX", SpecialUse.None, true)]
    [InlineData("Lists/*", "Lists/a/b", SpecialUse.None, true)]
    [InlineData("Lists/%", "Lists/a", SpecialUse.None, true)]
    [InlineData("Lists/%", "Lists/a/b", SpecialUse.None, false)]
    [InlineData("Lists/%/b", "Lists/a/b", SpecialUse.None, true)]
    [InlineData("Lists", "Lists/a", SpecialUse.None, false)]
    [InlineData("*", "INBOX", SpecialUse.None, true)]
    [InlineData("%", "a/b", SpecialUse.None, false)]
    [InlineData("*/Spam", "a/b/Spam", SpecialUse.None, true)]
    [InlineData("*a*", "banana", SpecialUse.None, true)]
    [InlineData("a*%*%b", "a/x/b", SpecialUse.None, true)]
    public void A_mailbox_is_meant_by_its_name_or_its_purpose(string text, string mailbox, SpecialUse use, bool expected)
    {
        Assert.True(MailboxSelector.TryParse(text, out MailboxSelector? selector));
        Assert.True(MailboxName.TryParse(mailbox, out MailboxName? name));
        Assert.Equal(expected, selector.Matches(name, use));
        Assert.Equal(text, selector.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\\")]
    [InlineData("\\None")]
    [InlineData("\\7")]
    [InlineData("\\Rubbish")]
    [InlineData("a\nb")]
    public void What_names_nothing_is_refused(string text) => Assert.False(MailboxSelector.TryParse(text, out _));

    [Fact]
    public void Many_wildcards_cost_no_more_than_their_number()
    {
        Assert.True(MailboxSelector.TryParse(string.Concat(Enumerable.Repeat("*a", 110)) + "b", out MailboxSelector? selector));
        Assert.True(MailboxName.TryParse(new string('a', 230), out MailboxName? name));
        Assert.False(selector.Matches(name, SpecialUse.None));
    }
}
