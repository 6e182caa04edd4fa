using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Gives messages of one mailbox a second name, where nobody looks, before the commit that makes them messages of another. Many are linked
/// by two workers into two folders: the system makes the names of one folder one after the other.
/// </summary>
internal sealed class CopyPreparation(MaildirStore store, MaildirMailbox source, IReadOnlyList<MessageRecord> records, MaildirMailbox destination)
{
    /// <summary>Fewer are linked sooner than a second worker is there.</summary>
    private const int SharedMessagesMin = 65;

    private readonly List<PreparedFile> _prepared = new(records.Count);

    public async ValueTask<StoreResult<PreparedMessages>> RunAsync()
    {
        bool isShared = records.Count >= SharedMessagesMin;
        int half = records.Count / 2;
        StoreError error = await OnWorkerAsync(() =>
        {
            Describe(throughTmp: isShared ? half : records.Count);
            return isShared ? default(Done) : Link(0, records.Count);
        });
        if (error == StoreError.None && isShared)
        {
            StoreError[] errors = await Task.WhenAll(OnWorkerAsync(() => Link(0, half)), OnWorkerAsync(() => Link(half, records.Count)));
            error = errors[0] != StoreError.None ? errors[0] : errors[1];
        }
        if (error == StoreError.None)
        {
            return new PreparedFiles(destination, _prepared);
        }
        await destination.DiscardAsync(_prepared);
        return error;
    }

    private async Task<StoreError> OnWorkerAsync(Func<StoreResult<Done>> work) => (await store.Workers.RunAsync(work, destination.OnFault)).Error;

    /// <summary>On a worker. So many go through <c>tmp</c>, the others through our own folder.</summary>
    private void Describe(int throughTmp)
    {
        if (throughTmp < records.Count)
        {
            store.Files.CreateFolder(destination.Folder.OwnTmp);
        }
        string[] names = [.. records.Select(r => store.UniqueNames.Next(r.Octets))];
        long[] summaries = destination.Summaries.Promise([.. records.Select((r, i) => new SummaryToCache(names[i], source.ReadSummary(r)))]);
        for (int i = 0; i < records.Count; i++)
        {
            Locator locator = Locator.Of(records[i]);
            FlagLetters letters = FlagLetters.From(records[i].Flags);
            _prepared.Add(new PreparedFile
            {
                BaseName = names[i],
                Waiting = i < throughTmp ? MaildirFolder.TemporaryPathOf(names[i]) : MaildirFolder.OwnTemporaryPathOf(names[i]),
                Octets = records[i].Octets,
                GoesToNew = letters.Bits == 0 && records[i].Keywords == 0,
                Letters = letters,
                HasBareLf = locator.HasBareLf,
                CacheLocator = summaries[i],
                SourceMailbox = source.Guid,
                SourceBaseName = source.Names[locator.NamePlace],
            });
        }
    }

    /// <summary>On a worker.</summary>
    private StoreResult<Done> Link(int start, int end)
    {
        using IFolder? inNew = store.Files.OpenFolder(source.Folder.New);
        using IFolder? inCur = store.Files.OpenFolder(source.Folder.Cur);
        using IFolder? target = store.Files.OpenFolder(Path.GetDirectoryName(destination.Folder.Full(_prepared[start].Waiting))!);
        for (int i = start; i < end; i++)
        {
            Locator locator = Locator.Of(records[i]);
            string name = locator.IsInNew ? _prepared[i].SourceBaseName : FileName.InCur(_prepared[i].SourceBaseName, locator.Letters);
            // A base name is one message's for ever: what is found under the name that we know is the right file, whatever others do meanwhile.
            bool isDone = target is not null && (locator.IsInNew ? inNew : inCur)?.Link(name, target, _prepared[i].BaseName) == LinkOutcome.Linked;
            if (!isDone && !TryElsewhere(records[i], _prepared[i]))
            {
                return StoreError.Expunged;
            }
        }
        return default(Done);
    }

    /// <summary>Under another name by now, or where no link can be.</summary>
    private bool TryElsewhere(MessageRecord record, PreparedFile prepared)
    {
        string baseName = prepared.SourceBaseName;
        string target = destination.Folder.Full(prepared.Waiting);
        lock (source.Owed.Lock)
        {
            return (source.Owed.TryGetActual(baseName, out string? actual) && store.Files.LinkOrCopy(source.Folder.Full(actual!), target, null))
                || (source.Owed.TryGetWaiting(baseName, out string? waiting) && store.Files.LinkOrCopy(source.Folder.Full(waiting!), target, null))
                || store.Files.LinkOrCopy(source.Folder.Full(MaildirFolder.PathOf(baseName, source.CurrentLocator(record))), target, null)
                || source.Folder.TryReach(baseName, path => store.Files.LinkOrCopy(source.Folder.Full(path), target, null));
        }
    }
}
