namespace MailAccess.Auth.Sasl;

/// <summary>What all logins that send a password have in common.</summary>
internal static class PasswordLogin
{
    public static async ValueTask<SaslStep> CheckAsync(
        CredentialDesk desk, LoginAttempt attempt, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        SaslStep step = await desk.CheckPasswordAsync(attempt, password, cancellationToken);
        if (step.Account is { } account)
        {
            desk.LogSuccess(attempt with { AppPassword = step.AppPassword }, account);
        }
        return step;
    }
}
