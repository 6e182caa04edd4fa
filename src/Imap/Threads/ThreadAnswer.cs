using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Sorting;
using MailAccess.Store;

namespace MailAccess.Imap.Threads;

/// <summary>thread-data = "THREAD" [SP 1*thread-list] — RFC 5256 §5. Neither long nor deep threads cost more than their messages.</summary>
internal sealed class ThreadAnswer(ImapWriter writer, MailboxSnapshot view, Numbering numbering)
{
    private const int EndOfList = -1;

    private readonly Stack<int> _next = [];

    /// <summary>Writes the response.</summary>
    public async ValueTask WriteAsync(MessageKeys keys, ThreadForest threads)
    {
        writer.Write(threads.Roots.Length > 0 ? "* THREAD "u8 : "* THREAD"u8);
        foreach (int root in threads.Roots)
        {
            _next.Push(root);
            while (_next.TryPop(out int node))
            {
                if (node == EndOfList)
                {
                    writer.Write(")"u8);
                }
                else
                {
                    await WriteListAsync(keys, threads, node);
                }
                if (writer.IsFull)
                {
                    await writer.FlushAsync();
                }
            }
        }
        writer.Write("\r\n"u8);
    }

    /// <summary>
    /// thread-list = "(" (thread-members / thread-nested) ")"; thread-members = nz-number *(SP nz-number) [SP thread-nested];
    /// thread-nested = 2*thread-list — what is nested waits its turn.
    /// </summary>
    private async ValueTask WriteListAsync(MessageKeys keys, ThreadForest threads, int node)
    {
        writer.Write("("u8);
        if (!threads.IsDummy(node))
        {
            WriteNumber(keys, node);
            while (threads.ChildrenOf(node).Length == 1)
            {
                node = threads.ChildrenOf(node)[0];
                writer.Write(" "u8);
                WriteNumber(keys, node);
                if (writer.IsFull)
                {
                    await writer.FlushAsync();
                }
            }
            writer.Write(threads.ChildrenOf(node).Length > 1 ? " "u8 : ""u8);
        }
        _next.Push(EndOfList);
        ReadOnlySpan<int> children = threads.ChildrenOf(node);
        for (int i = children.Length - 1; i >= 0; i--)
        {
            _next.Push(children[i]);
        }
    }

    private void WriteNumber(MessageKeys keys, int message)
    {
        int index = keys.IndexOf(message);
        writer.WriteNumber(numbering == Numbering.Uid ? view[index].Uid.Value : index + 1);
    }
}
