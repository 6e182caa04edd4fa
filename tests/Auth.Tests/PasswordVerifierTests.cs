using System.Text;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

/// <summary>Sources that check passwords themselves.</summary>
public sealed class PasswordVerifierTests : IDisposable
{
    private readonly VerifyingDirectory _directory = new();
    private readonly LoginBench _bench;

    public PasswordVerifierTests() => _bench = new LoginBench(directory: _directory);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_source_says_whether_a_password_is_right()
    {
        Assert.Equal("alice", (await _bench.LoginAsync("alice", "right")).Account?.Name);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await _bench.LoginAsync("alice", "wrong")).Failure);
        Assert.Equal(["alice right", "alice wrong"], _directory.Asked);
        Assert.Equal(0, _bench.Authenticator.HashesComputed);
    }

    [Fact]
    public async Task A_right_password_is_remembered_and_a_wrong_one_is_not()
    {
        await _bench.LoginAsync("alice", "right");
        await _bench.LoginAsync("alice", "right");
        Assert.Equal(["alice right"], _directory.Asked);
        _bench.Clock.Advance(TimeSpan.FromSeconds(61));
        await _bench.LoginAsync("alice", "right");
        Assert.Equal(["alice right", "alice right"], _directory.Asked);
        await _bench.LoginAsync("alice", "wrong");
        await _bench.LoginAsync("alice", "wrong");
        Assert.Equal(4, _directory.Asked.Count);
    }

    [Fact]
    public async Task A_name_that_nobody_has_costs_a_question_too_and_never_opens_anything()
    {
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await _bench.LoginAsync("mallory", "right")).Failure);
        Assert.Equal(["nobody right"], _directory.Asked);
    }

    [Theory]
    [InlineData("")] // RFC 4513 §5.1.2: a bind without a password succeeds, for nobody.
    [InlineData("right\0")]
    public async Task What_others_might_misread_is_not_even_asked(string password)
    {
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await _bench.LoginAsync("alice", password)).Failure);
        Assert.Empty(_directory.Asked);
    }

    [Fact]
    public async Task A_disabled_account_is_not_asked_about()
    {
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await _bench.LoginAsync("locked", "right")).Failure);
        Assert.Empty(_directory.Asked);
    }

    [Fact]
    public async Task A_source_that_cannot_be_asked_is_no_wrong_password()
    {
        _directory.IsAway = true;
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await _bench.LoginAsync("alice", "right")).Failure);
        Assert.DoesNotContain(_bench.Log.Texts, t => t.Contains("right", StringComparison.Ordinal));
        _directory.IsAway = false;
        Assert.NotNull((await _bench.LoginAsync("alice", "right")).Account);
    }

    [Fact]
    public async Task SCRAM_fails_as_for_a_name_that_nobody_has()
    {
        using ISaslExchange exchange = _bench.Begin(SaslMechanisms.ScramSha256);
        string first = LoginBench.Text(await LoginBench.SayAsync(exchange, "n,,n=alice,r=abc"));
        Assert.Contains("s=", first, StringComparison.Ordinal);
        string nonce = first[2..first.IndexOf(',', StringComparison.Ordinal)];
        SaslStep step = await LoginBench.SayAsync(exchange, $"c=biws,r={nonce},p={Convert.ToBase64String(new byte[32])}");
        Assert.Equal(AuthenticationFailure.InvalidCredentials, step.Failure);
        Assert.Empty(_directory.Asked);
    }

    private sealed class VerifyingDirectory : IAccountDirectory
    {
        public List<string> Asked { get; } = [];

        public bool IsAway { get; set; }

        public IPasswordVerifier? Nobody => new Verifier(this, "nobody");

        public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
        {
            AccountRow row = new() { Name = loginName, Verifier = new Verifier(this, loginName), MayLogIn = loginName != "locked" };
            return new(loginName is "alice" or "locked" && row.TryRead(["example.test"], out StoredAccount? account, out _) ? account : null);
        }

        public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) => default;

        public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);

        private sealed class Verifier(VerifyingDirectory directory, string user) : IPasswordVerifier
        {
            public ValueTask<bool> VerifyAsync(ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
            {
                string text = Encoding.UTF8.GetString(password.Span);
                directory.Asked.Add($"{user} {text}");
                return directory.IsAway ? throw new IOException("away") : new(text == "right");
            }
        }
    }
}
