using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Tables.Text;

/// <summary>What a table's file says, kept in memory, and read again when the file changed. Thread-safe.</summary>
/// <remarks>
/// At most once per <see cref="TableLimits.LookInterval"/> one of those who ask looks whether the file is another one than it was; the others go on with
/// what was read before. A file that was written just now may be half written: it is read when it was left alone for <see cref="TableLimits.SettleTime"/>,
/// or when it looked the same twice. A file that went away, cannot be read or has an error changes nothing, so that an editor which is saving, or a slip of
/// the hand, bounces no mail; it is told of once in the log.
/// </remarks>
internal sealed class WatchedFile<TContent>(TableContext context, string path, bool isOptional, Func<byte[], TableReport, TContent?> parse, Func<TContent, int> count)
    where TContent : class
{
    private volatile TContent? _content;
    private Stamp? _stamp;
    private Stamp? _pending;
    private bool _warned;
    private long _lookedAt;
    private int _looking;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>What it says. After <see cref="TryOpen"/> only.</summary>
    public TContent Content
    {
        get
        {
            if (context.Clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= context.Limits.LookInterval && Interlocked.Exchange(ref _looking, 1) == 0)
            {
                try
                {
                    Look();
                }
                finally
                {
                    Volatile.Write(ref _lookedAt, context.Clock.GetTimestamp());
                    Volatile.Write(ref _looking, 0);
                }
            }
            return _content!;
        }
    }

    /// <summary>Reads the file for the first time.</summary>
    /// <param name="error">Why not, with file and line.</param>
    public bool TryOpen(out string? error)
    {
        Volatile.Write(ref _lookedAt, context.Clock.GetTimestamp());
        TableReport report = new();
        error = null;
        try
        {
            if (TryRead(out byte[] octets, out Stamp stamp))
            {
                _content = parse(octets, report);
                _stamp = IsSettled(stamp) ? stamp : null;
            }
            else if (isOptional)
            {
                _content = parse([], report);
            }
            else
            {
                error = Databases().FirstOrDefault(File.Exists) is { } database
                    ? $"{path} does not exist; {database} does, but only the text that it was made from is read here"
                    : $"{path} does not exist";
            }
        }
        catch (Exception failure) when (IsFileFailure(failure))
        {
            error = $"{path} cannot be read: {failure.Message}";
        }
        if (report.Error is { } fault)
        {
            _content = null;
            error = $"{new TablePlace(path, fault.Line)}: {fault.Problem}";
        }
        TellDoubt(report);
        return error is null;
    }

    private void Look()
    {
        try
        {
            Stamp? now = Facts();
            if (now is null && isOptional && _stamp is null)
            {
                return;
            }
            if (now is null)
            {
                Warn("does not exist any more");
            }
            else if (now != _stamp)
            {
                bool isWhole = now == _pending || IsSettled(now);
                _pending = now;
                if (isWhole)
                {
                    Reload();
                }
            }
            else
            {
                _warned = false;
            }
        }
        catch (Exception failure) when (IsFileFailure(failure))
        {
            Warn(failure.Message);
        }
    }

    private void Reload()
    {
        if (!TryRead(out byte[] octets, out Stamp stamp) || stamp != _pending)
        {
            return; // It moves on while it is read: the next look sees to it.
        }
        _stamp = stamp;
        _warned = false;
        TableReport report = new();
        TContent? content = parse(octets, report);
        if (report.Error is { } fault)
        {
            Log.ReloadRefused(context.Logger, new TablePlace(path, fault.Line), fault.Problem);
            return;
        }
        _content = content;
        Log.Reloaded(context.Logger, path, count(content!));
        TellDoubt(report);
    }

    private bool TryRead(out byte[] octets, out Stamp stamp)
    {
        (octets, stamp) = ([], new Stamp(default, 0));
        if (!File.Exists(path))
        {
            return Directory.Exists(path) ? throw new IOException("it is a directory") : false;
        }
        using SafeFileHandle file = Open();
        stamp = Stamp.Of(file);
        if (stamp.Octets > context.Limits.FileOctetsMax)
        {
            throw new IOException($"it has more than {context.Limits.FileOctetsMax} octets");
        }
        octets = new byte[stamp.Octets];
        int filled = 0;
        while (filled < octets.Length && RandomAccess.Read(file, octets.AsSpan(filled), filled) is int read and > 0)
        {
            filled += read;
        }
        if (filled < octets.Length || Stamp.Of(file) != stamp)
        {
            stamp = new Stamp(default, 0);
        }
        octets = filled < octets.Length ? octets[..filled] : octets;
        return true;
    }

    private Stamp? Facts()
    {
        if (!File.Exists(path))
        {
            return null;
        }
        using SafeFileHandle file = Open();
        return Stamp.Of(file);
    }

    private SafeFileHandle Open() => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private bool IsSettled(Stamp stamp) => (context.Clock.GetUtcNow().UtcDateTime - stamp.Written).Duration() > context.Limits.SettleTime;

    private void Warn(string problem)
    {
        _stamp = null;
        if (!_warned)
        {
            _warned = true; // Once for each time it goes away, not once a second.
            Log.ReloadFailed(context.Logger, path, problem);
        }
    }

    private void TellDoubt(TableReport report)
    {
        if (report.Doubt is { } doubt)
        {
            Log.Suspicious(context.Logger, new TablePlace(path, doubt.Line), doubt.Problem);
        }
    }

    private IEnumerable<string> Databases() => ((string[])[".db", ".lmdb", ".cdb", ".pag"]).Select(e => path + e);

    private static bool IsFileFailure(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>Of the file that a symbolic link names.</summary>
    private sealed record Stamp(DateTime Written, long Octets)
    {
        public static Stamp Of(SafeFileHandle file) => new(File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
    }
}
