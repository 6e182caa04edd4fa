using System.Buffers;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>
/// A content file and a control file per message in one folder. The order of writes is the README's state table:
/// content, sync; control, sync; folder sync; promise. Removal: control, folder sync; content.
/// </summary>
internal sealed class FileSpool(ISpoolFiles files, IoThreads threads, TimeSpan removalPause, TimeProvider clock, ILogger logger) : ISpool
{
    private const string ContentSuffix = ".msg";
    private const string ControlSuffix = ".ctl";
    private const int ChunkOctets = 256 * 1024;

    /// <summary>10,000 recipients whose servers say something new at each of 60 attempts stay below; a file beyond this is nothing we wrote.</summary>
    private const int ControlOctetsMax = 1024 * 1024 * 1024;

    private readonly FolderSync _folder = new(files, threads, removalPause, clock);

    /// <summary>Of a message's files.</summary>
    public static string[] NamesOf(SpoolId id) => [id + ControlSuffix, id + ContentSuffix];

    public Task LoadAsync(Action<SpoolEntry> found, CancellationToken cancellationToken) => threads.RunAsync(() =>
    {
        HashSet<SpoolId> contents = [];
        List<SpoolId> controls = [];
        foreach (string name in files.List())
        {
            if (TryParse(name, ContentSuffix, out SpoolId id))
            {
                contents.Add(id);
            }
            else if (TryParse(name, ControlSuffix, out id))
            {
                controls.Add(id);
            }
        }
        controls.Sort();
        foreach (SpoolId id in controls)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Load(id, contents.Remove(id), found);
        }
        foreach (SpoolId id in contents)
        {
            files.Delete(id + ContentSuffix); // No control file: never promised, or already done.
            Log.OrphanSwept(logger, id, ContentSuffix);
        }
    });

    public Task<IReadOnlyList<SpoolId>> ListAsync(CancellationToken cancellationToken) => threads.RunAsync<IReadOnlyList<SpoolId>>(() =>
    {
        List<SpoolId> ids = [];
        foreach (string name in files.List())
        {
            if (TryParse(name, ControlSuffix, out SpoolId id))
            {
                ids.Add(id);
            }
        }
        ids.Sort();
        return ids;
    });

    public async Task AddAsync(SpoolMessage message, IMessageContent content, CancellationToken cancellationToken)
    {
        try
        {
            await WriteContentAsync(message, content, cancellationToken);
            await _folder.SyncAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            await threads.RunAsync(() => TryDiscard(message.Id));
            throw;
        }
    }

    public Task<SpoolMessage?> ReadAsync(SpoolId id, CancellationToken cancellationToken) =>
        threads.RunAsync(() => Read(id, out SpoolMessage? message) == ControlState.Whole ? message : null);

    public async Task<IMessageContent> OpenContentAsync(SpoolId id, CancellationToken cancellationToken) =>
        new Content(await threads.RunAsync(() => files.Open(id + ContentSuffix)), threads);

    public Task UpdateAsync(SpoolId id, SpoolUpdate update, UpdateDurability durability)
    {
        byte[] line = SpoolCodec.WriteUpdate(update);
        return threads.RunAsync(() =>
        {
            using ISpoolFile control = files.Open(id + ControlSuffix);
            control.Append(line);
            if (durability == UpdateDurability.PowerLoss)
            {
                control.Sync();
            }
        });
    }

    public async Task RemoveAsync(SpoolId id)
    {
        await threads.RunAsync(() => files.Delete(id + ControlSuffix));
        await _folder.SyncSoonAsync(); // Nobody waits for a removal.
        await threads.RunAsync(() => files.Delete(id + ContentSuffix)); // If this is lost, the next start sweeps it.
    }

    public async ValueTask DisposeAsync() => await _folder.IdleAsync();

    private static bool TryParse(string name, string suffix, out SpoolId id)
    {
        id = default;
        return name.EndsWith(suffix, StringComparison.Ordinal) && SpoolId.TryParse(name.AsSpan(0, name.Length - suffix.Length), out id);
    }

    private void Load(SpoolId id, bool hasContent, Action<SpoolEntry> found)
    {
        ControlState state = Read(id, out SpoolMessage? message);
        if (state == ControlState.Torn)
        {
            files.Delete(id + ControlSuffix); // First, so that a crash leaves at most an orphaned content.
            files.Delete(id + ContentSuffix);
            Log.OrphanSwept(logger, id, ControlSuffix);
        }
        else if (state == ControlState.Damaged || !hasContent || message!.Id != id)
        {
            Log.SpoolDamaged(logger, id, hasContent); // Never thrown away: it may be somebody's mail.
        }
        else
        {
            found(SpoolEntry.Of(message));
        }
    }

    private ControlState Read(SpoolId id, out SpoolMessage? message)
    {
        message = null;
        try
        {
            using ISpoolFile control = files.Open(id + ControlSuffix);
            long octets = control.Octets;
            if (octets > ControlOctetsMax)
            {
                return ControlState.Damaged;
            }
            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)octets + 1);
            try
            {
                int length = 0;
                while (length < octets && control.Read(length, buffer.AsSpan(length, (int)octets - length)) is int read and > 0)
                {
                    length += read;
                }
                return SpoolCodec.TryRead(buffer.AsSpan(0, length), out message);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (FileNotFoundException)
        {
            return ControlState.Torn;
        }
    }

    // A small message is one piece of work for one thread; a large one goes through the buffer in chunks.
    private async Task WriteContentAsync(SpoolMessage message, IMessageContent content, CancellationToken cancellationToken)
    {
        byte[] control = SpoolCodec.WriteMessage(message);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(content.Octets, 1, ChunkOctets));
        ISpoolFile? file = null;
        try
        {
            long offset = 0;
            bool last = false;
            while (!last)
            {
                int length = await content.ReadAsync(offset, buffer, cancellationToken);
                offset += length;
                last = length == 0 || offset >= content.Octets;
                bool isLast = last;
                await threads.RunAsync(() =>
                {
                    file ??= files.Create(message.Id + ContentSuffix);
                    file.Append(buffer.AsSpan(0, length));
                    if (isLast)
                    {
                        file.Sync();
                        WriteControl(message.Id, control);
                    }
                });
            }
            if (offset != message.Octets)
            {
                throw new IOException($"content of {message.Id} has {offset} octets, not {message.Octets}");
            }
        }
        finally
        {
            if (file is not null)
            {
                await threads.RunAsync(file.Dispose);
            }
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteControl(SpoolId id, byte[] line)
    {
        using ISpoolFile file = files.Create(id + ControlSuffix);
        file.Append(line);
        file.Sync();
    }

    private void TryDiscard(SpoolId id)
    {
        try
        {
            files.Delete(id + ControlSuffix);
            files.Delete(id + ContentSuffix);
        }
        catch (IOException e)
        {
            Log.SpoolFailed(logger, id, e); // The next start sweeps, or delivers what the client was told to send again.
        }
    }

    private sealed class Content(ISpoolFile file, IoThreads threads) : IMessageContent
    {
        public long Octets { get; } = file.Octets;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await threads.RunAsync(() => file.Read(offset, destination.Span));
        }

        public ValueTask DisposeAsync()
        {
            file.Dispose();
            return default;
        }
    }
}
