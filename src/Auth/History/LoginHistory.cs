using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using MailAccess.Auth.Throttling;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.History;

/// <summary>
/// Who logged in from where, for each account in a file of its own, and from it the places at which an account is known.
/// </summary>
/// <remarks>
/// <para>Nobody who logs in waits for a disk: events go through a bounded queue to one writer, which gathers for <see cref="BatchTime"/>. What a crash
/// loses came in that time; of repeats, their count of the last <see cref="RepeatTime"/>.</para>
/// Events of names that nobody has are not kept: a guesser makes no files. Thread-safe.
/// </remarks>
public sealed class LoginHistory : IAsyncDisposable
{
    /// <summary>How long events are gathered before they are written.</summary>
    internal static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);

    /// <summary>How often, at most, the count of the same event is written.</summary>
    internal static readonly TimeSpan RepeatTime = TimeSpan.FromMinutes(5);

    private const int WaitingMax = 20_000;
    private const int AccountsInMemoryMax = 10_000;
    private readonly string? _folder;
    private readonly TimeSpan _retention;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<(string Account, LoginEvent Event)> _queue =
        Channel.CreateBounded<(string, LoginEvent)>(new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private readonly ConcurrentDictionary<string, bool> _loaded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OpenEvents> _open = new(StringComparer.Ordinal); // The writer's own.
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writer;
    private bool _hasFailed;

    private LoginHistory(string? folder, TimeSpan retention, TimeSpan knownPlaceTime, TimeProvider clock, ILogger logger)
    {
        _folder = folder;
        _retention = retention;
        _clock = clock;
        _logger = logger;
        Places = new KnownPlaces(knownPlaceTime, clock);
        _writer = folder is null ? Task.CompletedTask : Task.Run(WriteAsync);
    }

    internal KnownPlaces Places { get; }

    /// <summary>A history in a folder, made where missing. Files in which nothing happened for <paramref name="retention"/> go. May throw <see cref="IOException"/>.</summary>
    public static LoginHistory Open(string folder, TimeSpan retention, TimeSpan knownPlaceTime, TimeProvider clock, ILogger logger)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string file in Directory.EnumerateFiles(folder, "*.jsonl").Where(f => clock.GetUtcNow() - File.GetLastWriteTimeUtc(f) > retention).ToList())
        {
            File.Delete(file);
        }
        return new LoginHistory(folder, retention, knownPlaceTime, clock, logger);
    }

    /// <summary>Known places only, in memory only.</summary>
    public static LoginHistory InMemory(TimeSpan knownPlaceTime, TimeProvider clock, ILogger logger) => new(null, TimeSpan.Zero, knownPlaceTime, clock, logger);

    /// <summary>Makes the places known that the account's file tells of. Read once.</summary>
    internal async ValueTask LoadAsync(string account, CancellationToken cancellationToken)
    {
        if (_folder is null || _loaded.ContainsKey(account))
        {
            return;
        }
        try
        {
            foreach (LoginEvent success in (await LoginHistoryFile.ReadAsync(LoginHistoryFile.PathOf(_folder, account), cancellationToken))
                .Where(e => e.Failure == AuthenticationFailure.None))
            {
                Places.Add(account, success.Remote, success.Last);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Log.HistoryUnavailable(_logger, account, problem.Message); // Its places are strange then, until it logs in.
        }
        _loaded[account] = true;
    }

    /// <summary>Notes what came of an attempt at an account that exists.</summary>
    internal void Add(string account, AuthenticationContext context, string mechanism, AuthenticationFailure failure)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        IPAddress remote = context.Remote;
        bool isNew = failure == AuthenticationFailure.None && Places.Add(account, remote, now);
        if (_folder is not null)
        {
            _queue.Writer.TryWrite((account, new LoginEvent
            {
                First = now,
                Last = now,
                Protocol = context.Protocol,
                Mechanism = mechanism,
                Remote = remote,
                IsEncrypted = context.IsEncrypted,
                Failure = failure,
                IsNewPlace = isNew,
            }));
        }
    }

    /// <summary>Writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _writer;
        _stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        Task repeat = Task.Delay(RepeatTime, _clock, _stopping.Token);
        bool goesOn = true;
        while (goesOn)
        {
            Task<bool> ready = _queue.Reader.WaitToReadAsync().AsTask();
            await Task.WhenAny(ready, repeat);
            if (repeat.IsCompleted && !_stopping.IsCancellationRequested)
            {
                repeat = Task.Delay(RepeatTime, _clock, _stopping.Token);
            }
            goesOn = !ready.IsCompleted || await ready;
            if (ready.IsCompleted)
            {
                await Task.Delay(BatchTime, _clock, _stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default); // Shorter at the end.
            }
            while (_queue.Reader.TryRead(out (string Account, LoginEvent Event) item))
            {
                OpenEvents open = _open.TryGetValue(item.Account, out OpenEvents? found) ? found : _open[item.Account] = new OpenEvents();
                open.Add(item.Event);
            }
            await FlushAsync(isLast: _stopping.IsCancellationRequested);
        }
    }

    private async Task FlushAsync(bool isLast)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        bool isFull = _open.Count > AccountsInMemoryMax;
        foreach ((string account, OpenEvents open) in _open.ToList())
        {
            List<LoginEvent> due = open.TakeDue(now, everything: isLast || isFull);
            try
            {
                if (due.Count > 0)
                {
                    await LoginHistoryFile.AppendAsync(LoginHistoryFile.PathOf(_folder!, account), due, now - _retention);
                    _hasFailed = false;
                }
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                if (!_hasFailed)
                {
                    Log.HistoryUnavailable(_logger, account, problem.Message);
                }
                _hasFailed = true; // Said once; mail goes on without.
            }
            if (isFull || open.IsEmpty)
            {
                _open.Remove(account);
            }
        }
    }

    /// <summary>The events of an account that may still come again, and whether the file knows their count.</summary>
    private sealed class OpenEvents
    {
        private const int KindsMax = 64;
        private readonly Dictionary<object, (LoginEvent Event, DateTimeOffset? Written, bool IsDue)> _events = [];
        private readonly List<LoginEvent> _displaced = [];

        public bool IsEmpty => _events.Count == 0;

        public void Add(LoginEvent added)
        {
            if (_events.TryGetValue(added.Kind, out (LoginEvent Event, DateTimeOffset? Written, bool IsDue) known))
            {
                _events[added.Kind] = (known.Event with { Last = added.Last, Count = known.Event.Count + 1 }, known.Written, true);
                return;
            }
            if (_events.Count >= KindsMax)
            {
                KeyValuePair<object, (LoginEvent Event, DateTimeOffset? Written, bool IsDue)> oldest = _events.MinBy(e => e.Value.Event.Last);
                _events.Remove(oldest.Key);
                if (oldest.Value.IsDue)
                {
                    _displaced.Add(oldest.Value.Event);
                }
            }
            _events.Add(added.Kind, (added, null, true));
        }

        /// <summary>What is new, and of repeats those whose count was not written for a while; those of past days are let go.</summary>
        public List<LoginEvent> TakeDue(DateTimeOffset now, bool everything)
        {
            List<LoginEvent> due = [.. _displaced];
            _displaced.Clear();
            foreach ((object kind, (LoginEvent last, DateTimeOffset? written, bool isDue)) in _events.ToList())
            {
                bool isPast = last.First.UtcDateTime.Date < now.UtcDateTime.Date;
                if (isDue && (everything || isPast || written is not { } at || now - at >= RepeatTime))
                {
                    due.Add(last);
                    _events[kind] = (last, now, false);
                }
                if (isPast)
                {
                    _events.Remove(kind);
                }
            }
            return [.. due.OrderBy(e => e.Last)];
        }
    }
}
