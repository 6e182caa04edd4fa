using MailAccess.Server.Hosting;

namespace MailAccess.Server.Tests.Hosting;

public sealed class DescriptorLimitTests
{
    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max cpu time              12                   12                   seconds   ", null)]
    public void The_soft_limit_is_read(string line, int? limit) =>
        Assert.Equal(limit, DescriptorLimit.Parse(["Limit                     Soft Limit           Hard Limit           Units     ", line]));

    [Theory]
    [InlineData(20_000, null, 20_000)]
    [InlineData(20_000, 1_048_576, 20_000)]
    [InlineData(20_000, 20_000, 17_500)]
    [InlineData(20_000, 1024, 512)]
    [InlineData(20_000, 256, 64)]
    [InlineData(100, 1024, 100)]
    public void Connections_leave_descriptors_for_the_mail(int configured, int? limit, int served)
    {
        Assert.Equal(served, DescriptorLimit.ConnectionsOf(configured, limit));
        string? note = DescriptorLimit.Note(configured, limit);
        Assert.Equal(served < configured, note is not null);
        Assert.Contains(served < configured ? $"{served} connections are served" : "", note ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void This_process_has_a_limit_that_can_be_read() => Assert.True(DescriptorLimit.Current is null or > 0);
}
