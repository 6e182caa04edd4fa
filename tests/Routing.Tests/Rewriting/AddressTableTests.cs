using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing.Tests.Rewriting;

public sealed class AddressTableTests
{
    [Theory]
    [InlineData("bob+x@example.org", "bob+x@example.org bob@example.org bob+x bob @example.org")]
    [InlineData("bob@example.org", "bob@example.org bob @example.org")]
    [InlineData("bob+x@far.test", "bob+x@far.test bob@far.test @far.test")]
    [InlineData("+x@far.test", "+x@far.test @far.test")]
    [InlineData("bob@EXAMPLE.org", "bob@example.org bob @example.org")]
    [InlineData("bob@bücher.test", "bob@xn--bcher-kva.test bob@bücher.test @xn--bcher-kva.test @bücher.test")]
    [InlineData("\"root@far.test\"@example.org", "\"root@far.test\"@example.org @example.org")]
    public async Task Forms_are_asked_for_in_order(string address, string keys)
    {
        TableDouble table = new("canonical");
        Assert.Equal(LookUpOutcome.NotFound, (await FindAsync(address, table)).Outcome);
        Assert.Equal(keys, string.Join(' ', table.Asked));
    }

    [Fact]
    public async Task A_form_is_asked_for_in_all_tables_before_the_next()
    {
        AddressAnswer answer = await FindAsync("bob+x@example.org", new TableDouble("first", ("bob", "one")), new TableDouble("second", ("bob@example.org", "two")));
        Assert.Equal(("two", "x", "second:1"), (answer.Value, answer.Detail, answer.Place?.ToString()));
    }

    [Fact]
    public async Task A_table_of_patterns_is_asked_for_the_whole_address_alone()
    {
        TableDouble table = new("patterns") { TakesWholeKeysOnly = true };
        await FindAsync("bob+x@example.org", table);
        Assert.Equal(["bob+x@example.org"], table.Asked);
    }

    [Fact]
    public async Task A_table_that_cannot_be_asked_ends_the_search()
    {
        TableDouble down = new("ldap") { IsDown = true };
        TableDouble other = new("files", ("bob@example.org", "two"));
        AddressAnswer answer = await FindAsync("bob@example.org", down, other);
        Assert.Equal((LookUpOutcome.Failed, "texthash:ldap: no connection"), (answer.Outcome, answer.Error));
        Assert.Empty(other.Asked);
    }

    [Theory]
    [InlineData("bob-x@example.org", "bob-x@example.org bob@example.org bob-x bob @example.org")]
    [InlineData("owner-x@example.org", "owner-x@example.org owner-x @example.org")] // A list's owner, whatever the delimiter is.
    public async Task A_hyphen_can_be_the_delimiter(string address, string keys)
    {
        TableDouble table = new("canonical");
        Assert.True(MailPath.TryParse(address, out MailPath? path));
        await new AddressTable([table], d => d == "example.org", '-').FindAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(keys, string.Join(' ', table.Asked));
    }

    private static async Task<AddressAnswer> FindAsync(string address, params ILookUpTable[] tables)
    {
        Assert.True(MailPath.TryParse(address, out MailPath? path) || MailPath.TryCreate(address.Split('@')[0], address.Split('@')[1], out path));
        return await new AddressTable(tables, d => d == "example.org", '+').FindAsync(path, TestContext.Current.CancellationToken);
    }
}
