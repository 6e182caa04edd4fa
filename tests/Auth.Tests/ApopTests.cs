using System.Text;
using MailAccess.Auth.Sasl;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

public sealed class ApopTests
{
    private const string Timestamp = "<1896.697170952@dbc.mtview.ca.us>";

    [Fact]
    public void The_digest_is_that_of_the_RFC() =>
        Assert.Equal("c4c9334bac560ecc979e58001b3e22fb", Encoding.ASCII.GetString(ApopExchange.Digest(Timestamp, "tanstaaf"u8)));

    [Theory]
    [InlineData("{PLAIN}tanstaaf", true)]
    [InlineData("{PLAIN}tanstaag", false)]
    [InlineData("{SHA256}x", false)]
    [InlineData("{NOPASSWORD}", false)]
    [InlineData("{DISABLED}", false)]
    public async Task It_opens_accounts_whose_password_is_kept_in_plain(string credential, bool opens)
    {
        using LoginBench bench = new(new AuthOptions());
        bench.Directory.Set("mrose", credential);
        ISaslExchange exchange = ((IAuthenticator)bench.Authenticator).BeginApop(LoginBench.OverTls)!;
        string timestamp = LoginBench.Text(await exchange.RespondAsync(null, CancellationToken.None));
        Assert.Matches("^<[^<>@ ]+@[^<>@ ]+>$", timestamp); // A msg-id, RFC 822.
        string digest = Encoding.ASCII.GetString(ApopExchange.Digest(timestamp, "tanstaaf"u8));
        SaslStep step = await LoginBench.SayAsync(exchange, $"mrose {digest}");
        Assert.Equal(opens, step.Account is not null);
        Assert.Equal(opens ? AuthenticationFailure.None : AuthenticationFailure.InvalidCredentials, step.Failure);
    }

    [Fact]
    public async Task Each_greeting_has_a_timestamp_of_its_own()
    {
        using LoginBench bench = new(new AuthOptions());
        IAuthenticator authenticator = bench.Authenticator;
        string[] both = new string[2];
        for (int i = 0; i < both.Length; i++)
        {
            both[i] = LoginBench.Text(await authenticator.BeginApop(LoginBench.OverTls)!.RespondAsync(null, CancellationToken.None));
        }
        Assert.NotEqual(both[0], both[1]);
    }
}
