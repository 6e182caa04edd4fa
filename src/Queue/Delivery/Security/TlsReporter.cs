using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using MailAccess.Dns;
using MailAccess.Message;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Tells domains that ask for it how TLS with their servers went. RFC 8460.</summary>
/// <param name="outcomes">The counts.</param>
/// <param name="sendAsync">Hands a message to the queue; false: it was not taken now.</param>
/// <param name="options">Contact and organization are set.</param>
internal sealed class TlsReporter(
    TlsOutcomes outcomes, IResolver resolver, Func<MailPath, byte[], CancellationToken, Task<bool>> sendAsync, QueueOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>Addresses of one record that are tried.</summary>
    private const int AddressesMax = 8;

    /// <summary>"attempt redelivery for up to 24 hours after the initial attempt": §5.5.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    /// <summary>"a random delay of up to four hours": §4.1. The same for all reports of this process.</summary>
    private readonly TimeSpan _delay = TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32(1, 14_401));

    /// <summary>Sends what is due. To be called every hour or so. Throws for cancellation only.</summary>
    public async Task SendDueAsync(CancellationToken cancellationToken)
    {
        foreach ((DateTimeOffset day, IReadOnlyList<string> domains) in outcomes.Finished())
        {
            DateTimeOffset due = day.AddDays(1) + _delay;
            if (clock.GetUtcNow() < due)
            {
                continue;
            }
            foreach (string domain in domains)
            {
                if (await ReportAsync(day, domain, cancellationToken) || clock.GetUtcNow() >= due + GiveUpAfter)
                {
                    outcomes.Remove(day, domain);
                }
            }
        }
    }

    /// <summary>Where a domain wants its reports: tlsrpt-record, RFC 8460 §3. Empty where it wants none.</summary>
    public static IReadOnlyList<Uri> FindAddresses(IEnumerable<string> textRecords)
    {
        string[][] records = [.. textRecords.Select(r => r.Split(';')).Where(f => f.Length > 1 && f[0].TrimEnd(' ', '\t') == "v=TLSRPTv1")];
        string? field = records.Length != 1 ? null : records[0].Skip(1).Select(f => f.Trim(' ', '\t')).FirstOrDefault(f => f.StartsWith("rua=", StringComparison.Ordinal));
        if (field is null)
        {
            return [];
        }
        List<Uri> found = [];
        foreach (string text in field[4..].Split(',').Take(AddressesMax))
        {
            if (Uri.TryCreate(text.Trim(' ', '\t'), UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "mailto")
            {
                found.Add(uri);
            }
        }
        return found;
    }

    /// <returns>There is nothing more to do.</returns>
    private async Task<bool> ReportAsync(DateTimeOffset day, string domain, CancellationToken cancellationToken)
    {
        DnsAnswer<string> answer = await resolver.ResolveTextAsync("_smtp._tls." + domain, cancellationToken);
        if (answer.Outcome != DnsOutcome.Found)
        {
            return answer.Outcome != DnsOutcome.Failed;
        }
        IReadOnlyList<Uri> addresses = FindAddresses(answer.Records);
        string id = RandomNumberGenerator.GetHexString(24, lowercase: true);
        byte[] report = Compress(Write(day, domain, id));
        // One that takes it is enough, §3; by HTTPS first, since that is proof.
        foreach (Uri address in addresses.OrderByDescending(a => a.Scheme == "https"))
        {
            string? refusal = address.Scheme == "https"
                ? options.PolicyFetcher is { } web ? await web.PostReportAsync(address, report, cancellationToken) : "HTTPS is not used here"
                : await MailAsync(address, day, domain, id, report, cancellationToken);
            if (refusal is null)
            {
                Log.TlsReported(logger, domain, day, address);
                return true;
            }
            Log.TlsNotReported(logger, domain, day, address, refusal);
        }
        return addresses.Count == 0;
    }

    private async Task<string?> MailAsync(Uri address, DateTimeOffset day, string domain, string id, byte[] report, CancellationToken cancellationToken)
    {
        string written = Uri.UnescapeDataString(address.OriginalString["mailto:".Length..].Split('?')[0]);
        if (!MailPath.TryParse(written, out MailPath? to) || !to.IsAscii)
        {
            return "it is no address";
        }
        MailPath contact = options.TlsReportContact!;
        string file = string.Create(
            CultureInfo.InvariantCulture, $"{contact.Domain}!{domain}!{day.ToUnixTimeSeconds()}!{day.AddDays(1).ToUnixTimeSeconds() - 1}!{id}.json.gz");
        TlsReport message = new(
            contact.ToString(), to.ToString(), domain, contact.Domain, id, file, report, $"<{id}@{options.HostName}>", clock.GetUtcNow());
        return await sendAsync(to, message.Compose(), cancellationToken) ? null : "the queue does not take it now";
    }

    private static byte[] Compress(byte[] report)
    {
        MemoryStream octets = new();
        using (GZipStream gzip = new(octets, CompressionLevel.Optimal))
        {
            gzip.Write(report);
        }
        return octets.ToArray();
    }

    // RFC 8460 §4.4.
    private byte[] Write(DateTimeOffset day, string domain, string id)
    {
        MemoryStream octets = new();
        using (Utf8JsonWriter json = new(octets))
        {
            json.WriteStartObject();
            json.WriteString("organization-name", options.TlsReportOrganization ?? options.HostName);
            json.WriteStartObject("date-range");
            json.WriteString("start-datetime", Time(day));
            json.WriteString("end-datetime", Time(day.AddDays(1).AddSeconds(-1)));
            json.WriteEndObject();
            json.WriteString("contact-info", options.TlsReportContact!.ToString());
            json.WriteString("report-id", id);
            json.WriteStartArray("policies");
            foreach (PolicyOutcomes policy in outcomes.Find(day, domain))
            {
                Write(json, domain, policy);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return octets.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string domain, PolicyOutcomes outcomes)
    {
        json.WriteStartObject();
        json.WriteStartObject("policy");
        json.WriteString("policy-type", outcomes.Type);
        WriteStrings(json, "policy-string", outcomes.Lines);
        json.WriteString("policy-domain", domain);
        WriteStrings(json, "mx-host", outcomes.Hosts);
        json.WriteEndObject();
        json.WriteStartObject("summary");
        json.WriteNumber("total-successful-session-count", outcomes.Successes);
        json.WriteNumber("total-failure-session-count", outcomes.Failures);
        json.WriteEndObject();
        json.WriteStartArray("failure-details");
        foreach (FailureCount detail in outcomes.Details)
        {
            json.WriteStartObject();
            json.WriteString("result-type", detail.Failure.Kind);
            WriteKnown(json, "sending-mta-ip", detail.Failure.SendingAddress);
            WriteKnown(json, "receiving-mx-hostname", detail.Failure.Host);
            WriteKnown(json, "receiving-ip", detail.Failure.ReceivingAddress);
            json.WriteNumber("failed-session-count", detail.Sessions);
            WriteKnown(json, "failure-reason-code", detail.Failure.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
