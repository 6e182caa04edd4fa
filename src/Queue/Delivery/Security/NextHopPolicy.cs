using MailAccess.Routing;

namespace MailAccess.Queue;

/// <summary>What we ourselves ask of a next hop.</summary>
/// <param name="Policy">What is asked.</param>
/// <param name="Source">For people: who says so, a key of the configuration or file:line.</param>
public sealed record NextHopPolicy(TlsPolicy Policy, string Source)
{
    /// <summary>It was said of this next hop itself, not of all below a domain: then <see cref="TlsPolicy.Never"/> means a password in clear text, too.</summary>
    public bool IsForThisHop { get; init; }

    /// <summary>Whether a key of <see cref="KeysOf"/> names the next hop itself.</summary>
    public static bool IsOfHop(string key) => key[0] != '.';

    /// <summary>
    /// The keys of a next hop in tables of policies, in their order: as it is written, <c>[mx.example.org]:587</c>; its domain or host; every domain above that,
    /// <c>.example.org</c>. Postfix: smtp_tls_policy_maps.
    /// </summary>
    public static IReadOnlyList<string> KeysOf(NextHop hop)
    {
        List<string> keys = [(hop.Alone with { Protocol = HopProtocol.Smtp }).ToString().ToLowerInvariant()];
        if (TlsDecider.NameOf(hop) is { } name)
        {
            if (keys[0] != name)
            {
                keys.Add(name);
            }
            for (int dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
            {
                keys.Add(name[dot..]);
            }
        }
        return keys;
    }
}
