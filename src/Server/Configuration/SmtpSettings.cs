using System.Net;
using MailAccess.Submission.Policy;

namespace MailAccess.Server.Configuration;

/// <summary>The keys of submission and of the exchange.</summary>
internal static class SmtpSettings
{
    public static readonly Setting<FromHeaderRule> FromHeader = new("fromHeader",
        ScalarTypes.Choice(("reject", FromHeaderRule.Reject), ("add-sender", FromHeaderRule.AddSender), ("allow", FromHeaderRule.Allow)),
        FromHeaderRule.Reject, "\"reject\"",
        "What is done with a submitted message whose From field has an address that the account does not own: refuse it, add a Sender field with the account's address (RFC 6409 §8.1), or nothing.");

    public static readonly Setting<Rate> AccountMessages = new("messageRate", ScalarTypes.Rate, new Rate(1000, TimeSpan.FromHours(1)), "\"1000/1h\"",
        "How many messages an account may send in which time; more are refused for the time being. It bounds what somebody can do with a stolen password. \"none\": as many as it likes.");

    public static readonly Setting<Rate> AccountRecipients = new("recipientRate", ScalarTypes.Rate, new Rate(10_000, TimeSpan.FromDays(1)), "\"10000/1d\"",
        "The same for recipients, of all messages together.");

    public static readonly ListSetting<string> UnlimitedAccounts = new("unlimited", ScalarTypes.Text, [], "#[\"newsletter@example.org\"]",
        "Accounts for which these two rates do not count.");

    public static readonly ListSetting<IPNetwork> ClientNetworks = new("networks", ScalarTypes.Network, [], null, "Where such clients are.");

    public static readonly Setting<string> ClientAccount = new("account", ScalarTypes.Text, "", null,
        "As whom they send: an account, whose addresses, From rule and rates hold for them. Its password may be {NOPASSWORD}.");

    public static readonly SectionListSetting WithoutLogin = new("withoutLogin",
        "Clients that may submit without logging in, known by their address alone: printers and scanners. The first entry that fits counts.",
        new SectionSetting("", "Some clients.", [ClientNetworks, ClientAccount]) { Required = [ClientNetworks, ClientAccount] },
        "#[{ \"networks\": [\"192.0.2.10\"], \"account\": \"printer@example.org\" }]");

    public static readonly Setting<TimeSpan> FutureReleaseMax = new("futureReleaseMax", ScalarTypes.Duration, TimeSpan.FromDays(7), "\"7d\"",
        "How far ahead a client may ask for a message to be released (FUTURERELEASE, RFC 4865); until then it waits in the queue. \"0s\": not offered.");

    public static readonly Setting<int> PriorityMax = new("priorityMax", ScalarTypes.Integer(0, 9), 4, "4",
        "The highest priority that a client may give its message (MT-PRIORITY, RFC 6710); above 0 it leaves the queue before others. Mail from other servers gets none above 0.");

    public static readonly Setting<bool> AnswersVrfy = new("answersVrfy", ScalarTypes.Switch, false, "false",
        "Whether VRFY tells clients that have logged in which addresses there are here (RFC 5321 §3.5). All others never learn it: they are answered 252.");

    public static readonly SectionSetting Submission = new("submission", "Authenticated submission.",
        [FromHeader, AccountMessages, AccountRecipients, UnlimitedAccounts, WithoutLogin, FutureReleaseMax, PriorityMax, AnswersVrfy]);

    public static readonly Setting<TimeSpan> GreetingDelay = new("greetingDelay", ScalarTypes.Duration, TimeSpan.FromSeconds(1), "\"1s\"",
        "How long a client waits for the greeting; who speaks before it is refused (RFC 5321 §4.3.1), as many programs that send spam do. Who has waited is not kept waiting again for a day. \"0s\": nobody waits.");

    public static readonly Setting<Rate> NetworkConnections = new("connectionRate", ScalarTypes.Rate, new Rate(300, TimeSpan.FromMinutes(1)), "\"300/1m\"",
        "How many connections one network (/24 of IPv4, /64 of IPv6) may make in which time; more are refused for the time being. \"none\": as many as it likes.");

    public static readonly Setting<Rate> NetworkMessages = new("messageRate", ScalarTypes.Rate, new Rate(1000, TimeSpan.FromMinutes(1)), "\"1000/1m\"",
        "The same for messages.");

    public static readonly Setting<Rate> NetworkRecipients = new("recipientRate", ScalarTypes.Rate, new Rate(3000, TimeSpan.FromMinutes(1)), "\"3000/1m\"",
        "The same for recipients; those who do not exist count too.");

    public static readonly Setting<bool> ClientNames = new("clientNames", ScalarTypes.Switch, true, "true",
        "Whether the name of each client is looked for in the DNS (PTR) and, where it leads back to the client's address, told in the Received field. No message waits for it longer than two seconds after its client has connected.");

    public static readonly ListSetting<IPNetwork> Trusted = new("trusted", ScalarTypes.Network,
        [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")], "[\"127.0.0.0/8\", \"::1\"]",
        "Networks for whose clients all this does not count: a mail server in front of this one.");

    public static readonly SectionSetting Exchange = new("exchange", "Mail from other servers (the protocol smtp).",
        [GreetingDelay, NetworkConnections, NetworkMessages, NetworkRecipients, ClientNames, Trusted]);
}

/// <summary>submission.fromHeader</summary>
internal enum FromHeaderRule
{
    Reject,
    AddSender,
    Allow,
}
