using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What became of one recipient in the end.</summary>
public sealed record FinishedDelivery
{
    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The queue id.</summary>
    public required string Id { get; init; }

    /// <summary>The field Message-ID.</summary>
    public string? MessageId { get; init; }

    /// <summary>The sender, empty for the null reverse-path.</summary>
    public required string From { get; init; }

    /// <summary>The recipient.</summary>
    public required string To { get; init; }

    /// <summary>The recipient that the message came with, where it was another one.</summary>
    [JsonPropertyName("origTo")]
    public string? OriginalTo { get; init; }

    /// <summary>Who took it: host[address]:port, local, none.</summary>
    public required string Relay { get; init; }

    /// <summary>Seconds since it came.</summary>
    public required string Delay { get; init; }

    /// <summary>Seconds before its attempt, waiting, connecting, sending.</summary>
    public required string Delays { get; init; }

    /// <summary>The enhanced status code.</summary>
    public required string Dsn { get; init; }

    /// <summary>sent, bounced, expired.</summary>
    public required string Status { get; init; }

    /// <summary>The reply that settled it.</summary>
    public string? Reply { get; init; }
}

/// <summary>Finished deliveries of the last days: a file of JSON lines for each day (UTC), which goes when it is too old.</summary>
/// <remarks>Written by one task behind a bounded queue: nobody who delivers waits, and a crash may lose the last lines. The spool, not this, keeps promises.</remarks>
public sealed class DeliveryHistory : IAsyncDisposable
{
    private const string Suffix = ".deliveries";
    private const string DayFormat = "yyyy-MM-dd";
    private const int WaitingMax = 10_000;
    private const long DayOctetsMax = 1L << 30;
    private const int WriteOctets = 64 * 1024;

    private readonly string _folder;
    private readonly int _days;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<FinishedDelivery> _waiting = Channel.CreateBounded<FinishedDelivery>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;

    internal DeliveryHistory(string folder, int days, TimeProvider clock, ILogger logger)
    {
        _folder = folder;
        _days = days;
        _clock = clock;
        _logger = logger;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>
    /// What the files in the folder tell, oldest first. A line that cannot be read is passed over. Throws <see cref="UnauthorizedAccessException"/> and
    /// <see cref="IOException"/>.
    /// </summary>
    public static async IAsyncEnumerable<FinishedDelivery> ReadAsync(string folder, DateTimeOffset since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string file in List(folder))
        {
            if (!TryParseDay(file, out DateTime day) || day < since.UtcDateTime.Date)
            {
                continue;
            }
            await foreach (string line in File.ReadLinesAsync(file, cancellationToken))
            {
                if (Parse(line) is { } delivery && delivery.Time >= since)
                {
                    yield return delivery;
                }
            }
        }
    }

    /// <summary>What was added is written.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
    }

    internal void Add(FinishedDelivery delivery) => _waiting.Writer.TryWrite(delivery);

    // Whether it exists is not asked before: a folder that is not for us would seem to be missing.
    private static string[] List(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*" + Suffix).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static bool TryParseDay(string file, out DateTime day) => DateTime.TryParseExact(
        Path.GetFileNameWithoutExtension(file), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    private static FinishedDelivery? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.FinishedDelivery);
        }
        catch (JsonException)
        {
            return null; // Cut off by a crash.
        }
    }

    private async Task WriteAsync()
    {
        string? swept = null;
        using MemoryStream lines = new(); // Kept: most often there is one line to write, and a buffer for each would be the largest thing that a message costs.
        while (await _waiting.Reader.WaitToReadAsync())
        {
            try
            {
                string day = _clock.GetUtcNow().UtcDateTime.ToString(DayFormat, CultureInfo.InvariantCulture);
                Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                if (day != swept)
                {
                    Sweep();
                    swept = day;
                }
                FileStreamOptions append = new()
                {
                    Mode = FileMode.Append,
                    Access = FileAccess.Write,
                    Share = FileShare.ReadWrite | FileShare.Delete,
                    BufferSize = 0,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                };
                await using FileStream file = new(Path.Combine(_folder, day + Suffix), append);
                lines.SetLength(0);
                while (_waiting.Reader.TryRead(out FinishedDelivery? delivery))
                {
                    if (file.Position + lines.Length < DayOctetsMax)
                    {
                        JsonSerializer.Serialize(lines, delivery, HistoryJson.Default.FinishedDelivery);
                        lines.WriteByte((byte)'\n');
                    }
                    if (lines.Length >= WriteOctets)
                    {
                        Write(file, lines);
                    }
                }
                Write(file, lines);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.HistoryFailed(_logger, e);
                while (_waiting.Reader.TryRead(out _))
                {
                    // Dropped: a full disk is not made better by memory.
                }
            }
        }
    }

    private static void Write(FileStream file, MemoryStream lines)
    {
        file.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
        lines.SetLength(0);
    }

    private void Sweep()
    {
        DateTime oldest = _clock.GetUtcNow().UtcDateTime.Date.AddDays(-_days);
        foreach (string file in Directory.EnumerateFiles(_folder, "*" + Suffix))
        {
            if (TryParseDay(file, out DateTime day) && day < oldest)
            {
                File.Delete(file);
            }
        }
    }
}

/// <summary>One line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FinishedDelivery))]
internal sealed partial class HistoryJson : JsonSerializerContext;
