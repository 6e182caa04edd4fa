using System.Buffers;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Store.Delivery;

namespace MailAccess.Queue;

/// <summary>What a delivery puts before the message.</summary>
internal static class AgentHead
{
    /// <summary>What local deliveries have. RFC 5321 §4.4: Return-Path at the top; Delivered-To, so that a message that comes back is known again.</summary>
    public const AgentFlags OfFiles = AgentFlags.ReturnPath | AgentFlags.OriginalTo | AgentFlags.DeliveredTo;

    /// <summary>The lines that the flags ask for; those of one recipient only where there is one.</summary>
    public static byte[] Build(AgentTransaction transaction, AgentFlags flags, string nullSender, TimeProvider clock)
    {
        ArrayBufferWriter<byte> lines = new();
        string lineEnd = flags.HasFlag(AgentFlags.CrLf) ? "\r\n" : "\n";
        MailPath sender = transaction.ReversePath;
        if (flags.HasFlag(AgentFlags.FromLine))
        {
            byte[] line = MboxFromLine.Format(sender.IsNull ? nullSender : sender.ToString(), clock.GetUtcNow(), clock.LocalTimeZone);
            lines.Write(line.AsSpan(..^1));
            Write(lineEnd);
        }
        if (flags.HasFlag(AgentFlags.ReturnPath))
        {
            Write($"Return-Path: <{sender}>{lineEnd}");
        }
        if (transaction.Recipients is [EnvelopeRecipient recipient])
        {
            if (flags.HasFlag(AgentFlags.OriginalTo))
            {
                Write($"X-Original-To: {OriginalRecipient.Of(recipient)}{lineEnd}");
            }
            if (flags.HasFlag(AgentFlags.DeliveredTo))
            {
                Write($"Delivered-To: {recipient.Path}{lineEnd}");
            }
        }
        return lines.WrittenSpan.ToArray();

        void Write(string text) => lines.Write(Encoding.UTF8.GetBytes(text));
    }

    public static CopyForm FormOf(AgentFlags flags) =>
        (flags.HasFlag(AgentFlags.CrLf) ? CopyForm.CrLf : CopyForm.None)
        | (flags.HasFlag(AgentFlags.QuoteFrom) ? CopyForm.QuoteFrom : CopyForm.None)
        | (flags.HasFlag(AgentFlags.StuffDots) ? CopyForm.StuffDots : CopyForm.None)
        | (flags.HasFlag(AgentFlags.BlankLine) ? CopyForm.BlankLine : CopyForm.None);
}
