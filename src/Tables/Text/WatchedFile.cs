using MailAccess.Tables.Files;
using Microsoft.Extensions.Logging;

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
    private FileStamp? _stamp;
    private FileStamp? _pending;
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
            if (TableFile.Read(path, context.Limits.FileOctetsMax) is { } read)
            {
                _content = parse(read.Octets, report);
                _stamp = read.Stamp is { } stamp && IsSettled(stamp) ? stamp : null;
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
            FileStamp? now = TableFile.Look(path);
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
        if (TableFile.Read(path, context.Limits.FileOctetsMax) is not { Stamp: { } stamp } read || stamp != _pending)
        {
            return; // It moves on while it is read: the next look sees to it.
        }
        _stamp = stamp;
        _warned = false;
        TableReport report = new();
        TContent? content = parse(read.Octets, report);
        if (report.Error is { } fault)
        {
            Log.ReloadRefused(context.Logger, new TablePlace(path, fault.Line), fault.Problem);
            return;
        }
        _content = content;
        Log.Reloaded(context.Logger, path, count(content!));
        TellDoubt(report);
    }

    private bool IsSettled(FileStamp stamp) => (context.Clock.GetUtcNow().UtcDateTime - stamp.Written).Duration() > context.Limits.SettleTime;

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
}
