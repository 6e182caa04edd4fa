using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>How a message with octets above 127 goes to a server that takes 7 bits. RFC 6152 §3.</summary>
/// <param name="Plan">What becomes of its parts; it may be that nothing can.</param>
/// <param name="Octets">Its size then, as RFC 1870 §6 counts.</param>
internal sealed record SevenBitConversion(SevenBitPlan Plan, long Octets)
{
    /// <summary>Reads the content twice, to plan and to count. Throws <see cref="IOException"/> where it cannot be read.</summary>
    public static async Task<SevenBitConversion> PlanAsync(IMessageContent content, CancellationToken cancellationToken)
    {
        SevenBitPlan plan = new();
        byte[] buffer = new byte[(int)Math.Clamp(content.Octets, 1, ContentWriter.BufferOctets)];
        for (long offset = 0; await content.ReadAsync(offset, buffer, cancellationToken) is int length and > 0; offset += length)
        {
            plan.Feed(buffer.AsSpan(0, length));
        }
        plan.Finish();
        if (!plan.IsPossible)
        {
            return new SevenBitConversion(plan, content.Octets);
        }
        ContentWriter counter = new(ContentFraming.Chunks, static _ => new(true));
        await counter.SendAsync(content, plan, cancellationToken);
        return new SevenBitConversion(plan, counter.Octets);
    }
}
