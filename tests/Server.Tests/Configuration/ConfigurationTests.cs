using System.Collections;
using System.Text;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using MailAccess.Submission.Policy;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Configuration;

public sealed class ConfigurationTests
{
    private static readonly Hashtable NoEnvironment = [];

    [Fact]
    public void An_empty_object_is_a_whole_configuration()
    {
        ServerConfiguration configuration = Load("{}");

        Assert.Equal("/etc/mailaccess/data", configuration.DataFolder);
        Assert.Equal("/etc/mailaccess/passwd", configuration.Accounts.PasswdFile);
        Assert.All(configuration.Listeners, l => Assert.NotEqual(ListenerTls.Implicit, l.Tls)); // Without a certificate.
        Assert.Equal(TimeSpan.FromDays(5), configuration.Queue.Lifetime);
    }

    [Fact]
    public void Program_is_read_with_all_its_keys()
    {
        ServerConfiguration configuration = Load("""
            { "agents": { "commandLimits": { "fileSizeMax": "2MB" }, "programs": [ {
                "name": "fax", "command": ["/usr/bin/fax", "$recipient"], "flags": "DF", "user": "fax", "directory": "/var/fax", "sizeMax": "1MB", "timeLimit": "5m",
                "concurrency": 3, "recipientsMax": 1, "nullSender": "nobody", "processorTimeMax": "10s", "memoryMax": "1GB", "processesMax": 9 } ] } }
            """);

        AgentOptions program = Assert.Single(configuration.Agents.Agents);
        Assert.Equal(("fax", "/usr/bin/fax", "fax", "/var/fax", "nobody"), (program.Name, program.Command.Program, program.User, program.Directory, program.NullSender));
        Assert.Equal(AgentFlags.DeliveredTo | AgentFlags.FromLine, program.Flags);
        Assert.Equal((1L << 20, TimeSpan.FromMinutes(5), 3, 1), (program.MessageOctetsMax, program.TimeLimit, program.ConcurrencyMax, program.RecipientsMax));
        Assert.Equal(new ProgramLimits { ProcessorTimeMax = TimeSpan.FromSeconds(10), MemoryOctetsMax = 1L << 30, ProcessesMax = 9 }, program.Limits);
        Assert.Equal(new ProgramLimits { FileOctetsMax = 2L << 20 }, configuration.Agents.CommandLimits);
    }

    [Fact]
    public void Rates_are_a_number_and_a_time_or_none()
    {
        ServerConfiguration configuration = Load("{ \"exchange\": { \"messageRate\": \"7/2h\", \"recipientRate\": \"none\" } }");

        Assert.Equal(new Rate(7, TimeSpan.FromHours(2)), configuration.Exchange.Rates.Messages);
        Assert.False(configuration.Exchange.Rates.Recipients.IsLimited);
        Assert.True(configuration.Exchange.Rates.Connections.IsLimited);
        Assert.True(configuration.Submission.Rates.Messages.IsLimited);
    }

