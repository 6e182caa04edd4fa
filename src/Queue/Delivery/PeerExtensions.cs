using System.Globalization;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What a server said in answer to EHLO. RFC 5321 §4.1.1.1.</summary>
internal sealed record PeerExtensions
{
    public static readonly PeerExtensions None = new();

    public SmtpExtensions Announced { get; private init; }

    public bool Pipelining { get; private init; }

    public bool StartTls { get; private init; }

    /// <summary>BDAT may be sent. RFC 3030.</summary>
    public bool Chunking { get; private init; }

    /// <summary>AUTH mechanisms in upper case.</summary>
    public IReadOnlyList<string> Mechanisms { get; private init; } = [];

    /// <summary>Octets; null: not said, or 0 (RFC 1870 §4).</summary>
    public long? SizeMax { get; private init; }

    /// <summary>The least time that DELIVERBY takes for a message to be returned else; seconds. RFC 2852 §3.</summary>
    public int DeliverByMin { get; private init; }

    public bool Has(SmtpExtensions extension) => (Announced & extension) != 0;

    /// <summary>Unknown keywords and nonsense are passed over.</summary>
    public static PeerExtensions Parse(SmtpReply reply)
    {
        PeerExtensions extensions = None;
        foreach (string line in reply.Text.Split('\n').Skip(1))
        {
            string[] words = line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries); // "AUTH=PLAIN" of old servers, too.
            if (words.Length > 0)
            {
                extensions = extensions.With(words[0].ToUpperInvariant(), words[1..]);
            }
        }
        return extensions;
    }

    private PeerExtensions With(string keyword, string[] arguments) => keyword switch
    {
        "PIPELINING" => this with { Pipelining = true },
        "CHUNKING" => this with { Chunking = true },
        "STARTTLS" => this with { StartTls = true },
        "8BITMIME" => this with { Announced = Announced | SmtpExtensions.EightBitMime },
        "SMTPUTF8" => this with { Announced = Announced | SmtpExtensions.SmtpUtf8 },
        "DSN" => this with { Announced = Announced | SmtpExtensions.Dsn },
        "MT-PRIORITY" => this with { Announced = Announced | SmtpExtensions.MtPriority },
        "REQUIRETLS" => this with { Announced = Announced | SmtpExtensions.RequireTls },
        "DELIVERBY" => this with
        {
            Announced = Announced | SmtpExtensions.DeliverBy,
            DeliverByMin = arguments.Length > 0
                && int.TryParse(arguments[0].Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int least) ? least : 0,
        },
        "AUTH" => this with
        {
            Announced = Announced | SmtpExtensions.Auth,
            Mechanisms = [.. Mechanisms, .. arguments.Select(a => a.ToUpperInvariant())],
        },
        "SIZE" => this with
        {
            Announced = Announced | SmtpExtensions.Size,
            SizeMax = arguments.Length > 0 && long.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 0 ? size : null,
        },
        _ => this,
    };
}
