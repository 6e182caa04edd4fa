using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Text;
using MailAccess.Auth;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>What a header is rewritten by.</summary>
internal sealed record HeaderContext
{
    public required SubmissionOptions Options { get; init; }

    public required SubmissionLimits Limits { get; init; }

    public required Account? Account { get; init; }

    /// <summary>The account has logged in; else its address alone speaks for it.</summary>
    public required bool IsAuthenticated { get; init; }

    public required MailTransaction Transaction { get; init; }

    public required Hello Hello { get; init; }

    public required IPAddress? Remote { get; init; }

    /// <summary>The client's name in the DNS; null where nobody has looked.</summary>
    public string? RemoteHostName { get; init; }

    public required TlsFacts? Tls { get; init; }

    public required string IntakeId { get; init; }

    public required MessageIdGenerator MessageIds { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>The header to store, or why the message is refused.</summary>
internal readonly record struct HeaderOutcome(SmtpReply? Refusal, ReadOnlyMemory<byte> Octets);

/// <summary>
/// Decides about a header. Every role adds Received (RFC 5321 §4.4); submission also completes what is missing and takes out
/// Bcc (RFC 6409 §8). All other octets stay as they are, in their order.
/// </summary>
internal static class HeaderRewriter
{
    public static HeaderOutcome Rewrite(HeaderBuffer header, HeaderContext context)
    {
        if (header.Fields.Count(f => f.Is("Received")) > context.Limits.HopsMax)
        {
            return new HeaderOutcome(SmtpReplies.RoutingLoop, default); // RFC 5321 §6.3
        }
        bool completes = context.Options.Role.CompletesHeader;
        SenderDecision sender = completes ? SenderRules.Decide(header, context) : default;
        if (sender.Refusal is not null)
        {
            return new HeaderOutcome(sender.Refusal, default);
        }
        ArrayBufferWriter<byte> output = new(header.Octets.Length + 1024);
        output.Write(TraceField.Compose(context));
        foreach (HeaderField field in header.Fields)
        {
            if (!completes || !IsDropped(header, field, sender))
            {
                output.Write(header.Octets.Span.Slice(field.Start, field.Length));
            }
        }
        if (completes)
        {
            AppendMissing(output, header, context, sender);
        }
        // A message without header gets the empty line that makes its first line a body.
        if (header.HasEmptyLine || !header.Overrun.IsEmpty)
        {
            output.Write("\r\n"u8);
        }
        output.Write(header.Overrun.Span);
        return new HeaderOutcome(null, output.WrittenMemory);
    }

    // Whom a blind copy went to is nobody's business: RFC 5322 §3.6.3, §5. An empty Message-ID is none.
    private static bool IsDropped(HeaderBuffer header, HeaderField field, SenderDecision sender) =>
        field.Is("Bcc") || field.Is("Resent-Bcc")
        || (field.Is("Message-ID") && IsBlank(header, field))
        || (sender.ReplacesSender && field.Is("Sender"));

    private static void AppendMissing(ArrayBufferWriter<byte> output, HeaderBuffer header, HeaderContext context, SenderDecision sender)
    {
        Debug.Assert(context.Account is not null, "submission takes no message without an account");
        if (sender.From is { } from)
        {
            Append(output, $"From: {from}\r\n");
        }
        if (sender.Sender is { } name)
        {
            Append(output, $"Sender: {name}\r\n"); // RFC 6409 §8.1
        }
        if (!header.Fields.Any(f => f.Is("Date")))
        {
            Append(output, $"Date: {MessageDate.Format(context.Now)}\r\n"); // RFC 6409 §8.2
        }
        if (!header.Fields.Any(f => f.Is("Message-ID") && !IsBlank(header, f)))
        {
            Append(output, $"Message-ID: {context.MessageIds.Next(context.Options.HostName)}\r\n"); // RFC 6409 §8.3
        }
    }

    private static bool IsBlank(HeaderBuffer header, HeaderField field) =>
        field.Body(header.Octets).Span.Trim(" \t\r\n"u8).IsEmpty;

    private static void Append(ArrayBufferWriter<byte> output, string text) =>
        output.Write(Encoding.UTF8.GetBytes(text));
}
