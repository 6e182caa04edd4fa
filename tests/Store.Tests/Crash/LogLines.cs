using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Tests.Crash;

/// <summary>What the store told the administrator; shown where a test fails.</summary>
internal sealed class LogLines : ILogger
{
    private readonly List<string> _lines = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add($"{logLevel}: {formatter(state, exception)} {exception?.Message}");
        }
    }

    public void Clear()
    {
        lock (_lines)
        {
            _lines.Clear();
        }
    }

    public override string ToString()
    {
        lock (_lines)
        {
            return string.Join('\n', _lines.TakeLast(12));
        }
    }
}

public sealed class FullDiskTests() : CrashTests(Fault.NoSpace);

public sealed class PermissionTests() : CrashTests(Fault.NoPermission);

public sealed class KillTests() : CrashTests(Fault.Kill);

public sealed class PowerLossTests() : CrashTests(Fault.PowerLoss);
