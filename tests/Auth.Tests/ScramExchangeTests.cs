using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Passwords;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

public sealed class ScramExchangeTests
{
    public static TheoryData<string> Mechanisms => [SaslMechanisms.ScramSha1, SaslMechanisms.ScramSha256];

    [Fact]
    public async Task The_example_of_RFC_5802_goes_octet_for_octet()
    {
        using LoginBench bench = new(nonce: "3rfcNHYJY1ZVvWVs7j");
        SetVerifier(bench, "user", HashAlgorithmName.SHA1, "QSXCR+Q6sek8bf92");
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-1");
        Assert.Equal(
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            LoginBench.Text(await LoginBench.SayAsync(exchange, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")));
        Assert.Equal(
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            LoginBench.Text(await LoginBench.SayAsync(exchange, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")));
        Assert.Equal("user", (await LoginBench.SayAsync(exchange, "")).Account?.Name);
    }

    [Fact]
    public async Task The_example_of_RFC_7677_goes_octet_for_octet()
    {
        using LoginBench bench = new(nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        SetVerifier(bench, "user", HashAlgorithmName.SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==");
        using ISaslExchange exchange = bench.Begin("scram-sha-256");
        Assert.Equal(
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            LoginBench.Text(await LoginBench.SayAsync(exchange, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
        Assert.Equal(
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            LoginBench.Text(await LoginBench.SayAsync(
                exchange, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")));
        Assert.Equal("user", (await LoginBench.SayAsync(exchange, "")).Account?.Name);
    }

    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task A_client_and_a_plain_stored_password_agree(string mechanism)
    {
        using LoginBench bench = new();
        bench.Directory.Set("o=h,o", "{PLAIN}péncil");
        ScramClient client = new(HashOf(mechanism), "o=h,o", "péncil") { Header = "y,," };
        Assert.Equal("o=h,o", (await RunAsync(bench, mechanism, client)).Account?.Name);
        Assert.Equal(1, bench.Authenticator.HashesComputed);
        Assert.Equal("o=h,o", (await RunAsync(bench, mechanism, new ScramClient(HashOf(mechanism), "o=h,o", "péncil"))).Account?.Name);
        Assert.Equal(1, bench.Authenticator.HashesComputed); // Derived keys are kept.
    }

    [Fact]
    public async Task A_verifier_of_our_own_hasher_serves_scram_and_plain()
    {
        using LoginBench bench = new();
        Assert.True(PasswordHasher.TryHash("demo"u8, out StoredCredential? credential));
        bench.Directory.Set("alice", credential.Format());
        Assert.NotNull((await RunAsync(bench, "SCRAM-SHA-256", new ScramClient(HashAlgorithmName.SHA256, "alice", "demo"))).Account);
        Assert.NotNull((await bench.LoginAsync("alice", "demo")).Account);
    }

    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task A_wrong_password_fails_at_the_proof(string mechanism)
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}right");
        SaslStep step = await RunAsync(bench, mechanism, new ScramClient(HashOf(mechanism), "alice", "wrong"));
        Assert.Equal(AuthenticationFailure.InvalidCredentials, step.Failure);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("crypted")]
    [InlineData("sha1only")]
    [InlineData("disabled")]
    public async Task Who_cannot_use_the_mechanism_meets_a_decoy_that_stays_the_same(string name)
    {
        using LoginBench bench = new();
        bench.Directory.Set("crypted", "{CRYPT}$6$abcdefgh$Xvn2H3ghCUacQmZRoTpqoT.1GKmZmshHJX5Tv8RLwb.4unADzgh9UTmr75fGfMaVM0pTgCp/jSiPr8cWI3/8A0");
        bench.Directory.Set("sha1only", "{SCRAM-SHA-1}4096,AuQacnm/F8YiE501rgH1RQ==,R4FbmqhOVuaiYB23zZ3+0KvxGro=,GfIV7ExNLMBpUXbdV1qNip30BUc=");
        bench.Directory.Accounts["disabled"] = new StoredAccount(new Account { Name = "disabled", Addresses = [] }, StoredCredential.Disabled);
        string first = await SaltAndCountAsync(bench, name);
        Assert.Equal(first, await SaltAndCountAsync(bench, name));
        Assert.Equal(first, await SaltAndCountAsync(bench, name.ToUpperInvariant()));
        Assert.NotEqual(first, await SaltAndCountAsync(bench, "somebody"));
        Assert.EndsWith(",i=15000", first, StringComparison.Ordinal);
        SaslStep step = await RunAsync(bench, "SCRAM-SHA-256", new ScramClient(HashAlgorithmName.SHA256, name, "pencil Ä%"));
        Assert.Equal(AuthenticationFailure.InvalidCredentials, step.Failure);
        Assert.Equal(new AuthLimits().FailureFloor, bench.Clock.LastDelay);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("n,")]
    [InlineData("n,,")]
    [InlineData("n,,n=user")]
    [InlineData("n,,n=user,")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=us=er,r=abc")]
    [InlineData("n,,n=us=2cer,r=abc")]
    [InlineData("n,,n=user=2,r=abc")]
    [InlineData("n,,n=us\u0001er,r=abc")]
    [InlineData("n,,n=user,r=a\u00E4c")]
    [InlineData("n,,n=user,r=a c")]
    [InlineData("n,,r=abc,n=user")]
    [InlineData("n,,m=x,n=user,r=abc")]
    [InlineData("n,,n=user,r=abc,m=x")]
    [InlineData("n,,n=user,r=abc,x")]
    [InlineData("n,user,n=user,r=abc")]
    [InlineData("n,a=,n=user,r=abc")]
    [InlineData("p=,,n=user,r=abc")]
    [InlineData("p=tls_unique,,n=user,r=abc")]
    [InlineData("p,,n=user,r=abc")]
    [InlineData("nn,,n=user,r=abc")]
    [InlineData(",,n=user,r=abc")]
    [InlineData("x,,n=user,r=abc")]
    [InlineData("N,,n=user,r=abc")]
    public async Task A_first_message_outside_the_grammar_ends_the_exchange(string message)
    {
        using LoginBench bench = new();
        bench.Directory.Set("user", "{PLAIN}pencil");
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, message)).Failure);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, "n,,n=user,r=abc")).Failure);
    }

    [Fact]
    public async Task An_unknown_optional_extension_is_passed_over()
    {
        using LoginBench bench = new();
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        Assert.StartsWith("r=abcnonce0,s=", LoginBench.Text(await LoginBench.SayAsync(exchange, "n,,n=user,r=abc,x=y=z")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("c=biws,r=abcnonce0")]
    [InlineData("c=biws,r=abcnonce0,p=")]
    [InlineData("c=biws,r=abcnonce0,p=!!!!")]
    [InlineData("c=biws,r=abc,p=AAAA")]
    [InlineData("c=biws,r=abcnonce1,p=AAAA")]
    [InlineData("c=biws,r=ABCnonce0,p=AAAA")]
    [InlineData("c=biw,r=abcnonce0,p=AAAA")]
    [InlineData("r=abcnonce0,c=biws,p=AAAA")]
    [InlineData("c=biws,r=abcnonce0,m=1,p=AAAA")]
    [InlineData("c=biws,r=abcnonce0,p=AAAA,x=y")]
    public async Task A_final_message_that_does_not_fit_the_first_never_succeeds(string message)
    {
        using LoginBench bench = new();
        bench.Directory.Set("user", "{PLAIN}pencil");
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        await LoginBench.SayAsync(exchange, "n,,n=user,r=abc");
        SaslStep step = await LoginBench.SayAsync(exchange, message);
        Assert.NotEqual(AuthenticationFailure.None, step.Failure);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, "")).Failure);
    }

    [Fact]
    public async Task Success_needs_the_clients_empty_acknowledgement()
    {
        using LoginBench bench = new();
        bench.Directory.Set("user", "{PLAIN}pencil");
        ScramClient client = new(HashAlgorithmName.SHA256, "user", "pencil");
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        string serverFirst = LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")));
        Assert.True(client.Trusts(LoginBench.Text(await LoginBench.SayAsync(exchange, client.Final(serverFirst)))));
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, "more")).Failure);
        Assert.Null((await LoginBench.SayAsync(exchange, "")).Account);
    }

    [Theory]
    [InlineData("user", true)]
    [InlineData("other", false)]
    [InlineData("nobody", false)]
    public async Task The_authorization_identity_must_be_the_same_account(string authorization, bool isAllowed)
    {
        using LoginBench bench = new();
        bench.Directory.Set("user", "{PLAIN}pencil");
        bench.Directory.Set("other", "{PLAIN}pencil");
        SaslStep step = await RunAsync(bench, "SCRAM-SHA-256", new ScramClient(HashAlgorithmName.SHA256, "user", "pencil") { Header = $"n,a={authorization}," });
        Assert.Equal(isAllowed ? AuthenticationFailure.None : AuthenticationFailure.AuthorizationDenied, step.Failure);
    }

    [Fact]
    public async Task A_mutated_exchange_never_succeeds_and_never_throws()
    {
        using LoginBench bench = new(new AuthOptions { Mechanisms = SaslMechanisms.All, Limits = AuthLimits.WithoutDelays });
        bench.Directory.Set("user", "{PLAIN}pencil");
        Random random = new(5802);
        for (int i = 0; i < 3000; i++)
        {
            ScramClient client = new(HashAlgorithmName.SHA256, "user", "wrong");
            using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
            byte[] first = Encoding.UTF8.GetBytes(client.First("abc"));
            SaslStep step = await exchange.RespondAsync(i % 2 == 0 ? Mutate(first, random) : first, TestContext.Current.CancellationToken);
            if (step.Challenge is not null)
            {
                byte[] final = Encoding.UTF8.GetBytes($"c=biws,r=abcnonce{i},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
                step = await exchange.RespondAsync(Mutate(final, random), TestContext.Current.CancellationToken);
                Assert.Null(step.Account);
                // The only challenge left is that the channel is another one.
                Assert.Equal(step.Challenge is null ? "" : "e=channel-bindings-dont-match", Encoding.UTF8.GetString(step.Challenge.GetValueOrDefault().Span));
            }
        }
    }

    private static byte[] Mutate(byte[] message, Random random)
    {
        List<byte> octets = [.. message];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(octets.Count);
            switch (random.Next(3))
            {
                case 0: octets[at] = (byte)random.Next(256); break;
                case 1: octets.Insert(at, octets[random.Next(octets.Count)]); break;
                default: octets.RemoveAt(at); break;
            }
        }
        return [.. octets];
    }

    private static async Task<string> SaltAndCountAsync(LoginBench bench, string name)
    {
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        string challenge = LoginBench.Text(await LoginBench.SayAsync(exchange, $"n,,n={name},r=abc"));
        return challenge[challenge.IndexOf(",s=", StringComparison.Ordinal)..];
    }

    private static async Task<SaslStep> RunAsync(LoginBench bench, string mechanism, ScramClient client)
    {
        using ISaslExchange exchange = bench.Begin(mechanism);
        Assert.Equal("", LoginBench.Text(await LoginBench.SayAsync(exchange, null)));
        string serverFirst = LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("fyko")));
        SaslStep step = await LoginBench.SayAsync(exchange, client.Final(serverFirst));
        if (step.Challenge is null)
        {
            return step;
        }
        Assert.True(client.Trusts(LoginBench.Text(step)));
        return await LoginBench.SayAsync(exchange, "");
    }

    private static HashAlgorithmName HashOf(string mechanism) => mechanism == SaslMechanisms.ScramSha1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;

    private static void SetVerifier(LoginBench bench, string name, HashAlgorithmName hash, string salt)
    {
        ScramVerifier verifier = ScramVerifier.Derive(hash, "pencil"u8, Convert.FromBase64String(salt), 4096);
        bench.Directory.Set(name, $"{{SCRAM-{(hash == HashAlgorithmName.SHA1 ? "SHA-1" : "SHA-256")}}}{verifier.Format()}");
    }
}