    [Theory]
    [InlineData("", UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(", \"socketMode\": \"0660\"", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    [InlineData(", \"socketMode\": \"622\"", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)]
    public void A_socket_is_the_server_s_own_unless_it_has_other_permissions(string member, UnixFileMode expected)
    {
        ListenerConfiguration listener = Assert.Single(Load($"{{ \"listeners\": [ {{ \"protocol\": \"lmtp\", \"socket\": \"run/lmtp\"{member} }} ] }}").Listeners);

        Assert.Equal("/etc/mailaccess/run/lmtp", listener.SocketPath);
        Assert.Equal(expected, listener.SocketMode);
        Assert.Equal(ListenerTls.None, listener.Tls);
    }

    [Theory]
    [InlineData("{ \"quue\": {} }", "m.json:1: quue: unknown key (did you mean \"queue\"?); allowed here: hostname, ")]
    [InlineData("{\n // why\n \"queue\": {\n  \"lifetime\": \"5 days\",\n },\n}", "m.json:4: queue.lifetime: \"5 days\" is not a duration such as")]
    [InlineData("{\n \"limits\": { \"recipients\": 7 } }", "m.json:2: limits.recipients: 7 is not a whole number from 100 to 100000")]
    [InlineData("{ \"listeners\": [\n{ \"protocol\": \"imap4\", \"port\": 1 } ] }", "m.json:2: listeners[0].protocol: \"imap4\" is not one of \"imap\", \"pop3\"")]
    [InlineData("{ \"listeners\": [ { \"port\": 1 } ] }", "m.json:1: listeners[0]: the key \"protocol\" is missing")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"imap\" } ] }", "listeners[0].port: the key \"port\" is missing")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"imap\", \"port\": 993, \"tls\": \"implicit\" } ] }", "listeners[0].tls: \"implicit\" needs a certificate")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"imap\", \"port\": 1, \"xclientFrom\": [\"10.0.0.1\"] } ] }", "listeners[0].xclientFrom: only SMTP, submission and LMTP know XCLIENT")]
    [InlineData("{ \"submission\": { \"futureReleaseMax\": \"10ms\" } }", "submission.futureReleaseMax: must be 0s, or from 1s to 999999999s (RFC 4865 §3)")]
    [InlineData("{ \"submission\": { \"priorityMax\": 10 } }", "submission.priorityMax: ")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"imap\", \"port\": 1 }, { \"protocol\": \"pop3\", \"port\": 1 } ] }", "listeners[1].port: [::]:1 is already another listener's")]
    [InlineData("{ \"listeners\": [ ] }", "listeners: an empty list")]
    [InlineData("{ \"agents\": {\n\"defaultUser\": \"root\" } }", "m.json:2: agents.defaultUser: must not be root")]
    [InlineData("{ \"agents\": { \"commandTimeLimit\": \"0s\" } }", "agents.commandTimeLimit: must be more than 0s")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\" } ] } }", "agents.programs[0]: the key \"command\" is missing")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x:y\", \"command\": [\"/bin/x\"] } ] } }", "agents.programs[0].name: \"x:y\" is no name")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\", \"command\": [\"cat\"] } ] } }", "agents.programs[0].command: must begin with the program's absolute path")]
    [InlineData("{ \"agents\": { \"programs\": [ {\n\"name\": \"x\",\n\"command\": [\"/bin/x\", \"$recipent\"] } ] } }", "m.json:3: agents.programs[0].command: has no macro $recipent; there are $sender, $recipient")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\", \"command\": [\"/bin/x\"], \"flags\": \"DZ\" } ] } }", "agents.programs[0].flags: has no letter Z; there are BDFORhuq.>cX")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"Relay\", \"command\": [\"/bin/x\"] } ] } }", "agents.programs[0].name: \"Relay\" means something else in tables")]
    [InlineData("{ \"queue\": { \"historySizeMax\": \"64KB\" } }", "queue.historySizeMax: must be at least 1MB")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\", \"command\": [\"/bin/x\"], \"user\": \"root\" } ] } }", "agents.programs[0].user: must not be root")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\", \"command\": [\"/bin/x\"], \"directory\": \"tmp\" } ] } }", "agents.programs[0].directory: must be an absolute path")]
    [InlineData("{ \"agents\": { \"programs\": [ { \"name\": \"x\", \"command\": [\"/bin/x\"] }, { \"name\": \"X\", \"command\": [\"/bin/x\"] } ] } }", "agents.programs[1].name: \"X\" is there twice")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"imap\", \"socket\": \"run/imap\" } ] }", "listeners[0].socket: only LMTP is offered at a Unix socket")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"lmtp\", \"socket\": \"run/lmtp\", \"socketMode\": \"rw\" } ] }", "listeners[0].socketMode: \"rw\" is not permissions as an octal text")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"lmtp\", \"socket\": \"run/lmtp\", \"socketMode\": \"1666\" } ] }", "listeners[0].socketMode: \"1666\" is not permissions")]
    [InlineData("{ \"listeners\": [ { \"protocol\": \"lmtp\", \"port\": 24, \"socketMode\": \"0666\" } ] }", "listeners[0].socketMode: needs \"socket\"")]
    [InlineData("{ \"listeners\": { } }", "listeners: an object is not a list")]
    [InlineData("{ \"domains\": \"example.org\" }", "domains: \"example.org\" is not a list [ … ] of a domain name")]
    [InlineData("{ \"domains\": [\"exa mple.org\"] }", "domains[0]: \"exa mple.org\" is not a domain name")]
    [InlineData("{ \"data\": 7 }", "data: 7 is not a non-empty text")]
    [InlineData("{ \"mail\": { \"path\": \"/var/mail/all\" } }", "mail.path: \"/var/mail/all\" must hold {user}")]
    [InlineData("{ \"mail\": { \"messageSizeMax\": \"1KB\" } }", "mail.messageSizeMax: a server must take messages of at least 64KB")]
    [InlineData("{ \"limits\": { \"imapIdleTimeout\": \"5m\" } }", "limits.imapIdleTimeout: must be at least 30m (RFC 9051 §5.4)")]
    [InlineData("{ \"queue\": { \"smartHostUser\": \"me\" } }", "queue.smartHostUser: smartHostUser and smartHostPasswordFile go together")]
    [InlineData("{ \"queue\": { \"tls\": \"secure\" } }", "queue.tls: \"secure\" is not one of \"none\", \"may\", \"encrypt\", \"verify\", \"dane\"")]
    [InlineData("{ \"queue\": { \"clientCertificate\": { \"key\": \"k.pem\" } } }", "queue.clientCertificate.certificate: certificate and key go together")]
    [InlineData("{ \"queue\": { \"tlsReports\": { \"contact\": \"postmaster\" } } }", "queue.tlsReports.contact: \"postmaster\" is no address with a domain")]
    [InlineData("{ \"queue\": { \"tlsPolicies\": [ { \"domain\": \"a.test\", \"policy\": \"may\" }, { \"domain\": \"A.test\", \"policy\": \"dane\" } ] } }", "queue.tlsPolicies[1].domain: \"A.test\" stands there twice")]
    [InlineData("{ \"hostname\": \"a\", \"hostname\": \"b\" }", "hostname: stands here a second time; the first is on line 1")]
    [InlineData("{ \"log\": null }", "log: null is not an object")]
    [InlineData("[]", "m.json:1: a list is not an object")]
    [InlineData("", "m.json:1: the file is empty")]
    [InlineData("{ \"hostname\": \"a\"\n \"data\": \"b\" }", "m.json:2: not valid JSON")]
    [InlineData("{ \"sharing\": { \"othersPrefix\": \"a/b\" } }", "sharing.othersPrefix: \"a/b\" is not the name of one level")]
    [InlineData("{ \"sharing\": { \"publicPrefix\": \"inbox\" } }", "sharing.publicPrefix: \"inbox\" is not the name of one level")]
    [InlineData("{ \"sharing\": { \"publicPrefix\": \"Other Users\" } }", "sharing.publicPrefix: \"Other Users\" is also othersPrefix")]
    [InlineData("{ \"sharing\": { \"groups\": [ { \"name\": \"a\", \"members\": [] }, { \"name\": \"a\", \"members\": [] } ] } }", "sharing.groups[1].name: \"a\" is another group's name too")]
    [InlineData("{ \"metadata\": { \"valueSizeMax\": 100 } }", "metadata.valueSizeMax: must be from 1KB")]
    [InlineData("{ \"tls\": { \"clientCertificates\": { \"authorities\": \"ca.pem\" } } }", "tls.clientCertificates.authorities: needs a certificate of the server in tls.certificates")]
    [InlineData("{ \"tls\": { \"clientCertificates\": { \"account\": \"name\" } } }", "tls.clientCertificates.account: \"name\" is not one of \"address\", \"commonName\"")]
    [InlineData("{ \"oauth\": { \"issuer\": \"https://a.test\" } }", "oauth.issuer: issuer and keySet go together")]
    [InlineData("{ \"oauth\": { \"issuer\": \"https://a.test\", \"keySet\": \"https://a.test/k\" } }", "oauth.issuer: needs audiences")]
    [InlineData("{ \"oauth\": { \"introspection\": \"https://a.test\", \"clientId\": \"a\" } }", "oauth.introspection: introspection, clientId and clientSecretFile go together")]
    [InlineData("{ \"oauth\": { \"introspection\": \"http://a.test\" } }", "oauth.introspection: \"http://a.test\" is not an address that begins with https://")]
    [InlineData("{ \"oauth\": { \"algorithms\": [\"none\"] } }", "oauth.algorithms[0]: \"none\" is not one of \"RS256\"")]
    [InlineData("{ \"oauth\": { \"algorithms\": [] } }", "oauth.algorithms: an empty list")]
    [InlineData("{ \"exchange\": { \"messageRate\": \"0/1m\" } }", "exchange.messageRate: \"0/1m\" is not a rate such as")]
    [InlineData("{ \"exchange\": { \"messageRate\": \"7\" } }", "exchange.messageRate: \"7\" is not a rate such as")]
    [InlineData("{ \"exchange\": { \"messageRate\": \"7/5ms\" } }", "exchange.messageRate: \"7/5ms\" is not a rate such as")]
    [InlineData("{ \"exchange\": { \"greetingDelay\": \"5m\" } }", "exchange.greetingDelay: must be at most 1m")]
    [InlineData("{ \"submission\": { \"withoutLogin\": [ { \"networks\": [\"::/0\"], \"account\": \"a\" } ] } }", "submission.withoutLogin[0].networks: must name networks, and not the whole Internet")]
    [InlineData("{ \"submission\": { \"withoutLogin\": [ { \"networks\": [\"10.0.0.1\"] } ] } }", "submission.withoutLogin[0]: the key \"account\" is missing")]
    [InlineData("{ \"oauth\": { \"leeway\": \"6m\" } }", "oauth.leeway: must be at most 5m")]
    [InlineData("{ \"oauth\": { \"cacheTime\": \"2h\" } }", "oauth.cacheTime: must be at most 1h")]
    [InlineData("{ \"recipientDelimiter\": \"ab\" }", "recipientDelimiter: \"ab\" is not one character")]
    public void An_error_says_file_line_key_and_what_is_allowed(string json, string expected)
    {
        List<ConfigurationError> errors = [];
        Assert.Null(ConfigurationLoader.Read("m.json", "/etc/mailaccess", Encoding.UTF8.GetBytes(json), NoEnvironment, errors));
        Assert.Contains(errors, e => e.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Tokens_are_accepted_as_configured()
    {
        Assert.Null(Load("{}").OAuth);
        OAuthConfiguration oauth = Load("""
            { "oauth": {
                "issuer": "https://a.test", "keySet": "https://a.test/keys", "audiences": ["mail"], "accountClaim": "sub",
                "introspection": "http://127.0.0.1:8080/introspect", "clientId": "me", "clientSecretFile": "secret" } }
            """).OAuth!;
        Assert.Equal(("https://a.test", "https://a.test/keys"), (oauth.Options.Jwt!.Issuer, oauth.Options.Jwt.KeySet.AbsoluteUri));
        Assert.Equal("http://127.0.0.1:8080/introspect as me", oauth.Options.Introspection!.ToString());
        Assert.Equal(("sub", TimeSpan.FromSeconds(30)), (oauth.Options.AccountClaim, oauth.Options.Leeway));
        Assert.Equal("/etc/mailaccess/secret", oauth.ClientSecretFile);
    }

    [Fact]
    public async Task The_nearest_tls_policy_above_a_domain_holds()
    {
        RemoteTlsConfiguration tls = Load("""
            { "queue": { "tlsPolicies": [
                { "domain": "a.test", "policy": "secure" }, { "domain": ".a.test", "policy": "encrypt" }, { "domain": ".in.a.test", "policy": "dane-only" } ] } }
            """).Queue.RemoteTls;
        RemoteTlsPolicies policies = new(tls.Policies, RoutingTables.None, NullLogger.Instance);
        Assert.Equal(TlsPolicy.Secure, await FindAsync("A.test"));
        Assert.Equal(TlsPolicy.Required, await FindAsync("x.y.a.test"));
        Assert.Equal(TlsPolicy.DaneOnly, await FindAsync("x.in.a.test"));
        Assert.Null(await FindAsync("ba.test"));
        CancellationToken none = TestContext.Current.CancellationToken;
        Assert.True((await policies.FindAsync(new NextHop { Host = "a.test", Port = 587 }, none))!.IsForThisHop);
        Assert.False((await policies.FindAsync(new NextHop { Host = "x.a.test", Port = 587 }, none))!.IsForThisHop);
        RemoteTlsConfiguration bare = Load("{}").Queue.RemoteTls;
        Assert.Equal((TlsPolicy.Dane, true, false), (bare.Tls, bare.MtaSts, bare.TrustsDns));
        Assert.Null(bare.ReportContact);

        async Task<TlsPolicy?> FindAsync(string domain) => (await policies.FindAsync(new NextHop { Domain = domain }, TestContext.Current.CancellationToken))?.Policy;
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        List<ConfigurationError> errors = [];
        ConfigurationLoader.Read("m.json", "/", "{ \"a\": 1, \"data\": 2, \"domains\": 3 }"u8.ToArray(), NoEnvironment, errors);
        Assert.Equal(3, errors.Count);
    }

    [Fact]
    public void The_environment_goes_over_the_file()
    {
        Hashtable environment = new() { ["MAILACCESS_QUEUE__LIFETIME"] = "2d", ["mailaccess_domains"] = "a.test, b.test", ["MAILACCESS_LIMITS__CONNECTIONS"] = "7", ["PATH"] = "x" };
        List<ConfigurationError> errors = [];
        ServerConfiguration? configuration = ConfigurationLoader.Read("m.json", "/", "{ \"queue\": { \"lifetime\": \"9d\" } }"u8.ToArray(), environment, errors);

        Assert.Empty(errors);
        Assert.Equal(TimeSpan.FromDays(2), configuration!.Queue.Lifetime);
        Assert.Equal(["a.test", "b.test"], configuration.Domains);
        Assert.Equal(7, configuration.Limits.Connections);
    }

    [Theory]
    [InlineData("MAILACCESS_QUEUE__LIFTIME", "2d", "MAILACCESS_QUEUE__LIFTIME: unknown key (did you mean \"lifetime\"?)")]
    [InlineData("MAILACCESS_QUEUE__LIFETIME", "2 days", "MAILACCESS_QUEUE__LIFETIME: lifetime: \"2 days\" is not a duration")]
    public void An_error_in_the_environment_names_the_variable(string name, string value, string expected)
    {
        List<ConfigurationError> errors = [];
        ConfigurationLoader.Read("m.json", "/", "{}"u8.ToArray(), new Hashtable { [name] = value }, errors);
        Assert.StartsWith(expected, Assert.Single(errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_example_is_accepted_and_up_to_date()
    {
        string shipped = File.ReadAllText(Path.Combine(Repository.Root, "docs", "mailaccess.example.json"));
        Assert.Equal(SchemaWriter.Example(), shipped);
        List<ConfigurationError> errors = [];
        ConfigurationLoader.Read("mailaccess.example.json", "/etc/mailaccess", Encoding.UTF8.GetBytes(shipped), NoEnvironment, errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void The_shipped_schema_is_up_to_date() =>
        Assert.Equal(SchemaWriter.Schema(), File.ReadAllText(Path.Combine(Repository.Root, "docs", "mailaccess.schema.json")));

    [Fact]
    public void The_reference_names_every_key() =>
        Assert.Contains(SchemaWriter.Reference(), File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md")), StringComparison.Ordinal);

    private static ServerConfiguration Load(string json)
    {
        List<ConfigurationError> errors = [];
        ServerConfiguration? configuration = ConfigurationLoader.Read("m.json", "/etc/mailaccess", Encoding.UTF8.GetBytes(json), NoEnvironment, errors);
        Assert.Empty(errors);
        return configuration!;
    }
}
