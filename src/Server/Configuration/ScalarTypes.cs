using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MailAccess.Submission.Policy;

namespace MailAccess.Server.Configuration;

/// <summary>The kinds of scalar that settings have.</summary>
internal static partial class ScalarTypes
{
    public static readonly ScalarType<string> Text = new("a non-empty text", ReadText, () => new() { ["type"] = "string", ["minLength"] = 1 });

    public static readonly ScalarType<bool> Switch = new("true or false", ReadSwitch, () => new() { ["type"] = "boolean" });

    public static readonly ScalarType<TimeSpan> Duration =
        new("a duration such as \"30s\", \"5m\", \"4h\" or \"5d\"", ReadDuration, () => new() { ["type"] = "string", ["pattern"] = "^[0-9]+(ms|s|m|h|d)$" });

    public static readonly ScalarType<Rate> Rate =
        new("a rate such as \"300/1m\" or \"1000/1h\", or \"none\"", ReadRate, () => new() { ["type"] = "string", ["pattern"] = "^(none|[1-9][0-9]*/[1-9][0-9]*(s|m|h|d))$" });

    public static readonly ScalarType<long> Size =
        new("a size such as 1000000, \"64KB\", \"50MB\" or \"1GB\" (KB = 1024 octets)", ReadSize, () => new() { ["type"] = new JsonArray("integer", "string"), ["pattern"] = "^[0-9]+(KB|MB|GB)?$" });

    public static readonly ScalarType<string> Domain =
        new("a domain name such as \"example.org\"", ReadDomain, () => new() { ["type"] = "string", ["format"] = "hostname" });

    public static readonly ScalarType<string> Address = new("a mail address such as \"user@example.org\"", ReadAddress, () => new() { ["type"] = "string", ["format"] = "email" });

    public static readonly ScalarType<IPAddress> IpAddress = new("an IP address such as \"127.0.0.1\", \"0.0.0.0\" or \"::\"", ReadIpAddress, () => new() { ["type"] = "string" });

    public static readonly ScalarType<IPNetwork> Network = new("a network such as \"10.0.0.0/8\" or a single IP address", ReadNetwork, () => new() { ["type"] = "string" });

    public static readonly ScalarType<HostAndPort> HostPort =
        new("a host with a port, such as \"mail.example.org:587\" or \"[::1]:53\"", ReadHostPort, () => new() { ["type"] = "string", ["pattern"] = ":[0-9]+$" });

    public static readonly ScalarType<Uri> WebAddress =
        new("an address that begins with https:// (http:// only on this machine)", ReadWebAddress, () => new() { ["type"] = "string", ["format"] = "uri" });

    public static readonly ScalarType<UnixFileMode> Permissions =
        new("permissions as an octal text such as \"0600\" or \"0660\"", ReadPermissions, () => new() { ["type"] = "string", ["pattern"] = "^0?[0-7]{3}$" });

