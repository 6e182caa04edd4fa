using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Makes what rewrites addresses from its configuration.</summary>
internal static class RewritingSetup
{
    /// <summary>Null where nothing is rewritten, or with errors.</summary>
    public static MessageRewriting? Create(ServerConfiguration configuration, ILocalDirectory addresses, TableOpener tables, ILoggerFactory loggers, List<string> errors)
    {
        RewritingConfiguration rewriting = configuration.Rewriting;
        if (rewriting.IsEmpty)
        {
            return null;
        }
        RewritingOptions options = new()
        {
            Origin = rewriting.Origin ?? (configuration.Domains is [string first, ..] ? first : configuration.HostName),
            IsOwnDomain = addresses.IsLocalDomain,
            RecipientDelimiter = configuration.RecipientDelimiter,
            DomainTable = Open("domainTable"),
            Canonical = Open("canonical"),
            CanonicalClasses = rewriting.CanonicalClasses,
            SenderCanonical = Open("senderCanonical"),
            RecipientCanonical = Open("recipientCanonical"),
            Generics = Open("generics"),
            GenericsDomains = rewriting.GenericsDomains.Count > 0 ? rewriting.GenericsDomains : null,
            Masquerade = rewriting.Masquerade with { IsOwnDomain = addresses.IsLocalDomain },
        };
        return errors.Count > 0 ? null : new MessageRewriting(options, loggers.CreateLogger<MessageRewriting>());

        IReadOnlyList<ILookUpTable> Open(string key) => ConfiguredTables.Open($"rewriting.{key}", configuration, tables, errors).Tables;
    }
}
