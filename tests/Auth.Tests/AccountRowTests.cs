namespace MailAccess.Auth.Tests;

/// <summary>What sources outside say is not believed unseen.</summary>
public sealed class AccountRowTests
{
    [Fact]
    public void Without_addresses_of_its_own_an_account_has_those_of_its_name()
    {
        Assert.Equal(["alice@example.test", "alice@other.test"], Read(new AccountRow { Name = "Alice" }).Account.Addresses);
        Assert.Equal(["alice@example.org"], Read(new AccountRow { Name = "alice@Example.org" }).Account.Addresses);
        Assert.Equal(["a.smith@example.test"], Read(new AccountRow { Name = "alice", Addresses = ["A.Smith@example.test", "broken", "a.smith@example.test"] }).Account.Addresses);
    }

    [Theory]
    [InlineData("../etc")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("@example.test")]
    public void A_name_that_could_be_no_folder_is_no_account(string name) =>
        Assert.False(new AccountRow { Name = name }.TryRead([], out _, out _));

    [Theory]
    [InlineData(null, "DISABLED")]
    [InlineData("", "DISABLED")]
    [InlineData("!", "DISABLED")]
    [InlineData("{NONSENSE}x", "DISABLED")]
    [InlineData("*", "NOPASSWORD")]
    [InlineData("secret", "PLAIN")]
    [InlineData("{SSHA}Z5VV5RVj6JGSmpgKoIJjwqrqZ0Q4bGVBcXFwcXBxcA==", "SSHA")]
    public void No_password_never_means_any_password(string? password, string scheme) =>
        Assert.Equal(scheme, Read(new AccountRow { Name = "alice", Password = password }).Credential.Scheme);

    [Fact]
    public void A_quota_may_be_a_rule_or_a_number_of_octets() =>
        Assert.Equal(["*:bytes=1000", "Trash:ignore"], Read(new AccountRow { Name = "a", Quota = ["1000", "", "Trash:ignore"] }).Account.QuotaRules);

    private static StoredAccount Read(AccountRow row)
    {
        Assert.True(row.TryRead(["example.test", "Other.test"], out StoredAccount? account, out _));
        return account;
    }
}
