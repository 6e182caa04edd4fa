using System.Security.Cryptography;
using MailAccess.Auth.Sasl;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

public sealed class LoginDetailTests
{
    private static readonly AuthenticationContext WithDetail = LoginBench.OverTls with { DetailDelimiter = '+' };

    [Theory]
    [InlineData("alice+Lists/Work", "alice", "Lists/Work")]
    [InlineData("alice+a+b", "alice", "a+b")]
    [InlineData("alice+Lists@example.test", "alice@example.test", "Lists")]
    [InlineData("alice@example.test+Lists", "alice@example.test", "Lists")]
    [InlineData("alice@example.test+a@b", "alice@example.test", "a@b")]
    [InlineData("alice+", null, null)]
    [InlineData("alice+@example.test", null, null)]
    [InlineData("+Lists", null, null)]
    [InlineData("alice", null, null)]
    public void A_name_is_read_in_one_way(string name, string? account, string? detail)
    {
        var read = LoginDetail.Of(name, '+');
        Assert.Equal((account, detail), (read?.AccountName, read?.Detail));
        Assert.Null(LoginDetail.Of(name, null));
    }

    [Fact]
    public async Task The_detail_comes_back_only_where_the_protocol_reads_names_so()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}main");
        SaslStep step = await bench.LoginAsync("alice+Work", "main", WithDetail);
        Assert.Equal(("alice", "Work"), (step.Account?.Name, step.Detail));
        Assert.Null((await bench.LoginAsync("alice", "main", WithDetail)).Detail);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await bench.LoginAsync("alice+Work", "main")).Failure); // IMAP, submission.
    }

    [Fact]
    public async Task One_wrong_password_with_many_details_is_one_failure()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}main");
        foreach (string name in new[] { "alice", "alice+a", "alice+b", "alice+c" })
        {
            await bench.LoginAsync(name, "wrong", WithDetail);
        }
        Assert.Equal(new AuthLimits().FailureFloor, bench.Clock.LastDelay);
    }

    [Fact]
    public async Task Scram_knows_details_and_its_salts_do_not_tell_who_exists()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}main");
        using ISaslExchange exchange = bench.Begin(SaslMechanisms.ScramSha256, WithDetail);
        ScramClient client = new(HashAlgorithmName.SHA256, "alice+Work", "main");
        SaslStep step = await LoginBench.SayAsync(exchange, client.First("abc"));
        step = await LoginBench.SayAsync(exchange, client.Final(LoginBench.Text(step)));
        Assert.True(client.Trusts(LoginBench.Text(step)));
        step = await LoginBench.SayAsync(exchange, "");
        Assert.Equal(("alice", "Work"), (step.Account?.Name, step.Detail));
        foreach (string name in new[] { "alice", "nobody" })
        {
            Assert.Equal(await SaltOfAsync(bench, name), await SaltOfAsync(bench, name + "+Work"));
        }
    }

    private static async Task<string> SaltOfAsync(LoginBench bench, string name)
    {
        using ISaslExchange exchange = bench.Begin(SaslMechanisms.ScramSha256, WithDetail);
        string answer = LoginBench.Text(await LoginBench.SayAsync(exchange, new ScramClient(HashAlgorithmName.SHA256, name, "x").First("abc")));
        return answer.Split(',')[1];
    }
}
