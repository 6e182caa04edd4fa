using System.Text;
using MailAccess.Testing;

namespace MailAccess.Wire.Tests;

public sealed class WireTranscriptTests
{
    /// <summary>One secret for all conversations; no sink may ever see it, nor its base64 forms below.</summary>
    private static readonly string[] Secrets = ["hunter2", "aHVudGVyMg==", "AGFsaWNlAGh1bnRlcjI=", "cj1ub25jZQ==", "c2FsdA=="];

    public static TheoryData<WireProtocol, string, string> Conversations => new()
    {
        {
            WireProtocol.Imap,
            "C: a1 LOGIN alice hunter2\r\n|S: a1 OK done\r\n|C: a2 NOOP\r\n|S: a2 OK\r\n",
            "C: a1 LOGIN ***|S: a1 OK done|C: a2 NOOP|S: a2 OK"
        },
        {
            WireProtocol.Imap,
            "C: a1 login {5}\r\n|S: + go\r\n|C: alice {7}\r\n|S: + go\r\n|C: hunter2\r\n|S: * CAPABILITY X\r\n|S: a1 OK\r\n|C: a2 NOOP\r\n",
            "C: a1 login ***|S: + ***|C: ***|S: + ***|C: ***|S: * CAPABILITY X|S: a1 OK|C: a2 NOOP"
        },
        {
            WireProtocol.Imap,
            "C: a1 LOGIN {5+}\r\nalice {7+}\r\nhunter2\r\n|S: a1 NO\r\n|C: x\r\n",
            "C: a1 LOGIN ***|C: ***|C: ***|S: a1 NO|C: x"
        },
        {
            WireProtocol.Imap,
            "C: A AUTHENTICATE SCRAM-SHA-256 cj1ub25jZQ==\r\n|S: + c2FsdA==\r\n|C: aHVudGVyMg==\r\n|S: A OK\r\n|C: B IDLE\r\n|S: + idling\r\n|C: DONE\r\n",
            "C: A AUTHENTICATE SCRAM-SHA-256 ***|S: + ***|C: ***|S: A OK|C: B IDLE|S: + idling|C: DONE"
        },
        {
            WireProtocol.Imap,
            "C: A AUTHENTICATE PLAIN\r\n|S: +\r\n|C: AGFsaWNlAGh1bnRlcjI=\r\n|S: A BAD no\r\n|C: B NOOP\r\n",
            "C: A AUTHENTICATE PLAIN|S: +|C: ***|S: A BAD no|C: B NOOP"
        },
        {
            WireProtocol.Imap, // A reply to a command sent before does not end the exchange: it has another tag.
            "C: a1 NOOP\r\na2 AUTHENTICATE PLAIN\r\n|S: a1 OK\r\n|C: AGFsaWNlAGh1bnRlcjI=\r\n|S: a2 OK\r\n|C: a3 X\r\n",
            "C: a1 NOOP|C: a2 AUTHENTICATE PLAIN|S: a1 OK|C: ***|S: a2 OK|C: a3 X"
        },
        {
            WireProtocol.Imap, // A tag forgotten, or a space too many: wrong, but the secret is there all the same.
            "C: LOGIN alice hunter2\r\n|S: * BAD what\r\n|C: a1   LOGIN \"alice\" \"hunter2\"\r\n|S: a1 OK\r\n|C: * LOGIN a hunter2\r\n|S: * BAD\r\n|C: z\r\n",
            "C: LOGIN ***|S: * BAD what|C: a1   LOGIN ***|S: a1 OK|C: * LOGIN ***|S: * BAD|C: z"
        },
        {
            WireProtocol.Pop3,
            "S: +OK <1.2@x>\r\n|C: USER alice\r\n|S: +OK\r\n|C: PASS hunter2 with spaces\r\n|S: +OK\r\n|C: STAT\r\n|S: +OK 1 2\r\n",
            "S: +OK <1.2@x>|C: USER alice|S: +OK|C: PASS ***|S: +OK|C: STAT|S: +OK 1 2"
        },
        {
            WireProtocol.Pop3,
            "C: APOP alice hunter2\r\n|S: -ERR\r\n|C: auth plain\r\n|S: + \r\n|C: AGFsaWNlAGh1bnRlcjI=\r\n|S: -ERR\r\n|C: AUTH LOGIN aHVudGVyMg==\r\n|S: + c2FsdA==\r\n|C: aHVudGVyMg==\r\n|S: +OK\r\n|C: QUIT\r\n",
            "C: APOP ***|S: -ERR|C: auth plain|S: + ***|C: ***|S: -ERR|C: AUTH LOGIN ***|S: + ***|C: ***|S: +OK|C: QUIT"
        },
        {
            WireProtocol.Pop3, // The answer to CAPA comes between; the challenge hides what follows again.
            "C: CAPA\r\nAUTH PLAIN\r\n|S: +OK\r\n.\r\n+ \r\n|C: AGFsaWNlAGh1bnRlcjI=\r\n|S: +OK\r\n|C: STAT\r\n",
            "C: CAPA|C: AUTH PLAIN|S: +OK|S: .|S: + ***|C: ***|S: +OK|C: STAT"
        },
        {
            WireProtocol.Smtp,
            "C: EHLO x\r\n|S: 250-x\r\n250 AUTH PLAIN\r\n|C: AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\n|S: 235 2.7.0 ok\r\n|C: MAIL FROM:<a@b> AUTH=<>\r\n",
            "C: EHLO x|S: 250-x|S: 250 AUTH PLAIN|C: AUTH PLAIN ***|S: 235 2.7.0 ok|C: MAIL FROM:<a@b> AUTH=<>"
        },
        {
            WireProtocol.Imap, // Whoever has a URL's token may read the message: RFC 4467.
            "C: a GENURLAUTH imap://a@h/I/;UID=1;urlauth=user+b INTERNAL\r\n|S: * GENURLAUTH \"imap://a@h/I/;UID=1;urlauth=user+b:internal:hunter2\"\r\na OK\r\n|C: b URLFETCH {44}\r\n|S: + go\r\n|C: imap://a@h/I/;UID=1;URLAUTH=user+b:internal:hunter2\r\n",
            "C: a GENURLAUTH imap://a@h/I/;UID=1;urlauth= ***|S: * GENURLAUTH \"imap://a@h/I/;UID=1;urlauth= ***|S: a OK|C: b URLFETCH {44}|S: + go|C: imap://a@h/I/;UID=1;URLAUTH= ***"
        },
        {
            WireProtocol.Smtp, // RFC 4468.
            "C: BURL imap://a@h/I/;UID=1;URLAUTH=submit+a:internal:hunter2 LAST\r\n|S: 250 2.0.0 ok\r\n",
            "C: BURL imap://a@h/I/;UID=1;URLAUTH= ***|S: 250 2.0.0 ok"
        },
        {
            WireProtocol.Smtp,
            "C: AUTH LOGIN\r\n|S: 334 c2FsdA==\r\n|C: aHVudGVyMg==\r\n|S: 334 UGFzc3dvcmQ6\r\n|C: aHVudGVyMg==\r\n|S: 535 no\r\n|C: QUIT\r\n",
            "C: AUTH LOGIN|S: 334 ***|C: ***|S: 334 ***|C: ***|S: 535 no|C: QUIT"
        },
    };

