using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>
/// What becomes of addresses when mail of our own clients comes in: FEATURE(domaintable), then Postfix's sender or recipient canonical tables, canonical
/// tables, and masquerading, in this order.
/// </summary>
public sealed class AddressRewriter : IAddressRewriter
{
    private readonly RewritingOptions _options;
    private readonly RoutingTables _domainTable;
    private readonly AddressMapping[] _mappings;

    /// <summary>The tables stay their owner's.</summary>
    public AddressRewriter(RewritingOptions options)
    {
        _options = options;
        _domainTable = new RoutingTables("", options.DomainTable);
        _mappings =
        [
            Mapping("senderCanonical", options.SenderCanonical, options.SenderCanonicalClasses),
            Mapping("recipientCanonical", options.RecipientCanonical, options.RecipientCanonicalClasses),
            Mapping("canonical", options.Canonical, options.CanonicalClasses),
        ];
        Classes = _mappings.Aggregate(options.Masquerade.Classes, (classes, mapping) => classes | mapping.Classes)
            | (options.DomainTable.Count > 0 ? AddressClasses.All : AddressClasses.None);
    }

    /// <inheritdoc/>
    public AddressClasses Classes { get; }

    /// <inheritdoc/>
    public async ValueTask<AddressRewriting> RewriteAsync(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps, CancellationToken cancellationToken)
    {
        if (address.IsNull || (Classes & role) == 0)
        {
            return new AddressRewriting(address);
        }
        AddressRewriting result = await RenameDomainAsync(WithOrigin(address, steps), steps, cancellationToken);
        foreach (AddressMapping mapping in _mappings)
        {
            if (result.Error is not null)
            {
                return new AddressRewriting(address, result.Error);
            }
            result = await mapping.RewriteAsync(result.Path, role, steps, cancellationToken);
        }
        return result.Error is null ? new AddressRewriting(_options.Masquerade.Apply(result.Path, role, steps)) : new AddressRewriting(address, result.Error);
    }

    private AddressMapping Mapping(string stage, IReadOnlyList<ILookUpTable> tables, AddressClasses classes) => new(
        new AddressTable(tables, _options.IsOwnDomain, _options.RecipientDelimiter),
        new AddressMappingOptions
        {
            Stage = stage,
            Classes = classes,
            RepeatsMax = _options.RepeatsMax,
            Origin = _options.Origin,
            KeptDetailDelimiter = _options.CanonicalKeepsDetail ? _options.RecipientDelimiter : null,
        });

    // append_at_myorigin: only postmaster comes without a domain, RFC 5321 §4.1.1.3.
    private MailPath WithOrigin(MailPath address, ICollection<RoutingStep>? steps)
    {
        if (address.Domain.Length > 0 || _options.Origin is not { } origin || !MailPath.TryCreate(address.LocalPart, origin, out MailPath? whole))
        {
            return address;
        }
        steps?.Add(new RoutingStep(0, "origin", address.ToString(), whole.ToString(), new TablePlace("rewriting.origin", 0)));
        return whole;
    }

    private async ValueTask<AddressRewriting> RenameDomainAsync(MailPath address, ICollection<RoutingStep>? steps, CancellationToken cancellationToken)
    {
        if (address.Domain.Length == 0 || !MailDomain.TryNormalize(address.Domain, out string domain))
        {
            return new AddressRewriting(address);
        }
        TableHit hit = await _domainTable.FindAsync([LookUpKey.OfDomain(domain)], cancellationToken);
        if (hit.IsFailed)
        {
            return new AddressRewriting(address, $"domaintable: {hit.Problem}");
        }
        if (!hit.IsFound)
        {
            return new AddressRewriting(address);
        }
        if (!MailPath.TryCreate(address.LocalPart, hit.Value.TrimEnd('.'), out MailPath? renamed))
        {
            return new AddressRewriting(address, $"domaintable: {hit.Answer.Place}: no domain: {hit.Answer.Value}");
        }
        steps?.Add(new RoutingStep(0, "domaintable", address.ToString(), renamed.ToString(), hit.Answer.Place));
        return new AddressRewriting(renamed);
    }
}
