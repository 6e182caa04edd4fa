using System.Net;
using System.Text;
using MailAccess.Testing;

namespace MailAccess.Message.Tests;

public sealed class ComposingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1));

    private static DsnReport Report => new()
    {
        ReportingMta = "mail.example.test",
        To = "alice@example.test",
        MessageId = "<1@mail.example.test>",
        Date = Now,
        BoundaryToken = "0123456789abcdef",
        OriginalEnvelopeId = "QQ+2B31+3D4",
        ReceivedFromMta = "client.test",
        ArrivalDate = Now.AddHours(-1),
        OriginalMessageId = "<orig@example.test>",
        Recipients =
        [
            new DsnRecipient
            {
                OriginalRecipient = "rfc822;Bob+2Bx@dest.test",
                FinalRecipient = "bob@dest.test",
                Action = DsnAction.Failed,
                Status = "5.1.1",
                RemoteMta = "mx.dest.test",
                RemoteReply = "550 5.1.1 no such user",
                LastAttemptDate = Now,
                WillRetryUntil = Now,
            },
            new DsnRecipient { FinalRecipient = "carol@dest.test", Action = DsnAction.Delayed, Status = "nonsense", WillRetryUntil = Now.AddDays(4) },
        ],
    };

    [Theory]
    [InlineData(DsnAction.Failed, DsnReturn.Full, "Undelivered Message")]
    [InlineData(DsnAction.Failed, DsnReturn.Header, "Undelivered Message Headers")]
    [InlineData(DsnAction.Delayed, DsnReturn.Header, "Delayed Message Headers")]
    [InlineData(DsnAction.Delivered, DsnReturn.Header, "Delivered Message Headers")]
    [InlineData(DsnAction.Expanded, DsnReturn.Header, "Delivered Message Headers")]
    public async Task What_is_returned_is_called_by_what_became_of_it(DsnAction action, DsnReturn returned, string description)
    {
        DsnReport report = Report with { Return = returned, Recipients = [Report.Recipients[0] with { Action = action, Status = action == DsnAction.Failed ? "5.1.1" : "2.0.0" }] };
        using MemoryStream output = new();
        await new DsnComposer(report).WriteAsync(new MemoryStream("Subject: x\r\n\r\nbody\r\n"u8.ToArray()), output, CancellationToken.None);
        string text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains($"Content-Description: {description}\r\n", text, StringComparison.Ordinal);
        Assert.Contains($"Action: {action.ToString().ToLowerInvariant()}\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Postmaster", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_has_three_parts_and_the_fields_of_RFC_3464()
    {
        (string text, MimePart root) = await ComposeAsync(Report, "Subject: original\nX: y\n\nbody\n");
        Assert.Equal("MULTIPART/REPORT", root.Type + "/" + root.Subtype);
        Assert.Equal(["TEXT/PLAIN", "MESSAGE/DELIVERY-STATUS", "TEXT/RFC822-HEADERS"], root.Parts.Select(p => p.Type + "/" + p.Subtype));
        Assert.Equal(
            """
            Original-Envelope-Id: QQ+31=4
            Reporting-MTA: dns; mail.example.test
            Received-From-MTA: dns; client.test
            Arrival-Date: Fri, 2 Jan 2026 02:04:05 +0100

            Original-Recipient: rfc822; Bob+x@dest.test
            Final-Recipient: rfc822; bob@dest.test
            Action: failed
            Status: 5.1.1
            Remote-MTA: dns; mx.dest.test
            Diagnostic-Code: smtp; 550 5.1.1 no such user
            Last-Attempt-Date: Fri, 2 Jan 2026 03:04:05 +0100

            Final-Recipient: rfc822; carol@dest.test
            Action: delayed
            Status: 4.0.0
            Will-Retry-Until: Tue, 6 Jan 2026 03:04:05 +0100

            """.ReplaceLineEndings("\r\n"),
            Part(text, root.Parts[1]));
        Assert.Equal("Subject: original\r\nX: y\r\n", Part(text, root.Parts[2]));
        Assert.Contains("550 5.1.1 no such user", Part(text, root.Parts[0]), StringComparison.Ordinal);
        Assert.Contains("\r\nAuto-Submitted: auto-replied\r\n", text, StringComparison.Ordinal);
        Assert.Contains("report-type=delivery-status;", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", text.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(line.Length, 0, 100));
    }

    [Fact]
    public async Task A_report_may_return_the_whole_message_with_CRLF_or_none()
    {
        (string text, MimePart root) = await ComposeAsync(Report with { Return = DsnReturn.Full }, "Subject: original\n\nb\u00f6dy\n--=_0123\n");
        Assert.True(root.Parts[2].IsMessage);
        Assert.Equal("Subject: original\r\n\r\nb\u00f6dy\r\n--=_0123\r\n", Part(text, root.Parts[2]));
        Assert.Equal(2, (await ComposeAsync(Report with { Return = DsnReturn.Nothing }, "Subject: x\n\n")).Root.Parts.Count);
        Assert.Equal(2, (await ComposeAsync(Report, null)).Root.Parts.Count);
    }

    [Theory]
    [InlineData("j\u00f6rg@dest.test", "utf-8;j\\x{F6}rg@dest.test", "utf-8; j\u00f6rg@dest.test")]
    [InlineData("alias@dest.test", "rfc822;j+C3+B6rg@dest.test", "rfc822; alias@dest.test")] // As Postfix writes it.
    public async Task A_sender_with_an_address_in_UTF8_gets_a_report_of_RFC_6533(string final, string original, string shown)
    {
        DsnReport report = Report with
        {
            To = "j\u00fcrgen@example.test",
            OriginalIsUtf8 = true,
            Return = DsnReturn.Full,
            Recipients = [Report.Recipients[0] with { FinalRecipient = final, OriginalRecipient = original }],
        };
        (string text, MimePart root) = await ComposeAsync(report, "Subject: x\n\ny\n");
        Assert.True(new DsnComposer(report).NeedsSmtpUtf8);
        Assert.Equal(["TEXT/PLAIN", "MESSAGE/GLOBAL-DELIVERY-STATUS", "MESSAGE/GLOBAL"], root.Parts.Select(p => p.Type + "/" + p.Subtype));
        string status = Encoding.UTF8.GetString(Octets.Raw(Part(text, root.Parts[1])));
        Assert.Contains($"Final-Recipient: {shown}\r\n", status, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: utf-8; j\u00f6rg@dest.test\r\n", status, StringComparison.Ordinal);
        Assert.False(new DsnComposer(Report).NeedsSmtpUtf8);
    }

    [Theory]
    [InlineData("j\u00f6rg@dest.test", "utf-8;j\\x{F6}rg@dest.test", "utf-8; j\\x{F6}rg@dest.test", "utf-8; j\\x{F6}rg@dest.test")]
    [InlineData("\U0001F600a=b@dest.test", "utf-8;\U0001F600a\\x{3D}b@dest.test", "utf-8; \\x{1F600}a\\x{3D}b@dest.test", "utf-8; \\x{1F600}a\\x{3D}b@dest.test")]
    [InlineData("alias@dest.test", "rfc822;j+C3+B6rg@dest.test", "utf-8; j\\x{F6}rg@dest.test", "rfc822; alias@dest.test")]
    public async Task A_sender_with_an_address_in_ASCII_gets_a_report_whose_parts_pass_through_7_bits(string final, string orcpt, string original, string shown) // RFC 6533 §3, §4.5
    {
        DsnReport report = Report with
        {
            OriginalIsUtf8 = true,
            Return = DsnReturn.Full,
            Recipients = [Report.Recipients[0] with { FinalRecipient = final, OriginalRecipient = orcpt, RemoteReply = "550 5.1.1 \u00fcnknown" }],
        };
        DsnComposer composer = new(report);
        Assert.False(composer.NeedsSmtpUtf8);
        string message = Octets.Text(Encoding.UTF8.GetBytes("Subject: gr\u00fc\u00dfe\r\n\r\n-y=\r\n"));
        (string text, MimePart root) = await ComposeAsync(report, message);
        Assert.Equal(["TEXT/PLAIN", "MESSAGE/DELIVERY-STATUS", "MESSAGE/GLOBAL"], root.Parts.Select(p => p.Type + "/" + p.Subtype));
        Assert.Contains("report-type=delivery-status;", text, StringComparison.Ordinal);
        string status = Part(text, root.Parts[1]);
        Assert.True(Ascii.IsValid(status), status);
        Assert.Contains($"Original-Recipient: {original}\r\nFinal-Recipient: {shown}\r\n", status, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1 ?nknown\r\n", status, StringComparison.Ordinal);
        Assert.Equal("QUOTED-PRINTABLE", root.Parts[2].TransferEncoding);
        string encoded = Part(text, root.Parts[2]);
        Assert.True(Ascii.IsValid(encoded), encoded);
        Assert.Equal("Subject: gr=C3=BC=C3=9Fe\r\n\r\n=2Dy=3D\r\n", encoded);
        Assert.Contains("\u00fcnknown", Encoding.UTF8.GetString(Octets.Raw(Part(text, root.Parts[0]))), StringComparison.Ordinal); // People are told in full.
        SevenBitPlan plan = new();
        plan.Feed(Octets.Raw(text));
        plan.Finish();
        Assert.True(plan.IsPossible);
    }

    [Fact]
    public async Task No_value_can_break_out_of_its_field()
    {
        const string evil = "x\r\n\r\nEvil: yes\n--=_0123456789abcdef--\r\u2028<>\0\ud800";
        DsnRecipient recipient = new()
        {
            OriginalRecipient = "rfc822;" + evil + "+0D+0AEvil: yes",
            FinalRecipient = evil,
            Action = DsnAction.Failed,
            Status = evil,
            RemoteMta = evil,
            RemoteReply = evil + new string('z', 5_000),
            Reason = evil,
        };
        DsnReport report = Report with
        {
            ReportingMta = evil,
            To = evil,
            From = evil,
            MessageId = evil,
            BoundaryToken = evil,
            OriginalEnvelopeId = evil + "+0D+0A",
            ReceivedFromMta = evil,
            OriginalMessageId = evil,
            Recipients = [recipient],
        };
        (string text, MimePart root) = await ComposeAsync(report, "Subject: x\n\ny\n");
        Assert.Equal(3, root.Parts.Count);
        Assert.DoesNotContain("\nEvil", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', text);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(line.Length, 0, 998));
        Assert.DoesNotContain("\n", text.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_received_field_says_what_RFC_5321_wants()
    {
        ReceivedField field = new()
        {
            HeloName = "client.test",
            ClientAddress = IPAddress.Parse("192.0.2.7"),
            ClientHostName = "host.client.test",
            By = "mail.example.test",
            Protocol = "ESMTPSA",
            TlsVersion = "TLSv1.3",
            TlsCipher = "TLS_AES_256_GCM_SHA384",
            Id = "abc.1",
            For = "bob@example.test",
            Date = Now,
        };
        string composed = field.Compose();
        Assert.Equal(
            "Received: from client.test (host.client.test [192.0.2.7]) by mail.example.test with ESMTPSA (TLSv1.3 cipher TLS_AES_256_GCM_SHA384)"
            + " id abc.1 for <bob@example.test>; Fri, 2 Jan 2026 03:04:05 +0100",
            Octets.Text(HeaderReader.Unfold(Encoding.ASCII.GetBytes(composed))));
        Assert.All(composed.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
    }

    [Fact]
    public void A_received_field_does_not_repeat_what_is_no_name()
    {
        ReceivedField field = new()
        {
            HeloName = "evil\r\nX: y",
            ClientAddress = IPAddress.Parse("2001:db8::1"),
            ClientHostName = "a b",
            By = "mail.example.test",
            Protocol = "E\r\nSMTP",
            TlsCipher = "a)\r\n(b",
            Id = "1 2",
            For = "a>\r\nX: y@b",
            Date = Now,
        };
        Assert.Equal(
            "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1]) by mail.example.test\r\n with SMTP (a b); Fri, 2 Jan 2026 03:04:05 +0100\r\n",
            field.Compose());
        Assert.Equal(
            "Received: by localhost with LMTP; Fri, 2 Jan 2026 03:04:05 +0100\r\n",
            new ReceivedField { By = "", Protocol = "LMTP", Date = Now }.Compose());
        Assert.StartsWith(
            "Received: from [192.0.2.1] ([192.0.2.1]) by",
            (field with { HeloName = "[192.0.2.1]", ClientAddress = IPAddress.Parse("::ffff:192.0.2.1") }).Compose(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Message_identifiers_differ_and_are_well_formed()
    {
        ManualTimeProvider clock = new(Now);
        MessageIdGenerator generator = new(clock);
        HashSet<string> made = [.. Enumerable.Range(0, 1_000).Select(_ => generator.Next("example.test"))];
        Assert.Equal(1_000, made.Count);
        Assert.All(made, id => Assert.Matches("^<[0-9a-f]+\\.[0-9a-f]{24}@example\\.test>$", id));
        Assert.EndsWith("@localhost>", generator.Next("a>\r\nb"), StringComparison.Ordinal);
        MessageIdGenerator fixedGenerator = new(clock, octets => octets.AsSpan().Fill(0xAB));
        Assert.Equal(fixedGenerator.Next("a"), fixedGenerator.Next("a"));
    }

    private static async Task<(string Text, MimePart Root)> ComposeAsync(DsnReport report, string? original)
    {
        using MemoryStream output = new();
        using MemoryStream? source = original is null ? null : new MemoryStream(Octets.Raw(original));
        await new DsnComposer(report).WriteAsync(source, output, default);
        return (Octets.Text(output.ToArray()), Octets.Parse(output.ToArray()).Root);
    }

    private static string Part(string text, MimePart part) => text.Substring((int)part.BodyOffset, (int)part.BodyOctets);
}
