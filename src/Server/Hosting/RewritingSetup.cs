using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Opens a table; false, with what is wrong, where its specification cannot be used. What was opened stays the opener's.</summary>
internal delegate bool OpenTable(string specification, out ILookUpTable? table, out string? error);

/// <summary>Makes what rewrites addresses from its configuration.</summary>
internal static class RewritingSetup
{
    /// <summary>Null where nothing is rewritten, or with errors.</summary>
    public static MessageRewriting? Create(ServerConfiguration configuration, ILocalDirectory addresses, OpenTable open, ILoggerFactory loggers, List<string> errors)
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
            DomainTable = Open("domainTable", rewriting.DomainTable, open, errors),
            Canonical = Open("canonical", rewriting.Canonical, open, errors),
            CanonicalClasses = rewriting.CanonicalClasses,
            SenderCanonical = Open("senderCanonical", rewriting.SenderCanonical, open, errors),
            RecipientCanonical = Open("recipientCanonical", rewriting.RecipientCanonical, open, errors),
            Generics = Open("generics", rewriting.Generics, open, errors),
            GenericsDomains = rewriting.GenericsDomains.Count > 0 ? rewriting.GenericsDomains : null,
            Masquerade = rewriting.Masquerade with { IsOwnDomain = addresses.IsLocalDomain },
        };
        return errors.Count > 0 ? null : new MessageRewriting(options, loggers.CreateLogger<MessageRewriting>());
    }

    private static List<ILookUpTable> Open(string key, IReadOnlyList<string> specifications, OpenTable open, List<string> errors)
    {
        List<ILookUpTable> tables = [];
        foreach (string specification in specifications)
        {
            if (open(specification, out ILookUpTable? table, out string? error))
            {
                tables.Add(table!);
            }
            else
            {
                errors.Add($"rewriting.{key}: {specification}: {error}");
            }
        }
        return tables;
    }
}
