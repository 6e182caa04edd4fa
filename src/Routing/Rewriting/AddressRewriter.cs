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
    private readonly AddressMapping[] _mappings;

    /// <summary>The tables stay their owner's.</summary>
    public AddressRewriter(RewritingOptions options)
    {
        _options = options;
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
        foreach (ILookUpTable table in address.Domain.Length > 0 ? _options.DomainTable : [])
        {
            TableAnswer answer = await table.FindAsync(address.Domain, cancellationToken);
            switch (answer.Outcome)
            {
                case LookUpOutcome.Failed:
                    return new AddressRewriting(address, $"domaintable: {table.Name}: {answer.Error}");
                case LookUpOutcome.Found when MailPath.TryCreate(address.LocalPart, answer.Value!.Trim(), out MailPath? renamed):
                    steps?.Add(new RoutingStep(0, "domaintable", address.ToString(), renamed.ToString(), answer.Place));
                    return new AddressRewriting(renamed);
                case LookUpOutcome.Found:
                    return new AddressRewriting(address, $"domaintable: {answer.Place}: no domain: {answer.Value}");
            }
        }
        return new AddressRewriting(address);
    }
}
