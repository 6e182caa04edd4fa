using MailAccess.Smtp;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>Reads framed content to its end: not too slowly, and no more than <paramref name="octetsMax"/> octets.</summary>
internal sealed class ContentPump(SubmissionSession session, long octetsMax)
{
    /// <summary>Gives each piece to <paramref name="takeAsync"/>. Null: the end was reached; else why the session ends.</summary>
    public async ValueTask<ReceiveOutcome?> RunAsync(IFramedReader content, Func<ReadOnlyMemory<byte>, ValueTask> takeAsync)
    {
        IConnection connection = session.Connection;
        long octets = 0;
        long windowStart = 0;
        connection.SetDeadline(session.Limits.DataWindow);
        while (true)
        {
            switch (await content.ReadAsync())
            {
                case ChunkOutcome.Chunk:
                    octets += content.Chunk.Length;
                    await takeAsync(content.Chunk);
                    if (octets > octetsMax)
                    {
                        return new ReceiveOutcome([SmtpReplies.MessageTooBig], SessionEnd.ProtocolViolation);
                    }
                    break;
                case ChunkOutcome.Woken when connection.DeadlineExpired:
                    if (octets - windowStart < session.Limits.DataWindowOctetsMin)
                    {
                        return new ReceiveOutcome([SmtpReplies.TimedOut], SessionEnd.IdleTimeout);
                    }
                    windowStart = octets;
                    connection.SetDeadline(session.Limits.DataWindow);
                    break;
                case ChunkOutcome.Woken:
                    break; // Shutdown: a message under way may come to its end.
                case ChunkOutcome.EndOfStream:
                    return new ReceiveOutcome([], SessionEnd.ClientGone);
                default:
                    connection.SetDeadline(null);
                    return null;
            }
        }
    }
}
