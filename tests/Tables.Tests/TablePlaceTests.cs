namespace MailAccess.Tables.Tests;

public sealed class TablePlaceTests
{
    [Theory]
    [InlineData(3, "/etc/aliases:3")]
    [InlineData(0, "/etc/aliases")]
    public void A_place_reads_as_compilers_write_it(int line, string expected) => Assert.Equal(expected, new TablePlace("/etc/aliases", line).ToString());
}
