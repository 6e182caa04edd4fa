using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MailAccess.Queue;
using MailAccess.Store;

namespace MailAccess.Server.Control;

/// <summary>Answers what the command line asks of the queue.</summary>
internal sealed class QueueControl(MailQueue queue)
{
    /// <summary>Messages that are changed at once: removals share their syncs.</summary>
    private const int ActionsAtOnce = 128;

    public IAsyncEnumerable<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancellationToken) => request switch
    {
        { Command: ControlCommand.QueueList } => ListAsync(request, cancellationToken),
        { Command: ControlCommand.QueueContent, Wanted.Ids: [string id] } => ContentAsync(id, request.HeaderOnly, cancellationToken),
        { Command: ControlCommand.QueueAct, Action: { } action } => ActAsync(request, action, cancellationToken),
        { Command: ControlCommand.QueueFlush } => Flush(),
        _ => new[] { new ControlAnswer { Error = "the request is not complete" } }.ToAsyncEnumerable(),
    };

    private async IAsyncEnumerable<ControlAnswer> ListAsync(ControlRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long count = 0;
        long limit = request.Limit ?? long.MaxValue;
        if (limit > 0)
        {
            await foreach (QueueEntry entry in queue.Admin.ListAsync(request.Wanted, cancellationToken))
            {
                yield return new ControlAnswer { Entry = entry };
                if (++count >= limit)
                {
                    break;
                }
            }
        }
        yield return new ControlAnswer { Ended = count };
    }

    private async IAsyncEnumerable<ControlAnswer> ContentAsync(string id, bool headerOnly, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IMessageContent? content = await queue.Admin.OpenContentAsync(id, cancellationToken);
        if (content is null)
        {
            yield return new ControlAnswer { Error = $"{id}: no such message" };
            yield break;
        }
        await foreach (byte[] chunk in QueueContent.ReadAsync(content, headerOnly, cancellationToken))
        {
            yield return new ControlAnswer { Content = chunk };
        }
        yield return new ControlAnswer { Ended = content.Octets };
    }

    private async IAsyncEnumerable<ControlAnswer> ActAsync(ControlRequest request, QueueAction action, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (action is QueueAction.Retry or QueueAction.Release or QueueAction.Requeue)
        {
            queue.Admin.Revive();
        }
        Channel<QueueActionOutcome> outcomes = Channel.CreateBounded<QueueActionOutcome>(ActionsAtOnce);
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerable<string> ids = request.Wanted.IsIdsAlone
            ? request.Wanted.Ids.Distinct(StringComparer.Ordinal).ToAsyncEnumerable() // Those that are not there are answered too.
            : queue.Admin.ListAsync(request.Wanted, gone.Token).Select(e => e.Id);
        Task acting = WorkAsync();
        long count = 0;
        try
        {
            await foreach (QueueActionOutcome outcome in outcomes.Reader.ReadAllAsync(CancellationToken.None))
            {
                count++;
                yield return new ControlAnswer { Outcome = outcome };
            }
        }
        finally
        {
            await gone.CancelAsync(); // Who asked may have gone: what was begun is finished, the rest is left.
            await acting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        yield return new ControlAnswer { Ended = count };

        async Task WorkAsync()
        {
            try
            {
                TimeSpan patience = TimeSpan.FromTicks(Math.Clamp(request.Patience.Ticks, 0, ControlProtocol.PatienceMax.Ticks));
                ParallelOptions options = new() { MaxDegreeOfParallelism = ActionsAtOnce, CancellationToken = gone.Token };
                await Parallel.ForEachAsync(ids, options, async (id, token) =>
                    await outcomes.Writer.WriteAsync(await queue.Admin.ActAsync(id, action, request.Text, patience, token), token));
            }
            finally
            {
                outcomes.Writer.TryComplete();
            }
        }
    }

    private async IAsyncEnumerable<ControlAnswer> Flush()
    {
        int waiting = queue.WaitingCount;
        queue.Flush();
        yield return new ControlAnswer { Ended = waiting };
        await Task.CompletedTask;
    }
}

/// <summary>A message's octets for people to look at.</summary>
internal static class QueueContent
{
    private const int HeaderOctetsMax = 256 * 1024;

    /// <summary>In pieces; only the header: up to the empty line.</summary>
    public static async IAsyncEnumerable<byte[]> ReadAsync(IMessageContent content, bool headerOnly, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[ControlProtocol.ContentOctetsMax];
        int matched = 0;
        long end = headerOnly ? Math.Min(content.Octets, HeaderOctetsMax) : content.Octets;
        for (long offset = 0; offset < end;)
        {
            int length = await content.ReadAsync(offset, buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - offset)), cancellationToken);
            if (length == 0)
            {
                break;
            }
            offset += length;
            int header = headerOnly ? HeaderEnd(buffer.AsSpan(0, length), ref matched) : -1;
            yield return buffer[..(header < 0 ? length : header)];
            if (header >= 0)
            {
                break;
            }
        }
    }

    // How much of CR LF CR LF stands at the end of what was seen is kept in matched.
    private static int HeaderEnd(ReadOnlySpan<byte> octets, ref int matched)
    {
        for (int i = 0; i < octets.Length; i++)
        {
            matched = octets[i] == "\r\n\r\n"u8[matched] ? matched + 1 : octets[i] == '\r' ? 1 : 0;
            if (matched == 4)
            {
                return i + 1;
            }
        }
        return -1;
    }
}
