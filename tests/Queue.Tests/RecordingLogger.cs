using System.Threading.Channels;
using MailAccess.Queue;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue.Tests;

/// <summary>Keeps what was logged; tests wait for lines instead of sleeping.</summary>
internal sealed class RecordingLogger : ILogger<MailQueue>
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _all = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public int WarningsAndWorse { get; private set; }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception) + (exception is null ? "" : " " + exception);
        lock (_all)
        {
            _all.Add(line);
            WarningsAndWorse += logLevel >= LogLevel.Warning ? 1 : 0;
        }
        _lines.Writer.TryWrite(line);
    }

    /// <summary>The next line that holds all these; lines before it are passed over.</summary>
    public async Task<string> SawAsync(params string[] parts)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);
        try
        {
            while (true)
            {
                string line = await _lines.Reader.ReadAsync(patience.Token);
                if (parts.All(p => line.Contains(p, StringComparison.Ordinal)))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"never logged: {string.Join(" … ", parts)}\n{string.Join('\n', Lines)}");
        }
    }
}
