using MailAccess.Dns;

namespace MailAccess.Server.Tests.Cli;

/// <summary>Questions of a course on Sendmail and Postfix, each asked of files in the syntax of one or of both.</summary>
public sealed class RoutingQuestionsTests : ExplainFixture
{
    [Fact]
    public async Task An_alias_to_many()
    {
        Write("aliases", "# names of this machine\nPostmaster: root\n\nstaff: bob,\n    alice, \\root\n");
        string said = await ExplainAsync("""
            "routing": { "aliases": ["hash:aliases"] }
            """, "staff@example.test");

        Assert.StartsWith("0\n", said, StringComparison.Ordinal);
        Assert.Contains("\naliases staff@example.test bob, alice, \\root ~/aliases:4\n", said, StringComparison.Ordinal);
        Assert.EndsWith("""

            GOES TO
            bob@example.test mailbox of bob@example.test
            alice@example.test mailbox of alice@example.test
            root@example.test mailbox of root@example.test

            """, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("virtual", "# Postfix\nv.test\tanything\ninfo@v.test bob\n@v.test alice\n", 4)]
    [InlineData("virtusertable", "info@v.test\tbob\n@v.test\t\talice\nspam@v.test\terror:nouser User unknown\n", 2)]
    public async Task A_virtual_domain_with_a_catch_all(string name, string table, int line)
    {
        Write(name, table);
        Write("virtual-domains", "v.test\n");
        string routing = $$""" "routing": { "virtualAliases": ["hash:{{name}}"], "virtualAliasDomains": ["{{Folder}}/virtual-domains"] } """;

        Assert.Contains($"\nvirtual sales@v.test alice@example.test ~/{name}:{line}\n", await ExplainAsync(routing, "sales@v.test"), StringComparison.Ordinal);
        Assert.Contains("bob@example.test mailbox of bob", await ExplainAsync(routing, "info@v.test"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"domains\": [\"example.test\"]", "domains")] // masquerade_domains
    [InlineData("\"as\": \"example.test\", \"asDomains\": [\".example.test\"], \"classes\": [\"envelopeSender\", \"headerSender\"]", "as")] // MASQUERADE_AS, FEATURE(masquerade_envelope)
    public async Task Masquerading_hides_hosts_but_not_those_of_root(string masquerade, string key)
    {
        string rewriting = $$""" "rewriting": { "masquerade": { {{masquerade}}, "exceptions": ["root"] } } """;
        string bob = await ExplainAsync(rewriting, "x@far.test", "bob@pc.example.test");
        string root = await ExplainAsync(rewriting, "x@far.test", "root@pc.example.test");
        string rows = string.Join('\n', ["SENDER STEP ADDRESS SAYS BY", .. ((string[])["envelope", "header"]).Select(w => $"{w} masquerade bob@pc.example.test bob@example.test rewriting.masquerade.{key}")]);

        Assert.Contains($"\n{rows}\n\nSTEP ", bob, StringComparison.Ordinal);
        Assert.Contains("\nenvelope root@pc.example.test stays default\nheader root@pc.example.test stays default\n", root, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Masquerade_as_leaves_the_envelope_unless_it_is_told_to_change_it()
    {
        string said = await ExplainAsync("\"rewriting\": { \"masquerade\": { \"as\": \"all.test\" } }", "x@far.test", "bob@example.test");
        Assert.Contains(
            "\nenvelope bob@example.test stays default\nheader masquerade bob@example.test bob@all.test rewriting.masquerade.as\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_becomes_what_the_tables_say_and_generics_count_for_mail_that_leaves()
    {
        string rewriting = $$"""
            "rewriting": { "canonical": ["hash:{{Write("canonical", "# logins\nb bob@pc.example.test\n")}}"], "generics": ["hash:{{Write("generics", "bob@example.test robert@far.example\n")}}"],
                "masquerade": { "domains": ["example.test"] } },
            "routing": { "smartHosts": ["inline:{ {bob@example.test=[smart.test]} }"] }
            """;
        string outside = await ExplainAsync(rewriting, "x@far.test", "b@example.test");
        string inside = await ExplainAsync(rewriting, "alice@example.test", "b@example.test");
        string stranger = await ExplainAsync(rewriting, "alice@example.test", "b@example.test", client: "198.51.100.1");

        Assert.Contains("""

            envelope canonical b@example.test bob@pc.example.test ~/canonical:2
            envelope masquerade bob@pc.example.test bob@example.test rewriting.masquerade.domains
            envelope generics bob@example.test robert@far.example ~/generics:1
            header canonical
            """, outside, StringComparison.Ordinal);
        Assert.Contains("\nx@far.test SMTP to [smart.test]\n", outside, StringComparison.Ordinal); // By the sender that is in the queue.
        Assert.DoesNotContain("generics", inside, StringComparison.Ordinal);
        Assert.Contains("\nheader masquerade bob@pc.example.test bob@example.test ", inside, StringComparison.Ordinal);
        Assert.DoesNotContain("SENDER", stranger, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_whom_no_table_can_be_asked_about_waits()
    {
        string said = await ExplainAsync($$""" "rewriting": { "canonical": ["socketmap:unix:{{Folder}}/none:x"], "canonicalClasses": ["envelopeSender"] } """, "alice@example.test", "b@example.test");
        Assert.StartsWith("75\n", said, StringComparison.Ordinal);
        Assert.Contains("\nenvelope waits b@example.test canonical: socketmap:", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mailertable", "far.test\tesmtp:[gate.far.test]\n.far.test smtp:%1.inside.test\n")]
    [InlineData("transports", "far.test\tsmtp:[gate.far.test]\n.far.test smtp:[inside.test]\n")]
    public async Task A_mailertable_overrides_the_exchangers(string key, string table)
    {
        Write("table", table);
        string said = await ExplainAsync($$""" "routing": { "{{key}}": ["hash:table"] } """, "x@far.test");

        Assert.Contains($"\n{key.TrimEnd('s')} x@far.test [gate.far.test] ~/table:1\n", said, StringComparison.Ordinal);
        Assert.Contains("x@far.test SMTP to [gate.far.test]\ncomes back: 550 5.4.4 the domain has no mail exchanger with an address\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_tables_mail_goes_to_the_exchangers_by_preference()
    {
        string said = await ExplainAsync("\"queue\": {}", "x@far.test");

        const string without = "TLS may (dane, the default, without TLSA records that DNSSEC protects)";
        Assert.Contains($"x@far.test SMTP to far.test\nMX 10 mx.far.test 2001:db8::1, 203.0.113.1\n{without}\nMX 20 backup.far.test 203.0.113.2\n{without}\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_exchanger_has_its_policy_and_who_says_so()
    {
        Resolver.IsAuthentic = true;
        Resolver.Tlsa["_25._tcp.mx.far.test"] = [new TlsaRecord(3, 1, 1, new byte[32])];
        Resolver.Mx["far.test"] = [.. Resolver.Mx["far.test"], new MxRecord(30, "gone.far.test")];
        string said = await ExplainAsync("\"queue\": { \"tlsPolicies\": [{ \"domain\": \"partner.test\", \"policy\": \"secure\" }] }", "x@far.test");

        Assert.StartsWith("0\n", said, StringComparison.Ordinal);
        Assert.EndsWith("""
            x@far.test SMTP to far.test
            MX 10 mx.far.test 2001:db8::1, 203.0.113.1
            TLS dane (DANE, 1 TLSA record of mx.far.test)
            MX 20 backup.far.test 203.0.113.2
            TLS may (dane, the default, without TLSA records that DNSSEC protects)
            MX 30 gone.far.test has no address

            """, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_of_ours_for_the_next_hop_is_named()
    {
        Resolver.Mx["partner.test"] = [new MxRecord(10, "mx.far.test")];
        string said = await ExplainAsync("\"queue\": { \"tlsPolicies\": [{ \"domain\": \"partner.test\", \"policy\": \"secure\" }] }", "x@partner.test");
        Assert.EndsWith("\nTLS verify (secure, queue.tlsPolicies: partner.test)\n", said, StringComparison.Ordinal);

        Resolver.Mx["partner.test"] = [new MxRecord(0, ".")];
        said = await ExplainAsync("\"queue\": {}", "x@partner.test");
        Assert.StartsWith("1\n", said, StringComparison.Ordinal);
        Assert.EndsWith("\ncomes back: 556 5.1.10 the domain accepts no mail (null MX)\n", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("far.test", "verify", 0, "secure, ~/tls_policy:2")]
    [InlineData("sub.far.test", "none", 0, "~/tls_policy:3")]
    [InlineData("gate.test", "encrypt", 0, "~/tls_policy:4")]
    [InlineData("other.test", "may", 0, "~/tls_policy:5")]
    public async Task A_table_of_policies_is_asked_for_the_next_hop_as_written_then_its_domain_then_those_above(string domain, string tls, int code, string why)
    {
        Write("tls_policy", "# Postfix\nfar.test secure\n.far.test none\n[gate.test]:2525 encrypt\ngate.test may\n");
        Resolver.Addresses["gate.test"] = Resolver.Addresses["sub.far.test"] = Resolver.Addresses["mx.far.test"];
        string said = await ExplainAsync("""
            "queue": { "tlsPolicyTables": ["hash:tls_policy"] }, "routing": { "transports": ["inline:{ {gate.test=smtp:[gate.test]:2525}, {other.test=smtp:[gate.test]} }"] }
            """, $"x@{domain}");

        Assert.StartsWith($"{code}\n", said, StringComparison.Ordinal);
        Assert.Contains($"\nTLS {tls} ({why})\n", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hash:tls_policy")] // "secure match=far.test"
    [InlineData("socketmap:unix:/nowhere:x")]
    public async Task Mail_waits_where_its_policy_cannot_be_told(string table)
    {
        Write("tls_policy", "far.test secure match=far.test\n");
        string said = await ExplainAsync($$""" "queue": { "tlsPolicyTables": ["{{table}}"] } """, "x@far.test");
        Assert.StartsWith("75\n", said, StringComparison.Ordinal);
        Assert.Contains("\nwaits: 451 4.3.0 the TLS policy for the next hop cannot be read now\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_for_a_host_whose_records_cannot_be_looked_up_waits()
    {
        Resolver.IsAuthentic = true;
        Resolver.Mx["far.test"] = [new MxRecord(10, "mx.far.test")];
        Resolver.Fail.Add("tlsa _25._tcp.mx.far.test");
        string said = await ExplainAsync("\"queue\": {}", "x@far.test");
        Assert.StartsWith("75\n", said, StringComparison.Ordinal);
        Assert.Contains("\nTLS refused (the TLSA records of mx.far.test could not be looked up", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_smart_host_has_all_mail_but_that_of_the_local_class()
    {
        string routing = $$""" "queue": { "smartHost": "smart.test:587" }, "routing": { "directDomains": ["{{Write("direct", "# our own\nfar.test\n")}}"] } """;

        Assert.Contains("\nsmart host x@else.test [smart.test]:587 queue.smartHost\n", await ExplainAsync(routing, "x@else.test"), StringComparison.Ordinal);
        Assert.Contains("\ndirect x@far.test far.test ~/direct:2\n", await ExplainAsync(routing, "x@far.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relaying_is_allowed_for_a_network()
    {
        const string submission = """
            "submission": { "withoutLogin": [{ "networks": ["192.0.2.0/28"], "account": "printer@example.test" }] }
            """;
        string inside = await ExplainAsync(submission, "x@far.test", client: "192.0.2.10");
        string outside = await ExplainAsync(submission, "x@far.test", client: "192.0.2.100");

        Assert.StartsWith("0\n", inside, StringComparison.Ordinal);
        Assert.Contains("CLIENT 192.0.2.10 may relay by submission, without login, as printer@example.test (submission.withoutLogin)", inside, StringComparison.Ordinal);
        Assert.StartsWith("1\n", outside, StringComparison.Ordinal);
        Assert.Contains("CLIENT 192.0.2.100 may not relay", outside, StringComparison.Ordinal);
        Assert.StartsWith("0\n", await ExplainAsync(submission, "bob@example.test", client: "192.0.2.100"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relay_by_mx()
    {
        Resolver.Mx["friend.test"] = [new(10, "mx.friend.test"), new(20, "mail.example.test")];
        Resolver.Addresses["mx.friend.test"] = [System.Net.IPAddress.Parse("203.0.113.9")];
        string said = await ExplainAsync("\"routing\": { \"relayByMx\": true }", "x@friend.test", client: "198.51.100.1");

        Assert.StartsWith("0\n", said, StringComparison.Ordinal);
        Assert.Contains("\ndomain x@friend.test relayed to for everybody routing.relayByMx\n", said, StringComparison.Ordinal);
        Assert.Contains("\nMX 10 mx.friend.test 203.0.113.9\nTLS may (dane, the default, without TLSA records that DNSSEC protects)\nMX 20 mail.example.test this host", said, StringComparison.Ordinal);
        Assert.StartsWith("1\n", await ExplainAsync("\"routing\": {}", "x@friend.test", client: "198.51.100.1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_mail_hub_has_the_mail_of_all_users_but_of_class_L()
    {
        Write("aliases", "webmaster: bob\n");
        const string routing = """
            "routing": { "aliases": ["aliases"], "mailHub": "relay:[hub.test]", "localUsers": ["root"] }
            """;
        Assert.Contains("\nmail hub bob@example.test [hub.test] routing.mailHub\n", await ExplainAsync(routing, "webmaster@example.test"), StringComparison.Ordinal);
        Assert.Contains("root@example.test mailbox of root@example.test", await ExplainAsync(routing, "root@example.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_user()
    {
        string refused = await ExplainAsync("\"routing\": {}", "nobody@example.test");
        string relayed = await ExplainAsync("\"routing\": { \"unknownUsers\": \"$local@far.test\" }", "nobody+x@example.test");

        Assert.StartsWith("1\n", refused, StringComparison.Ordinal);
        Assert.Contains("nobody@example.test refused: 550 5.1.1 ", refused, StringComparison.Ordinal);
        Assert.Contains("\nunknown users nobody+x@example.test nobody+x@far.test routing.unknownUsers\n", relayed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alias_loop()
    {
        Write("aliases", "one: two\ntwo: three\nthree: one\n");
        string said = await ExplainAsync("\"routing\": { \"aliases\": [\"aliases\"] }", "one@example.test");

        Assert.StartsWith("1\n", said, StringComparison.Ordinal);
        Assert.Contains("loop one@example.test one@example.test -> two@example.test -> three@example.test -> one@example.test default\n", said, StringComparison.Ordinal);
        Assert.Contains("one@example.test refused: 554 5.4.6 mail loops: the address leads back to itself\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_in_a_table_is_told_with_file_and_line()
    {
        Write("rules", "/^a/ b\n/(/ c\n");
        string said = await ExplainAsync("\"routing\": { \"virtualAliases\": [\"regexp:rules\"] }", "a@example.test");

        Assert.StartsWith("78\nmailaccess: routing.virtualAliases: ", said, StringComparison.Ordinal);
        Assert.Contains("~/rules:2", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_put_off()
    {
        Resolver.Fail.Add("mx dead.test");
        Assert.StartsWith("75\n", await ExplainAsync("\"routing\": { \"relayByMx\": true }", "x@dead.test"), StringComparison.Ordinal);
        Assert.StartsWith("75\n", await ExplainAsync("\"routing\": {}", "x@dead.test"), StringComparison.Ordinal);
        Assert.StartsWith("1\n", await ExplainAsync("\"routing\": {}", "x@none.test"), StringComparison.Ordinal);
    }
}
