using System.Net;
using MailAccess.Auth;
using MailAccess.Auth.OAuth;
using Microsoft.Extensions.Logging;

namespace MailAccess.Testing;

/// <summary>
/// The real thing for transcripts that say <c>@mechanisms</c>, without delays and with a server nonce that is always the one of RFC 7677 §3.
/// <c>mrose</c> is the account of RFC 1939 §7, whose password <c>tanstaaf</c> is kept in plain. The other one is <c>user</c>, whose password <c>pencil</c> is kept as the verifier of that example, and whose token is that of RFC 7628 §4.1;
/// <c>noscope</c> is his, too, but not for mail, and about the token <c>away</c> nobody can be asked.
/// </summary>
public sealed class RealAuthenticator : IAccountDirectory
{
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    private static readonly StoredAccount User = new(
        new Account { Name = "user", Addresses = ["user@example.test"] },
        new StoredCredential(
            SaslMechanisms.ScramSha256,
            "4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="));

    private static readonly StoredAccount Mrose = new(new Account { Name = "mrose", Addresses = ["mrose@example.test"] }, new StoredCredential("PLAIN", "tanstaaf"));

    private static readonly OAuthOptions OAuth = new()
    {
        Introspection = new IntrospectionOptions { Endpoint = new Uri("https://login.example.test/introspect"), ClientId = "mail", ClientSecret = "x" },
        Scope = "mail",
        OpenIdConfiguration = new Uri("https://login.example.test/.well-known/openid-configuration"),
    };

    private RealAuthenticator()
    {
    }

    /// <summary>Offers these mechanisms, separated by blanks, where the connection lets them be offered. The caller's to dispose.</summary>
    public static Authenticator Create(string mechanisms, TimeProvider clock, ILogger log) =>
        new(new RealAuthenticator(), new AuthOptions { Mechanisms = mechanisms.Split(' '), Limits = AuthLimits.WithoutDelays }, clock, log,
            new OAuthTokens(OAuth, new PlayedServer(), clock, log), null, null, () => ServerNonce);

    /// <inheritdoc/>
    public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) => new(loginName switch
    {
        "user" or "user@example.com" => User,
        "mrose" => Mrose,
        _ => null,
    });

    /// <inheritdoc/>
    public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        new($"{localPart}@{domain}" == "user@example.test" ? User.Account : null);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([User.Account, Mrose.Account]);

    private sealed class PlayedServer : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string body = await request.Content!.ReadAsStringAsync(cancellationToken);
            string answer = Uri.UnescapeDataString(body.Split('&')[0]) switch
            {
                "token=vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" => """{"active":true,"email":"user","scope":"mail"}""",
                "token=noscope" => """{"active":true,"email":"user","scope":"calendar"}""",
                "token=away" => throw new HttpRequestException("away"),
                _ => """{"active":false}""",
            };
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer) };
        }
    }
}
