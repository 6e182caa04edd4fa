namespace MailAccess.Routing;

/// <summary>What one recipient may cost.</summary>
public sealed record RoutingLimits
{
    /// <summary>Addresses that one recipient may become, on the way or in the end; beyond, its mail waits until somebody mends the tables. Postfix has 1000 for virtual aliases.</summary>
    public int ExpansionsMax { get; init; } = 10_000;

    /// <summary>Expansions inside of expansions.</summary>
    public int DepthMax { get; init; } = 50;

    /// <summary>Octets of all <c>:include:</c> files of one alias.</summary>
    public int ListOctetsMax { get; init; } = 4 << 20;

    /// <summary>Octets of a .forward file.</summary>
    public int ForwardOctetsMax { get; init; } = 64 << 10;
}
