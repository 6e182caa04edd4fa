using MailAccess.Auth;
using Microsoft.Extensions.Logging;

namespace MailAccess.Testing;

/// <summary>
/// The real thing for transcripts that say <c>@mechanisms</c>, without delays and with a server nonce that is always the one of RFC 7677 §3.
/// The one account is <c>user</c>, whose password <c>pencil</c> is kept as the verifier of that example.
/// </summary>
public sealed class RealAuthenticator : IAccountDirectory
{
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    private static readonly StoredAccount User = new(
        new Account { Name = "user", Addresses = ["user@example.test"] },
        new StoredCredential(
            SaslMechanisms.ScramSha256,
            "4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="));

    private RealAuthenticator()
    {
    }

    /// <summary>Offers these mechanisms, separated by blanks, where the connection lets them be offered. The caller's to dispose.</summary>
    public static Authenticator Create(string mechanisms, TimeProvider clock, ILogger log) =>
        new(new RealAuthenticator(), new AuthOptions { Mechanisms = mechanisms.Split(' '), Limits = AuthLimits.WithoutDelays }, clock, log, () => ServerNonce);

    /// <inheritdoc/>
    public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) => new(loginName == "user" ? User : null);

    /// <inheritdoc/>
    public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        new($"{localPart}@{domain}" == "user@example.test" ? User.Account : null);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([User.Account]);
}
