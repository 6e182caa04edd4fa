using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>
/// What becomes of addresses when mail leaves by SMTP: Postfix's smtp_generic_maps, Sendmail's FEATURE(genericstable). A result is not looked up again.
/// </summary>
public sealed class GenericRewriter : IAddressRewriter
{
    private readonly AddressMapping _mapping;
    private readonly HashSet<string>? _domains;

    /// <summary>The tables stay their owner's.</summary>
    public GenericRewriter(RewritingOptions options)
    {
        _domains = options.GenericsDomains is { } domains ? new HashSet<string>(domains.Select(MailDomain.NormalizeEntry), StringComparer.OrdinalIgnoreCase) : null;
        _mapping = new AddressMapping(
            new AddressTable(options.Generics, _domains is null ? options.IsOwnDomain : _domains.Contains, options.RecipientDelimiter),
            new AddressMappingOptions
            {
                Stage = "generics",
                Classes = AddressClasses.All,
                Origin = options.Origin,
                KeptDetailDelimiter = options.GenericsKeepDetail ? options.RecipientDelimiter : null,
            });
    }

    /// <inheritdoc/>
    public AddressClasses Classes => _mapping.Classes;

    /// <inheritdoc/>
    public ValueTask<AddressRewriting> RewriteAsync(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps, CancellationToken cancellationToken) =>
        address.IsNull || (_domains is not null && !(MailDomain.TryNormalize(address.Domain, out string domain) && _domains.Contains(domain)))
            ? new ValueTask<AddressRewriting>(new AddressRewriting(address))
            : _mapping.RewriteAsync(address, role, steps, cancellationToken);
}
