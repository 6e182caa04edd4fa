using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace MailAccess.Auth.History;

/// <summary>A login, or an attempt at one, and how often the same came again on that day. Holds nothing of what proved it.</summary>
public sealed record LoginEvent
{
    /// <summary>The first time, UTC.</summary>
    public required DateTimeOffset First { get; init; }

    /// <summary>The last time, UTC.</summary>
    public required DateTimeOffset Last { get; init; }

    /// <summary>How often.</summary>
    public int Count { get; init; } = 1;

    /// <summary><c>imap</c>, <c>pop3</c>, <c>submission</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The SASL mechanism, or <c>password</c> for the protocol's own command.</summary>
    public required string Mechanism { get; init; }

    /// <summary>The client's address.</summary>
    public required IPAddress Remote { get; init; }

    /// <summary>Under TLS.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>Why it failed, or <see cref="AuthenticationFailure.None"/>.</summary>
    public AuthenticationFailure Failure { get; init; }

    /// <summary>A success from a network that the account was not known at.</summary>
    public bool IsNewPlace { get; init; }

    /// <summary>The same thing again: all but the times, and whether the place was new the first time.</summary>
    internal (string Protocol, string Mechanism, IPAddress Remote, bool IsEncrypted, AuthenticationFailure Failure, DateTime Day) Kind =>
        (Protocol, Mechanism, Remote, IsEncrypted, Failure, First.UtcDateTime.Date);

    /// <summary>One line of JSON, as it stands in the file.</summary>
    public string Format()
    {
        using MemoryStream octets = new();
        using (Utf8JsonWriter json = new(octets))
        {
            json.WriteStartObject();
            json.WriteString("first", Stamp(First));
            json.WriteString("last", Stamp(Last));
            json.WriteNumber("count", Count);
            json.WriteString("outcome", Failure == AuthenticationFailure.None ? "ok" : Failure.ToString());
            json.WriteString("protocol", Protocol);
            json.WriteString("mechanism", Mechanism);
            json.WriteString("address", Remote.ToString());
            json.WriteBoolean("tls", IsEncrypted);
            json.WriteBoolean("newPlace", IsNewPlace);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(octets.ToArray());
    }

    /// <summary>A line of the file; null where it is none, as the last one after a crash.</summary>
    public static LoginEvent? Parse(string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            string outcome = root.GetProperty("outcome").GetString() ?? "";
            AuthenticationFailure failure = AuthenticationFailure.None;
            if ((outcome != "ok" && !Enum.TryParse(outcome, out failure)) || !IPAddress.TryParse(root.GetProperty("address").GetString(), out IPAddress? remote))
            {
                return null;
            }
            return new LoginEvent
            {
                First = root.GetProperty("first").GetDateTimeOffset(),
                Last = root.GetProperty("last").GetDateTimeOffset(),
                Count = root.GetProperty("count").GetInt32(),
                Failure = failure,
                Protocol = root.GetProperty("protocol").GetString() ?? "",
                Mechanism = root.GetProperty("mechanism").GetString() ?? "",
                Remote = remote,
                IsEncrypted = root.GetProperty("tls").GetBoolean(),
                IsNewPlace = root.GetProperty("newPlace").GetBoolean(),
            };
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
