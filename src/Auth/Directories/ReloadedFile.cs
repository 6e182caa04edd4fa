using System.Text;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Directories;

/// <summary>What a text file says, kept in memory, and read again when the file changed. Thread-safe.</summary>
/// <remarks>
/// At most once per <see cref="AuthLimits.ReloadInterval"/> somebody who asks has the file looked at, on a thread of its own, and waits for it. While
/// the file cannot be read what was read before stays; before the first reading that is an <see cref="IOException"/>.
/// </remarks>
/// <param name="path">The file, UTF-8.</param>
/// <param name="parse">Makes something that does not change of the text.</param>
/// <param name="missing">What a file says that does not exist; null: then it cannot be read.</param>
/// <param name="limits">How often to look.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Told when the file goes away.</param>
internal sealed class ReloadedFile<TContent>(
    string path, Func<string, TContent> parse, TContent? missing, AuthLimits limits, TimeProvider clock, ILogger logger)
    where TContent : class
{
    /// <summary>A file written so recently may be written again without its time changing.</summary>
    private static readonly TimeSpan TimestampGrain = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private volatile TContent? _content;
    private Stamp? _stamp;
    private bool _warned;
    private long _lookedAt;
    private Task? _looking;

    /// <summary>What was read last; null before the first reading.</summary>
    public TContent? Latest => _content;

    /// <summary>What the file says, or said up to a reload interval ago.</summary>
    public ValueTask<TContent> GetAsync(CancellationToken cancellationToken) => GetAsync(limits.ReloadInterval, cancellationToken);

    /// <summary>What the file says at some moment after this call began.</summary>
    public async ValueTask<TContent> GetFreshAsync(CancellationToken cancellationToken)
    {
        Task? begunBefore;
        lock (_gate)
        {
            begunBefore = _looking;
        }
        if (begunBefore is not null)
        {
            await begunBefore.WaitAsync(cancellationToken);
        }
        return await GetAsync(TimeSpan.Zero, cancellationToken);
    }

    private ValueTask<TContent> GetAsync(TimeSpan ageMax, CancellationToken cancellationToken)
    {
        TContent? content = _content;
        Task looking;
        lock (_gate)
        {
            if (_looking is null && content is not null && clock.GetElapsedTime(_lookedAt) < ageMax)
            {
                return new(content);
            }
            looking = _looking ??= Task.Factory.StartNew(
                Look, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        return AfterAsync(looking, cancellationToken);
    }

    private async ValueTask<TContent> AfterAsync(Task looking, CancellationToken cancellationToken)
    {
        await looking.WaitAsync(cancellationToken);
        return _content ?? throw new IOException($"{path} cannot be read");
    }

    /// <summary>One look at a time: <see cref="_looking"/> sees to that.</summary>
    private void Look()
    {
        try
        {
            Reload();
            _warned = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            _stamp = null;
            if (!_warned)
            {
                _warned = true; // Once for each time it goes away, not once a second.
                Log.ReloadFailed(logger, path, failure.Message);
            }
        }
        finally
        {
            lock (_gate)
            {
                _lookedAt = clock.GetTimestamp();
                _looking = null;
            }
        }
    }

    private void Reload()
    {
        // The facts are taken before the content: a change in between shows at the next look.
        FileInfo facts = new(path);
        if (!facts.Exists)
        {
            _stamp = null;
            _content = missing ?? throw new FileNotFoundException($"{path} does not exist");
            return;
        }
        Stamp stamp = new(facts.LastWriteTimeUtc, facts.Length, facts.CreationTimeUtc);
        if (stamp == _stamp)
        {
            return;
        }
        _content = parse(PasswdLine.Decode(File.ReadAllBytes(path)));
        bool isSettled = (clock.GetUtcNow().UtcDateTime - stamp.Written).Duration() > TimestampGrain;
        _stamp = isSettled ? stamp : null;
    }

    /// <summary>A file renamed into place has another time of birth, where the file system keeps one.</summary>
    private sealed record Stamp(DateTime Written, long Octets, DateTime Born);
}
