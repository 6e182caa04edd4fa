namespace MailAccess.Queue.Tests.Security;

/// <summary>The texts of MTA-STS. RFC 8461 §3.</summary>
public sealed class StsPolicyTests
{
    private const string Example = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n"; // §3.2

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public void The_example_is_read(string end)
    {
        Assert.True(StsPolicy.TryParse(Example.Replace("\r\n", end, StringComparison.Ordinal), out StsPolicy? policy));
        Assert.Equal((StsMode.Enforce, TimeSpan.FromDays(7)), (policy!.Mode, policy.MaxAge));
        Assert.Equal(["mail.example.com", "*.example.net", "backupmx.example.com"], policy.MxPatterns);
        Assert.Equal(Example.Split("\r\n", StringSplitOptions.RemoveEmptyEntries), policy.ToLines());
    }

    [Theory]
    [InlineData("mail.example.com", true)]
    [InlineData("a.example.net", true)]
    [InlineData("A.EXAMPLE.NET", true)]
    [InlineData("example.net", false)]
    [InlineData("foo.bar.example.net", false)]
    [InlineData("mail.example.com.evil.test", false)]
    public void Hosts_are_matched_as_the_rfc_says(string host, bool allowed) // §4.1
    {
        Assert.True(StsPolicy.TryParse(Example, out StsPolicy? policy));
        Assert.Equal(allowed, policy!.Allows(host));
    }

    [Theory]
    [InlineData("version: STSv1\nmode: none\nmax_age: 0", true)]
    [InlineData("version:STSv1\nmode:testing\nmx:a.test\nmax_age:9999999999", true)]
    [InlineData("version: STSv1\nmode: enforce\nmode: none\nmx: a.test\nmax_age: 1\nx-more: \u00e9\n", true)]
    [InlineData("version: STSv1\nmode: enforce\nmax_age: 1", false)]
    [InlineData("version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1", false)]
    [InlineData("mode: enforce\nmx: a.test\nmax_age: 1", false)]
    [InlineData("version: STSv1\nmode: Enforce\nmx: a.test\nmax_age: 1", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 10000000000", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.*.test\nmax_age: 1", false)]
    [InlineData("version: STSv1\nmode: enforce\nmx: \nmax_age: 1", false)]
    [InlineData("<html>", false)]
    [InlineData("", false)]
    public void Policies_are_well_formed_or_none(string text, bool expected)
    {
        Assert.Equal(expected, StsPolicy.TryParse(text, out StsPolicy? policy));
        Assert.True(policy is null || policy.MaxAge <= TimeSpan.FromSeconds(31_557_600));
        Assert.True(policy is null || policy.MxPatterns.Count == 0 || policy.Mode != StsMode.None);
    }

    [Theory]
    [InlineData("20160831085700Z", "v=STSv1; id=20160831085700Z;")] // §3.1
    [InlineData("1", "v=STSv1;id=1")]
    [InlineData("1", "v=STSv1 ; x=y; id=1", "v=spf1 -all")]
    [InlineData("1", "v=STSv1; id=1; id=2")]
    [InlineData(null, "v=STSv1; id=1", "v=STSv1; id=1")]
    [InlineData(null, "v=STSv1; id=")]
    [InlineData(null, "v=STSv1; id=a-b")]
    [InlineData(null, "v=STSv1; id=123456789012345678901234567890123")]
    [InlineData(null, "v=STSv1")]
    [InlineData(null, " v=STSv1; id=1")]
    [InlineData(null, "v=STSv1;; id=1")]
    [InlineData(null, "v=STSv1; nonsense; id=1")]
    [InlineData(null)]
    public void The_record_tells_the_id_or_that_there_is_no_policy(string? id, params string[] records) => Assert.Equal(id, StsPolicy.FindId(records));
}
