namespace MailAccess.Auth.Tests;

public sealed class LogNameTests
{
    [Theory]
    [InlineData("bob@example.test", "bob@example.test")]
    [InlineData("zoë", "zoë")]
    [InlineData("a b\r\nc<d>\"e\"\u202e", "a?b??c?d??e??")]
    public void Nothing_in_a_name_ends_its_field(string name, string shown) => Assert.Equal(shown, LogName.Show(name));

    [Fact]
    public void A_text_keeps_its_blanks_and_nothing_else_that_ends_a_line() =>
        Assert.Equal("has moved?? to ?x?", LogName.ShowText("has moved\r\n to <x>"));

    [Fact]
    public void Both_are_bounded()
    {
        Assert.Equal(new string('x', 80) + "…", LogName.Show(new string('x', 81)));
        Assert.Equal(new string('x', 250) + "…", LogName.ShowText(new string('x', 251)));
    }
}
