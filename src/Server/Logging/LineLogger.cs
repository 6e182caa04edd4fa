using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using MailAccess.Server.Configuration;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Logging;

/// <summary>
/// Writes log lines to standard error or a file, from one thread of its own: nobody who logs waits for a disk.
/// </summary>
/// <remarks>When more lines wait than the bound, new ones are dropped and counted, and a line says how many.</remarks>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    private const int LinesWaitingMax = 10_000;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(LinesWaitingMax) { SingleReader = true });
    private readonly TimeProvider _clock;
    private readonly LogFormat _format;
    private readonly string? _file;
    private readonly Task _writer;
    private long _dropped;
    private volatile bool _isBroken;
    private volatile bool _reopen;

    public LineLoggerProvider(LogConfiguration options, TimeProvider clock)
    {
        _clock = clock;
        _format = options.Format;
        _file = options.File;
        Level = options.Level;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>The least important level that is written.</summary>
    public LogLevel Level { get; set; }

    /// <summary>What was written last could not be; the next line tries again.</summary>
    internal bool IsBroken => _isBroken;

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, ShortName(categoryName));

    /// <summary>After the file was moved away (log rotation): go on in a new one of the same name.</summary>
    public void Reopen() => _reopen = true;

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writer.GetAwaiter().GetResult(); // Process end: the last lines must be out.
    }

    internal void Write(LogLevel level, string category, EventId id, string message, Exception? exception)
    {
        if (!_lines.Writer.TryWrite(Line(level, category, id, message, exception)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private static string ShortName(string category)
    {
        string name = category.StartsWith("MailAccess.", StringComparison.Ordinal) ? category["MailAccess.".Length..] : category;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return (dot < 0 ? name : name[..dot]).ToLowerInvariant();
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    private string Line(LogLevel level, string category, EventId id, string message, Exception? exception) => _format switch
    {
        LogFormat.Json => Json(level, category, id, message, exception),
        LogFormat.Maillog => Plain(MaillogLine.Begin(_clock.GetLocalNow(), category, id, message), level, message, exception),
        _ => Plain($"{Stamp()} {category}: ", level, message, exception),
    };

    private string Stamp() => _clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Plain(string begin, LogLevel level, string message, Exception? exception)
    {
        StringBuilder line = new(begin);
        if (level != LogLevel.Information)
        {
            line.Append(Word(level)).Append(": ");
        }
        AppendOneLine(line, message);
        if (exception is not null)
        {
            line.Append(" | ");
            AppendOneLine(line, exception.ToString());
        }
        return line.ToString();
    }

    private string Json(LogLevel level, string category, EventId id, string message, Exception? exception)
    {
        using MemoryStream octets = new();
        using (Utf8JsonWriter writer = new(octets))
        {
            writer.WriteStartObject();
            writer.WriteString("time", Stamp());
            writer.WriteString("level", Word(level));
            writer.WriteString("category", category);
            writer.WriteString("event", id.Name);
            writer.WriteString("message", message);
            if (exception is not null)
            {
                writer.WriteString("exception", exception.ToString());
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(octets.ToArray());
    }

    /// <summary>A line of the log is one line, whatever a client put into a name.</summary>
    private static void AppendOneLine(StringBuilder line, string text)
    {
        foreach (char c in text)
        {
            line.Append(c switch { '\n' => " / ", '\r' => "", _ when char.IsControl(c) => "?", _ => c.ToString() });
        }
    }

    private async Task WriteAsync()
    {
        StreamWriter? output = TryOpen();
        while (await _lines.Reader.WaitToReadAsync())
        {
            try
            {
                if (_reopen && _file is not null)
                {
                    _reopen = false;
                    await CloseAsync(output);
                    output = null;
                }
                output ??= Open();
                await WriteWaitingAsync(output);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // A full disk or a closed pipe: mail goes on without, and the next lines try again.
                Interlocked.Add(ref _dropped, Skip());
                TellOnce(problem);
                await CloseAsync(output);
                output = null;
            }
        }
        await CloseAsync(output);
    }

    private async Task WriteWaitingAsync(StreamWriter output)
    {
        while (_lines.Reader.TryRead(out string? line))
        {
            await output.WriteLineAsync(line);
        }
        long lost = Interlocked.Exchange(ref _dropped, 0);
        try
        {
            if (lost > 0)
            {
                string text = string.Create(CultureInfo.InvariantCulture, $"{lost} lines or more were dropped: they could not be written, or more came than could be");
                await output.WriteLineAsync(Line(LogLevel.Warning, "log", default, text, null));
            }
            await output.FlushAsync();
            _isBroken = false;
        }
        catch (IOException)
        {
            Interlocked.Add(ref _dropped, lost + 1);
            throw;
        }
    }

    private long Skip()
    {
        long count = 0;
        while (_lines.Reader.TryRead(out _))
        {
            count++;
        }
        return count;
    }

    /// <summary>The log cannot say that it cannot be written.</summary>
    private void TellOnce(Exception problem)
    {
        if (!_isBroken && _file is not null)
        {
            Console.Error.WriteLine($"mailaccess: the log {_file} cannot be written: {problem.Message}");
        }
        _isBroken = true;
    }

    private async Task CloseAsync(StreamWriter? output)
    {
        try
        {
            if (output is not null && _file is not null)
            {
                await output.DisposeAsync();
            }
        }
        catch (IOException problem)
        {
            TellOnce(problem);
        }
    }

    private StreamWriter? TryOpen()
    {
        try
        {
            return Open();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            TellOnce(problem);
            return null; // Each line that comes tries again.
        }
    }

    private StreamWriter Open()
    {
        if (_file is null)
        {
            return new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = false };
        }
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        FileStreamOptions append = new()
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, // Who writes to whom is nobody else's business.
        };
        return new StreamWriter(new FileStream(_file, append), new UTF8Encoding(false));
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= provider.Level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                provider.Write(logLevel, category, eventId, formatter(state, exception), exception);
            }
        }
    }
}

/// <summary>Hands out loggers of one provider.</summary>
internal sealed class LineLoggerFactory(LineLoggerProvider provider) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => provider.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("there is one provider");

    public void Dispose()
    {
    }
}
