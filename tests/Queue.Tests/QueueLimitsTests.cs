namespace MailAccess.Queue.Tests;

public sealed class QueueLimitsTests
{
    [Fact]
    public void Defaults_are_not_below_what_the_standard_asks_for()
    {
        QueueLimits limits = new();
        Assert.True(limits.RecipientsPerTransactionMax >= 100); // RFC 5321 §4.5.3.1.8
        Assert.True(limits.HopsMax >= 100); // RFC 5321 §6.3
        Assert.True(limits.AddressesTriedMax >= 2); // RFC 5321 §5.1
        Assert.True(limits.GreetingTimeout >= TimeSpan.FromMinutes(5)); // RFC 5321 §4.5.3.2.1
        Assert.True(limits.MailTimeout >= TimeSpan.FromMinutes(5)); // §4.5.3.2.2, .3
        Assert.True(limits.DataStartTimeout >= TimeSpan.FromMinutes(2)); // §4.5.3.2.4
        Assert.True(limits.DataBlockTimeout >= TimeSpan.FromMinutes(3)); // §4.5.3.2.5
        Assert.True(limits.DataEndTimeout >= TimeSpan.FromMinutes(10)); // §4.5.3.2.6
    }
}