    [Theory]
    [MemberData(nameof(Conversations))]
    public void Secrets_are_hidden_at_every_split(WireProtocol protocol, string conversation, string expected)
    {
        string[] turns = conversation.Split('|');
        int longest = turns.Max(t => t.Length);
        for (int cut = 1; cut <= longest; cut++)
        {
            Assert.Equal(expected, Write(protocol, turns, turn => [turn[..Math.Min(cut, turn.Length)], turn[Math.Min(cut, turn.Length)..]]));
            Assert.Equal(expected, Write(protocol, turns, turn => turn.Chunk(cut)));
        }
        Assert.DoesNotContain(Secrets, secret => expected.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public void An_answer_that_overtakes_the_end_of_a_secret_line_does_not_uncover_it()
    {
        var sink = new Sink();
        WireTranscript transcript = Make(WireProtocol.Smtp, sink);
        transcript.Client("FOO\r\nAUTH LOGIN\r\nhunt"u8);
        transcript.Server("500 what\r\n"u8);
        transcript.Client("er2\r\n"u8);
        transcript.Server("334 c2FsdA==\r\n"u8);
        Assert.Equal("C: FOO|C: AUTH LOGIN|S: 500 what|C: ***|S: 334 ***", sink.Text);
    }

    [Fact]
    public void A_long_line_is_cut_and_says_so()
    {
        var sink = new Sink();
        WireTranscript transcript = Make(WireProtocol.Imap, sink, lineOctetsMax: 10);
        for (int i = 0; i < 1000; i++)
        {
            transcript.Client("xxxxxxxxxx"u8);
        }
        transcript.Client("\r\nshort\r\n"u8);
        Assert.Equal("C: xxxxxxxxxx… (9991 more octets)|C: short", sink.Text);
    }

    [Fact]
    public void A_client_cannot_forge_a_line()
    {
        var sink = new Sink();
        Make(WireProtocol.Imap, sink).Client("a\rS: a1 OK\x1B[2J\xC3\xA9\0\r\n"u8);
        Assert.Equal(@"C: a\x0DS: a1 OK\x1B[2J\xC3\xA9\x00", sink.Text.Replace(@"\xC3\x83\xC2\xA9", @"\xC3\xA9", StringComparison.Ordinal));
    }

    private static string Write(WireProtocol protocol, string[] turns, Func<byte[], IEnumerable<byte[]>> split)
    {
        var sink = new Sink();
        WireTranscript transcript = Make(protocol, sink);
        foreach (string turn in turns)
        {
            foreach (byte[] piece in split(Encoding.Latin1.GetBytes(turn[3..])))
            {
                if (turn.StartsWith('C'))
                {
                    transcript.Client(piece);
                }
                else
                {
                    transcript.Server(piece);
                }
            }
        }
        return sink.Text;
    }

    private static WireTranscript Make(WireProtocol protocol, Sink sink, int lineOctetsMax = 1000) =>
        new("id", protocol, sink, new ManualTimeProvider(), lineOctetsMax);

    private sealed class Sink : ITranscriptSink
    {
        private readonly List<string> _lines = [];

        public string Text => string.Join('|', _lines);

        public void Write(string connectionId, string line)
        {
            Assert.StartsWith("09:26:53.000 ", line, StringComparison.Ordinal);
            _lines.Add(line["09:26:53.000 ".Length..]);
        }
    }
}
