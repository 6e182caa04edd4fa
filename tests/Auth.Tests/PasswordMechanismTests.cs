using System.Text;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

/// <summary>SASL PLAIN and LOGIN.</summary>
public sealed class PasswordMechanismTests
{
    [Theory]
    [InlineData("\0alice\0demo")]
    [InlineData("alice\0alice\0demo")]
    public async Task Plain_takes_an_initial_response_or_asks_for_it(string message)
    {
        using LoginBench bench = Bench();
        using ISaslExchange initial = bench.Begin("PLAIN");
        Assert.Equal("alice", (await LoginBench.SayAsync(initial, message)).Account?.Name);
        using ISaslExchange asked = bench.Begin("plain");
        Assert.Equal("", LoginBench.Text(await LoginBench.SayAsync(asked, null)));
        Assert.Equal("alice", (await LoginBench.SayAsync(asked, message)).Account?.Name);
    }

    [Theory]
    [InlineData("bob\0alice\0demo", AuthenticationFailure.AuthorizationDenied)]
    [InlineData("nobody\0alice\0demo", AuthenticationFailure.AuthorizationDenied)]
    [InlineData("bob\0alice\0wrong", AuthenticationFailure.InvalidCredentials)]
    [InlineData("\0alice\0Demo", AuthenticationFailure.InvalidCredentials)]
    [InlineData("\0nobody\0demo", AuthenticationFailure.InvalidCredentials)]
    [InlineData("", AuthenticationFailure.Malformed)]
    [InlineData("alice demo", AuthenticationFailure.Malformed)]
    [InlineData("\0alice", AuthenticationFailure.Malformed)]
    [InlineData("\0alice\0", AuthenticationFailure.Malformed)]
    [InlineData("\0\0demo", AuthenticationFailure.Malformed)]
    [InlineData("\0alice\0demo\0", AuthenticationFailure.Malformed)]
    [InlineData("\0alice\0de\0mo", AuthenticationFailure.Malformed)]
    [InlineData("\0ali\nce\0demo", AuthenticationFailure.Malformed)]
    public async Task Plain_fails_for_the_right_reason(string message, AuthenticationFailure failure)
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin("PLAIN");
        Assert.Equal(failure, (await LoginBench.SayAsync(exchange, message)).Failure);
    }

    [Fact]
    public async Task Plain_refuses_octets_that_are_not_utf8()
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin("PLAIN");
        Assert.Equal(AuthenticationFailure.Malformed, (await exchange.RespondAsync(new byte[] { 0, (byte)'a', 0, 0xC3, 0x28 }, default)).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Login_prompts_for_name_and_password_and_takes_the_name_at_once(bool initial)
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin("LOGIN");
        if (!initial)
        {
            Assert.Equal("Username:", LoginBench.Text(await LoginBench.SayAsync(exchange, null)));
        }
        Assert.Equal("Password:", LoginBench.Text(await LoginBench.SayAsync(exchange, "alice")));
        Assert.Equal("alice", (await LoginBench.SayAsync(exchange, "demo")).Account?.Name);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, "demo")).Failure);
    }

    [Theory]
    [InlineData("", "demo")]
    [InlineData("alice", "")]
    [InlineData("al\u0007ice", "demo")]
    public async Task Login_refuses_empty_answers_and_control_characters(string name, string password)
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin("LOGIN");
        await LoginBench.SayAsync(exchange, null);
        SaslStep step = await LoginBench.SayAsync(exchange, name);
        if (step.Challenge is not null)
        {
            step = await LoginBench.SayAsync(exchange, password);
        }
        Assert.Equal(AuthenticationFailure.Malformed, step.Failure);
    }

    [Fact]
    public async Task Random_messages_never_log_anybody_in_nor_throw()
    {
        using LoginBench bench = new(new AuthOptions { Limits = AuthLimits.WithoutDelays });
        bench.Directory.Set("alice", "{PLAIN}demo");
        Random random = new(4616);
        byte[] letters = [.. "\0\0alicedmo\u00E4"u8];
        for (int i = 0; i < 3000; i++)
        {
            using ISaslExchange exchange = bench.Begin(i % 2 == 0 ? "PLAIN" : "LOGIN");
            for (int step = 0; step < 3; step++)
            {
                byte[] message = random.GetItems(letters, random.Next(0, 14));
                if (!message.AsSpan().EndsWith("alice\0demo"u8))
                {
                    Assert.Null((await exchange.RespondAsync(message, default)).Account);
                }
            }
        }
    }

    private static LoginBench Bench()
    {
        LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}demo");
        bench.Directory.Set("bob", "{PLAIN}demo");
        return bench;
    }
}
