using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailAccess.Tables.Text;

namespace MailAccess.Tables.Patterns;

/// <summary><c>network/prefix result</c>, <c>!network result</c>: cidr_table(5).</summary>
internal sealed class CidrRule : IRule<IPAddress>
{
    private readonly IPNetwork _network;
    private readonly bool _negated;
    private readonly string _result;

    private CidrRule(IPNetwork network, bool negated, string result) => (_network, _negated, _result) = (network, negated, result);

    /// <returns>Null where there is an error.</returns>
    public static CidrRule? Parse(string text, bool isCondition, out string? error)
    {
        bool negated = text.StartsWith('!');
        string rule = negated ? text[1..].TrimStart(LogicalLines.Spaces) : text;
        int end = rule.AsSpan().IndexOfAny(LogicalLines.Spaces);
        string pattern = end < 0 ? rule : rule[..end];
        string result = end < 0 ? "" : rule[end..].Trim(LogicalLines.Spaces);
        if (!TryNetwork(pattern, out IPNetwork network, out error))
        {
            return null;
        }
        error = isCondition && result.Length > 0 ? $"nothing may follow the pattern of an if: {result}"
            : !isCondition && result.Length == 0 ? $"{pattern} has no result"
            : null;
        return error is null ? new CidrRule(network, negated, result) : null;
    }

    /// <inheritdoc/>
    public bool IsFilledIn => false;

    /// <summary>An address of the other family fits neither a network nor its opposite.</summary>
    public string? Answer(IPAddress key) =>
        key.AddressFamily == _network.BaseAddress.AddressFamily && _network.Contains(key) != _negated ? _result : null;

    /// <summary>Strictly: four decimal numbers without leading zeros, or IPv6 without a zone.</summary>
    public static bool TryAddress(string text, out IPAddress address)
    {
        bool parsed = IPAddress.TryParse(text, out IPAddress? found) && !text.Contains('%', StringComparison.Ordinal)
            && (found.AddressFamily == AddressFamily.InterNetworkV6 ? text[0] != '[' : found.ToString() == text);
        address = parsed ? found! : IPAddress.None;
        return parsed;
    }

    private static bool TryNetwork(string pattern, out IPNetwork network, out string? error)
    {
        network = default;
        // "[2001:db8::]/32" is allowed, and "[192.0.2.0/24]".
        string plain = pattern.StartsWith('[') && pattern.Contains(']', StringComparison.Ordinal) ? pattern[1..].Replace("]", "", StringComparison.Ordinal) : pattern;
        string[] parts = plain.Split('/');
        if (parts.Length > 2 || !TryAddress(parts[0], out IPAddress address))
        {
            error = $"{pattern} is neither an address nor a network";
            return false;
        }
        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > address.GetAddressBytes().Length * 8))
        {
            error = $"{pattern} has no length of prefix that fits the address";
            return false;
        }
        network = IPNetwork.TryParse($"{address}/{bits}", out IPNetwork found) ? found : default;
        error = network.PrefixLength == bits && network.BaseAddress.Equals(address) ? null : $"{pattern} has bits behind its prefix: {Masked(address, bits)}/{bits} is meant?";
        return error is null;
    }

    private static IPAddress Masked(IPAddress address, int bits)
    {
        byte[] octets = address.GetAddressBytes();
        for (int i = 0; i < octets.Length; i++)
        {
            int kept = Math.Clamp(bits - (i * 8), 0, 8);
            octets[i] &= (byte)(0xFF << (8 - kept));
        }
        return new IPAddress(octets);
    }
}

/// <summary>A table of networks. Keys that are no addresses are not in it.</summary>
/// <param name="name">As configured.</param>
/// <param name="source">Where rules stand, for answers.</param>
/// <param name="rules">The rules as they are now.</param>
internal sealed class CidrTable(string name, string source, Func<RuleList<IPAddress>> rules) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => true;

    public static RuleList<IPAddress>? Parse(byte[] octets, TableReport report) => RuleList<IPAddress>.Parse(octets, report, CidrRule.Parse);

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) => new(
        CidrRule.TryAddress(key, out IPAddress address) && rules().TryFind(address, out RuleAnswer found)
            ? new TableAnswer(LookUpOutcome.Found, found.Value, new TablePlace(source, found.Line))
            : TableAnswer.NotFound);
}
