using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>
/// Messages as clients see them, copied out of the file while it is known to be as we know it: later another program may move everything.
/// A small one lies in memory, a larger one in a file without a name.
/// </summary>
internal static class MboxContent
{
    private const int WriteOctets = 256 * 1024;

    /// <summary>On a worker, under the spool's lock.</summary>
    public static IMessageContent Read(MboxStore store, IFile file, MboxEntry entry)
    {
        var memory = new MemoryStream();
        IFile? overflow = null;
        long octets = 0;
        void Flush()
        {
            overflow ??= store.OpenNameless();
            overflow.Write(octets - memory.Length, memory.GetBuffer().AsSpan(0, (int)memory.Length));
            memory.SetLength(0);
        }
        bool done = false;
        try
        {
            Decode(file, entry, piece =>
            {
                memory.Write(piece);
                octets += piece.Length;
                if (memory.Length > Math.Max(WriteOctets, store.Limits.ReadWholeOctetsMax))
                {
                    Flush();
                }
            });
            if (overflow is not null)
            {
                Flush();
            }
            done = true;
            return overflow is null ? new MemoryContent(memory.GetBuffer().AsMemory(0, (int)memory.Length)) : new OverflowContent(store, overflow, octets);
        }
        finally
        {
            if (!done)
            {
                overflow?.Dispose();
            }
        }
    }

    /// <summary>Gives all octets of the message to the sink, and returns what its hidden fields say.</summary>
    public static MetaFields Decode(IFile file, MboxEntry entry, OctetSink sink)
    {
        var decoder = new MessageDecoder(sink, (entry.Form & MessageForm.Exact) != 0);
        var lines = new LineReader(file.Read, entry.ContentStart, entry.ContentEnd);
        while (lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart))
        {
            decoder.Feed(line, isLineStart);
        }
        return decoder.Meta;
    }

    private sealed class OverflowContent(MboxStore store, IFile file, long octets) : IMessageContent
    {
        public long Octets => octets;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            StoreResult<int> read = await store.Workers.RunAsync<int>(() => file.Read(offset, destination.Span), store.OnStagingFault);
            return read.TryGet(out int count) ? count : throw new IOException("The message cannot be read.");
        }

        public ValueTask DisposeAsync()
        {
            file.Dispose();
            return default;
        }
    }
}
