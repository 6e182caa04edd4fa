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

    private static readonly string[] Pieces =
        ["\r\n", "\n", "\r", ".\r\n", "\0", " ", "<", ">", "MAIL FROM:<>\r\n", "RCPT TO:<bob@example.test>\r\n", "DATA\r\n", "BDAT 7\r\n", "BDAT 9 LAST\r\n", "BDAT 0 LAST\r\n", "RSET\r\n", "*\r\n", "AUTH PLAIN\r\n", "\xff", ":", "@", "\""];

    public static TheoryData<string> Roles => ["submission", "exchange", "lmtp"];

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task Whatever_clients_send_they_get_well_formed_replies(string roleName)
    {
        SubmissionRole role = roleName switch
        {
            "submission" => SubmissionRole.Submission,
            "exchange" => SubmissionRole.Exchange,
            _ => SubmissionRole.Lmtp,
        };
        byte[][] seeds = [.. Transcript.NamesBelow("").Where(n => n.Split('/')[^2] == roleName).Select(n => ClientOctets(Transcript.Load(n)))];
        Random random = new(2033);
        for (int i = 0; i < 3000; i++)
        {
            byte[] octets = Mutate(seeds[i % seeds.Length], random);
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

    private static byte[] ClientOctets(Transcript transcript)
    {
        List<byte> octets = [];
        foreach (TranscriptLine line in transcript.Lines)
        {
            string text = line.Text.Replace("{=\\0alice\\0demo}", "AGFsaWNlAGRlbW8=", StringComparison.Ordinal);
            string? sent = line.Action switch
            {
                TranscriptAction.Send => text + "\r\n",
                TranscriptAction.SendRaw => text.Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal),
                _ => null,
            };
            octets.AddRange(Encoding.UTF8.GetBytes(sent ?? ""));
        }
        return [.. octets];
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> octets = [.. seed];
        for (int n = random.Next(4); n >= 0 && octets.Count > 0; n--)
        {
            int at = random.Next(octets.Count);
            switch (random.Next(4))
            {
                case 0:
                    octets.RemoveRange(at, Math.Min(random.Next(20), octets.Count - at));
                    break;
                case 1:
                    octets[at] = (byte)random.Next(256);
                    break;
                case 2:
                    octets.InsertRange(at, Encoding.Latin1.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
                default:
                    octets.InsertRange(at, octets.GetRange(random.Next(at + 1), Math.Min(40, octets.Count - at)).ToArray());
                    break;
            }
        }
        return [.. octets];
    }
}
