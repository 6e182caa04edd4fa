using System.Net;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>Messages to spool.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Start = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    public static byte[] Content { get; } = Encoding.ASCII.GetBytes("From: a@example.test\r\nSubject: hello\r\n\r\n.dot\r\nbody\r\n");

    public static MailPath Path(string address) =>
        address.Length == 0 ? MailPath.Null : MailPath.TryParse(address, out MailPath? path) ? path : throw new ArgumentException(address);

    public static SpoolMessage Message(long id, params string[] recipients) => new()
    {
        Id = new SpoolId(id),
        ReversePath = Path("alice@example.test"),
        Recipients = [.. recipients.Select(r => new SpoolRecipient { Recipient = new EnvelopeRecipient { Path = Path(r) } })],
        Arrived = Start,
        NextAttempt = Start,
        Octets = Content.Length,
        Origin = new MailOrigin { Protocol = "submission", Remote = IPAddress.Loopback, AccountName = "alice" },
    };

    public static async Task<byte[]> ReadAllAsync(IMessageContent content)
    {
        byte[] octets = new byte[content.Octets];
        int length = 0;
        while (await content.ReadAsync(length, octets.AsMemory(length), CancellationToken.None) is int read and > 0)
        {
            length += read;
        }
        return octets[..length];
    }
}