    public static ScalarType<int> Integer(int least, int most) =>
        new($"a whole number from {least} to {most}", (string text, JsonTokenType kind, out int value) => ReadInteger(text, kind, least, most, out value),
            () => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most });

    /// <summary>One of some words, each standing for a value.</summary>
    public static ScalarType<T> Choice<T>(params (string Word, T Value)[] choices) =>
        new($"one of {string.Join(", ", choices.Select(c => $"\"{c.Word}\""))}",
            (string text, JsonTokenType kind, out T value) =>
            {
                int at = Array.FindIndex(choices, c => c.Word == text);
                value = at < 0 ? default! : choices[at].Value;
                return at >= 0 && kind == JsonTokenType.String;
            },
            () => new() { ["enum"] = new JsonArray([.. choices.Select(c => JsonValue.Create(c.Word))]) });

    private static bool ReadText(string text, JsonTokenType kind, out string value)
    {
        value = text;
        return kind == JsonTokenType.String && text.Length > 0 && !text.Any(char.IsControl);
    }

    private static bool ReadSwitch(string text, JsonTokenType kind, out bool value)
    {
        value = text == "true";
        return text is "true" or "false";
    }

    private static bool ReadInteger(string text, JsonTokenType kind, int least, int most, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= least && value <= most;

    private static bool ReadPermissions(string text, JsonTokenType kind, out UnixFileMode value)
    {
        bool good = kind == JsonTokenType.String && text.All(c => c is >= '0' and <= '7') && (text.Length == 3 || (text.Length == 4 && text[0] == '0'));
        value = good ? (UnixFileMode)Convert.ToInt32(text, 8) : UnixFileMode.None;
        return good;
    }

    private static bool ReadDuration(string text, JsonTokenType kind, out TimeSpan value)
    {
        value = default;
        Match match = DurationPattern().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > 100_000_000)
        {
            return false;
        }
        value = match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromDays(Math.Min(number, 100_000)),
        };
        return true;
    }

    private static bool ReadRate(string text, JsonTokenType kind, out Rate value)
    {
        value = default;
        if (text == "none")
        {
            return true;
        }
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        bool good = int.TryParse(text.AsSpan(0, Math.Max(slash, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        good &= ReadDuration(slash < 0 ? "" : text[(slash + 1)..], kind, out TimeSpan period) && count > 0 && period >= TimeSpan.FromSeconds(1);
        value = good ? new Rate(count, period) : default;
        return good;
    }

    private static bool ReadSize(string text, JsonTokenType kind, out long value)
    {
        value = 0;
        Match match = SizePattern().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > 1L << 40)
        {
            return false;
        }
        value = number * match.Groups[2].Value switch { "KB" => 1L << 10, "MB" => 1L << 20, "GB" => 1L << 30, _ => 1L };
        return value <= 1L << 50;
    }

    private static bool ReadDomain(string text, JsonTokenType kind, out string value)
    {
        value = text.ToLowerInvariant();
        return kind == JsonTokenType.String && text.Length <= 253 && DomainPattern().IsMatch(text);
    }

    private static bool ReadAddress(string text, JsonTokenType kind, out string value)
    {
        value = text;
        int at = text.LastIndexOf('@');
        return kind == JsonTokenType.String && at is > 0 and <= 64 && DomainPattern().IsMatch(text[(at + 1)..]) && !text.Any(c => char.IsControl(c) || c is ' ' or '<' or '>');
    }

    private static bool ReadIpAddress(string text, JsonTokenType kind, out IPAddress value)
    {
        bool good = IPAddress.TryParse(text, out IPAddress? address) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3);
        value = address ?? IPAddress.None;
        return good;
    }

    private static bool ReadNetwork(string text, JsonTokenType kind, out IPNetwork value)
    {
        if (ReadIpAddress(text, kind, out IPAddress single))
        {
            value = new IPNetwork(single, single.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
            return true;
        }
        return IPNetwork.TryParse(text, out value);
    }

    private static bool ReadWebAddress(string text, JsonTokenType kind, out Uri value)
    {
        bool good = Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.UserInfo.Length == 0
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));
        value = address!;
        return good && kind == JsonTokenType.String;
    }

    private static bool ReadHostPort(string text, JsonTokenType kind, out HostAndPort value)
    {
        value = new("", 0);
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            return false;
        }
        string host = text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        value = new(bracketed ? host[1..^1] : host, port);
        return bracketed ? IPAddress.TryParse(value.Host, out _) : DomainPattern().IsMatch(host);
    }

    [GeneratedRegex("^([0-9]+)(ms|s|m|h|d)$")]
    private static partial Regex DurationPattern();

    [GeneratedRegex("^([0-9]+)(KB|MB|GB)?$")]
    private static partial Regex SizePattern();

    [GeneratedRegex("^[\\p{L}\\p{N}_]([\\p{L}\\p{N}_-]{0,61}[\\p{L}\\p{N}])?(\\.[\\p{L}\\p{N}_]([\\p{L}\\p{N}_-]{0,61}[\\p{L}\\p{N}])?)*$")]
    private static partial Regex DomainPattern();
}

/// <summary>A host, by name or address, and a TCP port.</summary>
internal sealed record HostAndPort(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
