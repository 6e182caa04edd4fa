using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>What the directory knows of an address.</summary>
public enum LocalOutcome
{
    /// <summary>It belongs to an account.</summary>
    Found,
    /// <summary>Nobody has it.</summary>
    Unknown,
    /// <summary>The directory cannot be asked now.</summary>
    Unavailable,
}

/// <summary>Answer of <see cref="ILocalDirectory.FindAsync"/>.</summary>
/// <param name="Outcome">What the directory knows.</param>
/// <param name="AccountName">The account by the name the store knows; set where found.</param>
public readonly record struct LocalLookUp(LocalOutcome Outcome, string? AccountName = null);

/// <summary>Which addresses are ours. Implemented by the server from its accounts. Details and postmaster are the router's business.</summary>
public interface ILocalDirectory
{
    /// <summary>Mail for this domain ends here. The domain comes in lower case, as A-labels, or as an address literal. Must not block.</summary>
    bool IsLocalDomain(string domain);

    /// <summary>The account of exactly this address; the local part as written, for the directory to compare as it likes.</summary>
    ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken);
}

/// <summary>Finds a recipient's account: exact address, without detail, postmaster.</summary>
internal sealed class LocalRecipients(ILocalDirectory directory, RoutingOptions options)
{
    /// <summary>Ours to deliver or to refuse. A path without domain is <c>postmaster</c> (RFC 5321 §4.1.1.3).</summary>
    public bool IsLocal(MailPath recipient) =>
        recipient.Domain.Length == 0 || (MailDomain.TryNormalize(recipient.Domain, out string domain) && directory.IsLocalDomain(domain));

    public async ValueTask<LocalLookUp> FindAsync(MailPath recipient, CancellationToken cancellationToken)
    {
        if (recipient.Domain.Length > 0 && MailDomain.TryNormalize(recipient.Domain, out string domain))
        {
            LocalLookUp found = await directory.FindAsync(recipient.LocalPart, domain, cancellationToken);
            if (found.Outcome == LocalOutcome.Unknown && options.RecipientDelimiter is { } delimiter
                && recipient.LocalPart.IndexOf(delimiter, StringComparison.Ordinal) is int cut and > 0)
            {
                found = await directory.FindAsync(recipient.LocalPart[..cut], domain, cancellationToken);
            }
            if (found.Outcome != LocalOutcome.Unknown)
            {
                return found;
            }
        }
        // Mail for postmaster is always taken, without regard to case: RFC 5321 §4.5.1.
        return options.PostmasterAccount is { } postmaster && recipient.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)
            ? new LocalLookUp(LocalOutcome.Found, postmaster)
            : new LocalLookUp(LocalOutcome.Unknown);
    }
}
