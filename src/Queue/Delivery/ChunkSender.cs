using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Sends the chunks of one message and listens to what is said of them (RFC 3030 §2). Where the server takes commands ahead of its replies
/// (RFC 2920) several chunks are on their way at once.
/// </summary>
internal sealed class ChunkSender(SmtpConversation conversation, bool isPipelining, QueueLimits limits)
{
    /// <summary>Chunks whose replies have not come: so many hide the way to the server and back, and their replies fit into any buffer.</summary>
    private const int AheadMax = 8;

    private int _due;

    /// <summary>What the server said to a chunk that it did not take; null: nothing.</summary>
    public SmtpReply? Refusal { get; private set; }

    /// <summary>A chunk with its command. False: the server has refused one; none may follow.</summary>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> octets)
    {
        while (_due > 0 && Refusal is null && (_due >= (isPipelining ? AheadMax : 1) || conversation.HasInput))
        {
            await ReadAsync();
        }
        if (Refusal is not null)
        {
            return false;
        }
        await conversation.WriteAsync(octets, SmtpStages.Sending, limits.DataBlockTimeout);
        _due++;
        return true;
    }

    /// <summary>After the last chunk: the replies to all but that one.</summary>
    public async Task FinishAsync()
    {
        while (_due > 1 && Refusal is null)
        {
            await ReadAsync();
        }
    }

    /// <summary>After a refusal: what is said to the chunks that were on their way already, and means nothing.</summary>
    public async Task DrainAsync()
    {
        for (; _due > 0; _due--)
        {
            await conversation.ReadReplyAsync(SmtpStages.Sending, limits.DataBlockTimeout);
        }
    }

    private async Task ReadAsync()
    {
        SmtpReply reply = await conversation.ReadReplyAsync(SmtpStages.Sending, limits.DataBlockTimeout);
        _due--;
        Refusal = reply.IsPositive ? null : reply;
    }
}
