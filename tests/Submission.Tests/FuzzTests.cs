using System.Globalization;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission.Tests;

/// <summary>Mutations of the transcripts' client side against whole servers: no fault, no loud log, only well-formed replies.</summary>
public sealed class FuzzTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private static readonly byte[][] Pieces =
    [
        .. new[] { "\r\n", "\n", "\r", ".\r\n", "\0", " ", "<", ">", "MAIL FROM:<>\r\n", "RCPT TO:<bob@example.test>\r\n", "DATA\r\n", "BDAT 7\r\n", "BDAT 9 LAST\r\n", "BDAT 0 LAST\r\n", "RSET\r\n", "*\r\n", "AUTH PLAIN\r\n", "\xff", ":", "@", "\"",
            "STARTTLS\r\n", "EHLO a\r\n", "LHLO a\r\n", "\r\n.\r\n", "\n.\r\n", " SIZE=9", " BODY=BINARYMIME", " ORCPT=rfc822;x+0D", "AUTH LOGIN\r\n" }
            .Select(Encoding.Latin1.GetBytes),
    ];

    public static TheoryData<string> Roles => ["submission", "exchange", "lmtp"];

    [Theory]
    [MemberData(nameof(Roles))]
    public Task Whatever_clients_send_they_get_well_formed_replies(string roleName) => FuzzAsync(roleName, new Random(2033), i => i < 3000);

    /// <summary>On request: <c>./test --fuzz 60</c>.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(Roles))]
    public Task Whatever_clients_send_for_minutes_they_get_well_formed_replies(string roleName)
    {
        TimeSpan limit = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("FUZZ_MINUTES") ?? "10", CultureInfo.InvariantCulture) / 3);
        long start = TimeProvider.System.GetTimestamp();
        return FuzzAsync(roleName, new Random(), _ => TimeProvider.System.GetElapsedTime(start) < limit);
    }

    private static async Task FuzzAsync(string roleName, Random random, Func<int, bool> goesOn)
    {
        SubmissionRole role = roleName switch
        {
            "submission" => SubmissionRole.Submission,
            "exchange" => SubmissionRole.Exchange,
            _ => SubmissionRole.Lmtp,
        };
        byte[][] seeds = [.. Transcript.NamesBelow("").Where(n => n.Split('/')[^2] == roleName && !n.Contains("broken", StringComparison.Ordinal)).Select(n => TranscriptOctets.OfClients(Transcript.Load(n))).Where(o => o.Length > 0)];
        for (int i = 0; goesOn(i); i++)
        {
            byte[] octets = TranscriptOctets.Mutate(seeds[i % seeds.Length], Pieces, random);
            try
            {
                await RunAsync(role, octets, i % 3);
            }
            catch (Exception failure)
            {
                throw new Xunit.Sdk.XunitException($"iteration {i}: {Convert.ToBase64String(octets)}\n{failure}");
            }
        }
    }

    private static async Task RunAsync(SubmissionRole role, byte[] octets, int octetsPerRead)
    {
        ServerFixture server = new(role);
        server.Limits = server.Limits with { ErrorsMax = 1000 };
        InMemoryConnection connection = new(server.Clock, () => { }, octetsPerRead);
        connection.Tls = role == SubmissionRole.Submission ? new TlsFacts { Protocol = "TLSv1.3", CipherSuite = "X" } : null;
        connection.Send(octets.AsSpan());
        connection.CloseClientSide();
        SessionEnd end = await server.RunAsync(connection).WaitAsync(Watchdog);
        Assert.NotEqual(SessionEnd.Fault, end);
        Assert.True(server.Log.Highest < LogLevel.Warning, server.Log.Text);
        Assert.Equal(0, server.Sink.OpenIntakes);
        byte[] output = connection.TakeOutput();
        SmtpReplyParser parser = new();
        while (output.Length > 0)
        {
            SmtpReplyProgress progress = parser.Feed(output, out int consumed);
            Assert.Equal(SmtpReplyProgress.Complete, progress);
            AssertOwnWords(parser.Reply!);
            output = output[consumed..];
        }
        foreach (MailReceived message in server.Sink.Received)
        {
            Assert.DoesNotContain('\n', message.Content.Replace("\r\n", "", StringComparison.Ordinal));
            Assert.DoesNotContain('\r', message.Content.Replace("\r\n", "", StringComparison.Ordinal));
            Assert.StartsWith("Received: from ", message.Content, StringComparison.Ordinal);
            Assert.NotEmpty(message.Envelope.Recipients);
        }
    }

    private static void AssertOwnWords(SmtpReply reply)
    {
        Assert.True(reply.Enhanced is not null || reply.Code is 220 or 250 or 334 or 354, reply.ToString());
        Assert.True(reply.Enhanced is null || reply.Enhanced.Value.Class == reply.Code / 100, reply.ToString());
    }
}
