using System.Collections;
using System.Globalization;
using System.Text;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Demo;

/// <summary>
/// The demo: a whole server on 127.0.0.1 for the domain example.test, with two accounts and a certificate of its own. It is an
/// ordinary configuration, made up on the spot; the environment goes over it as over any other.
/// </summary>
internal sealed class DemoSetup(string dataFolder, int portBase)
{
    public const string Domain = "example.test";
    public const string Password = "demo";
    public static readonly string[] Accounts = ["alice@" + Domain, "bob@" + Domain];

    private static readonly (string Protocol, int Port, string Tls)[] Listeners =
    [
        ("pop3", 110, "starttls"), ("pop3", 995, "implicit"), ("imap", 143, "starttls"), ("imap", 993, "implicit"),
        ("submission", 587, "starttls"), ("submission", 465, "implicit"), ("smtp", 25, "starttls"), ("lmtp", 24, "none"),
    ];

    /// <summary>Where the demo keeps its data when nothing is said: the user's data folder.</summary>
    public static string DefaultDataFolder =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder
            ? folder : Path.GetTempPath(), "mailaccess-demo");

    public string PasswdFile => Path.Combine(dataFolder, "passwd");

    public DemoCertificates Certificates(TimeProvider clock) => new(Path.Combine(dataFolder, "tls"), clock);

    /// <summary>The configuration, or null with what is wrong (in the environment).</summary>
    public ServerConfiguration? Configure(DemoCertificates certificates, IDictionary environment, List<ConfigurationError> errors)
    {
        StringBuilder json = new();
        json.Append(CultureInfo.InvariantCulture, $$"""
            {
              "hostname": "mail.{{Domain}}",
              "data": {{Quote(dataFolder)}},
              "domains": ["{{Domain}}"],
              "postmaster": "{{Accounts[0]}}",
              "accounts": { "passwdFile": {{Quote(PasswdFile)}} },
              "tls": { "certificates": [ { "certificate": {{Quote(certificates.ChainFile)}}, "key": {{Quote(certificates.KeyFile)}} } ] },
              "queue": { "relay": false },
              "listeners": [

            """);
        foreach ((string protocol, int port, string tls) in Listeners)
        {
            json.Append(CultureInfo.InvariantCulture, $"    {{ \"protocol\": \"{protocol}\", \"address\": \"127.0.0.1\", \"port\": {portBase + port}, \"tls\": \"{tls}\" }},\n");
        }
        json.Append("  ]\n}\n");
        return ConfigurationLoader.Read("demo", dataFolder, Encoding.UTF8.GetBytes(json.ToString()), environment, errors);
    }

    /// <summary>What to type into a mail program.</summary>
    public string Table(DemoCertificates certificates) => string.Create(CultureInfo.InvariantCulture, $"""

        MailAccess is running. Type this into Thunderbird, Outlook or another mail program:

          Address         {Accounts[0]}  or  {Accounts[1]}
          User name       the address
          Password        {Password}

          IMAP            127.0.0.1  port {portBase + 143}  STARTTLS        port {portBase + 993}  SSL/TLS
          POP3            127.0.0.1  port {portBase + 110}  STARTTLS        port {portBase + 995}  SSL/TLS
          SMTP (sending)  127.0.0.1  port {portBase + 587}  STARTTLS        port {portBase + 465}  SSL/TLS
          SMTP (exchange) 127.0.0.1  port {portBase + 25}   LMTP  port {portBase + 24}   for tests, without a password

          Certificate authority to trust   {certificates.CaFile}
          Mail, accounts and queue are in  {dataFolder}

        Mail goes between the two accounts; nothing is sent outside. Ctrl-C ends it.

        """);

    private static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
