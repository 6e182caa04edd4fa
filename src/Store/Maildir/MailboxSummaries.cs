using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>The summaries of one mailbox: its cache, which may be replaced by a smaller one while it is in use.</summary>
internal sealed class MailboxSummaries(MaildirStore store, SummaryCache cache, NamesHeap names, MailboxHealth health) : IDisposable
{
    private SummaryCache _cache = cache;
    private int _isReadingAhead;

    public SummaryCache Cache => Volatile.Read(ref _cache);

    /// <summary>Takes the new cache; the old one ends.</summary>
    public void Replace(SummaryCache smaller) => Interlocked.Exchange(ref _cache, smaller).Dispose();

    /// <summary>If it is in memory. Where it is not but may be in the file, it and those that follow soon will be.</summary>
    public bool TryGet(in MessageRecord record, out ReadOnlyMemory<byte> summary)
    {
        bool isThere = Cache.TryGet(record.CacheLocator, names.Utf8At(Locator.Of(record).NamePlace), out summary);
        if (!isThere && record.CacheLocator != 0 && Interlocked.Exchange(ref _isReadingAhead, 1) == 0)
        {
            ReadAhead(record.CacheLocator);
        }
        return isThere;
    }

    /// <summary>Empty where the cache has none. On a worker.</summary>
    public ReadOnlyMemory<byte> Read(in MessageRecord record)
    {
        try
        {
            return record.CacheLocator != 0
                && Cache.TryRead(record.CacheLocator, names.Utf8At(Locator.Of(record).NamePlace), out ReadOnlyMemory<byte> summary) ? summary : default;
        }
        catch (FileFault fault)
        {
            health.Tell(fault); // It is only a cache: the message is read instead.
            return default;
        }
    }

    /// <summary>On a worker. 0 where the cache cannot be written: it is only a cache.</summary>
    public long[] Add(IReadOnlyList<SummaryToCache> summaries)
    {
        try
        {
            return Cache.Add(summaries);
        }
        catch (FileFault fault)
        {
            health.Tell(fault);
            return new long[summaries.Count];
        }
    }

    /// <inheritdoc cref="SummaryCache.Promise"/>
    public long[] Promise(IReadOnlyList<SummaryToCache> summaries) => Cache.Promise(summaries);

    /// <summary>Writes what was promised, if the cache can be written. On a worker.</summary>
    public void WritePromised()
    {
        try
        {
            Cache.WritePromised();
        }
        catch (FileFault fault)
        {
            health.Tell(fault);
        }
    }

    public void Dispose() => Cache.Dispose();

    /// <summary>Whoever looks for one summary soon looks for those behind it: they come while he reads this one from its message.</summary>
    private void ReadAhead(long locator)
    {
        Task reading = store.Workers.RunAsync(() =>
        {
            try
            {
                Cache.ReadAhead(locator);
            }
            catch (FileFault fault)
            {
                health.Tell(fault);
            }
            Volatile.Write(ref _isReadingAhead, 0);
        });
        if (reading.IsFaulted)
        {
            Volatile.Write(ref _isReadingAhead, 0); // No room for more work.
        }
    }
}
