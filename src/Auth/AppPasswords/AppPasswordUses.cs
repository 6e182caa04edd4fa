using System.Net;
using System.Text;
using MailAccess.Auth.Directories;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.AppPasswords;

/// <summary>When an app password was used last, UTC in whole seconds, and by whom.</summary>
public sealed record AppPasswordUse(DateTimeOffset Time, string Protocol, IPAddress Address);

/// <summary>
/// The last use of each app password, in a file beside theirs that the running server alone writes: logins wait for no disk, and nothing that
/// happens to this file touches the passwords.
/// </summary>
/// <remarks>
/// A use is noted in memory, at most once per <see cref="NoteInterval"/> for one app password, and written with others after
/// <see cref="WriteDelay"/>: that much is lost in a crash. Of app passwords that are gone nothing is kept, so there are never more entries than those.
/// Thread-safe.
/// </remarks>
internal sealed class AppPasswordUses(string path, Func<IReadOnlySet<string>> known, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>A phone that asks every few seconds is written once in this time.</summary>
    public static readonly TimeSpan NoteInterval = TimeSpan.FromMinutes(1);

    /// <summary>From the first use that is not written to the writing.</summary>
    public static readonly TimeSpan WriteDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private Dictionary<string, AppPasswordUse> _last = new(StringComparer.Ordinal);
    private ITimer? _due;
    private bool _warned;

    /// <summary>The latest writing; for tests.</summary>
    internal Task Written { get; private set; } = Task.CompletedTask;

    /// <summary>What such a file says, by id; broken lines left out. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</summary>
    public static Dictionary<string, AppPasswordUse> Read(string path)
    {
        Dictionary<string, AppPasswordUse> uses = new(StringComparer.Ordinal);
        foreach (string line in File.Exists(path) ? File.ReadAllLines(path, Encoding.UTF8) : [])
        {
            string[] fields = line.Split('\t');
            if (fields.Length == 4 && AppPassword.TryParseTime(fields[1], out DateTimeOffset time) && IPAddress.TryParse(fields[3], out IPAddress? address))
            {
                uses[fields[0]] = new AppPasswordUse(time, fields[2], address);
            }
        }
        return uses;
    }

    /// <summary>Goes on from what an earlier process has written.</summary>
    public void Load()
    {
        Dictionary<string, AppPasswordUse> before = Read(path);
        lock (_gate)
        {
            _last = before;
        }
    }

    /// <summary>Notes a use; does not wait.</summary>
    public void Note(AppPassword password, AuthenticationContext context)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            if (_last.TryGetValue(password.Id, out AppPasswordUse? last) && (now - last.Time).Duration() < NoteInterval)
            {
                return;
            }
            _last[password.Id] = new AppPasswordUse(now, context.Protocol, context.Remote);
            _due ??= clock.CreateTimer(_ => BeginWriting(), null, WriteDelay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Writes what is not written yet.</summary>
    public async ValueTask DisposeAsync()
    {
        bool isDue;
        lock (_gate)
        {
            isDue = _due is not null;
        }
        if (isDue)
        {
            BeginWriting();
        }
        await Written;
    }

    private void BeginWriting()
    {
        lock (_gate)
        {
            _due?.Dispose();
            _due = null;
            Written = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private void Write()
    {
        lock (_writing) // One after the other, each with all there is.
        {
            StringBuilder text = new();
            IReadOnlySet<string> ids = known();
            lock (_gate)
            {
                foreach ((string id, AppPasswordUse use) in _last)
                {
                    if (ids.Contains(id))
                    {
                        text.Append($"{id}\t{AppPassword.FormatTime(use.Time)}\t{use.Protocol}\t{use.Address}\n");
                    }
                    else
                    {
                        _last.Remove(id);
                    }
                }
            }
            try
            {
                EditedFile.Replace(path, text.ToString());
                _warned = false;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                if (!_warned)
                {
                    _warned = true;
                    Log.AppPasswordUsesNotWritten(logger, path, failure.Message);
                }
            }
        }
    }
}
