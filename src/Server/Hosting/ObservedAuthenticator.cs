using MailAccess.Auth;

namespace MailAccess.Server.Hosting;

/// <summary>Passes everything on, and starts the transcript of a connection when an account that is watched has logged in.</summary>
internal sealed class ObservedAuthenticator(IAuthenticator inner, IReadOnlyList<string> watched, Func<string, bool> startTranscript) : IAuthenticator
{
    public IReadOnlyList<string> MechanismsFor(AuthenticationContext context) => inner.MechanismsFor(context);

    public bool AllowsPlaintext(AuthenticationContext context) => inner.AllowsPlaintext(context);

    public ISaslExchange? Begin(string mechanism, AuthenticationContext context) => Observe(inner.Begin(mechanism, context), context);

    public ISaslExchange? BeginApop(AuthenticationContext context) => Observe(inner.BeginApop(context), context);

    public async ValueTask<SaslStep> CheckPasswordAsync(
        string loginName, ReadOnlyMemory<byte> password, AuthenticationContext context, CancellationToken cancellationToken)
    {
        SaslStep step = await inner.CheckPasswordAsync(loginName, password, context, cancellationToken);
        Look(step, context);
        return step;
    }

    private ISaslExchange? Observe(ISaslExchange? exchange, AuthenticationContext context) =>
        exchange is null || watched.Count == 0 ? exchange : new ObservedExchange(this, exchange, context);

    private void Look(SaslStep step, AuthenticationContext context)
    {
        if (step.Account is { } account && watched.Contains(account.Name, StringComparer.OrdinalIgnoreCase))
        {
            startTranscript(context.ConnectionId);
        }
    }

    private sealed class ObservedExchange(ObservedAuthenticator owner, ISaslExchange exchange, AuthenticationContext context) : ISaslExchange
    {
        public async ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
        {
            SaslStep step = await exchange.RespondAsync(response, cancellationToken);
            owner.Look(step, context);
            return step;
        }

        public void Dispose() => exchange.Dispose();
    }
}
