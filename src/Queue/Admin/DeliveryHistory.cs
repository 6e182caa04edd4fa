using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What became of one recipient, in an attempt or in the end.</summary>
public sealed record DeliveryRecord
{
    internal const string Deferred = "deferred";

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

    /// <summary>The enhanced status code; null where nobody gave one.</summary>
    public string? Dsn { get; init; }

    /// <summary>sent, deferred, bounced, expired, deleted.</summary>
    public required string Status { get; init; }

    /// <summary>The reply that settled it.</summary>
    public string? Reply { get; init; }
}

/// <summary>Which of the two histories.</summary>
public enum HistoryKind
{
    /// <summary>What became of recipients in the end.</summary>
    Finished,
    /// <summary>Attempts after which a recipient has to wait on.</summary>
    Attempts,
}

/// <summary>Deliveries of the last days: files of JSON lines for each day (UTC), of which the oldest go.</summary>
/// <remarks>
/// Written by one task behind a bounded queue: nobody who delivers waits, and a crash may lose the last lines. The spool, not this, keeps promises. Attempts have files of
/// their own, so that whoever asks what became of mail need not read past them.
/// </remarks>
public sealed class DeliveryHistory : IAsyncDisposable
{
    private const int WaitingMax = 10_000;

    private readonly HistoryFiles _files;
    private readonly ILogger _logger;
    private readonly Channel<DeliveryRecord> _waiting = Channel.CreateBounded<DeliveryRecord>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;

    internal DeliveryHistory(string folder, int days, long octetsMax, TimeProvider clock, ILogger logger)
    {
        _files = new HistoryFiles(folder, days, octetsMax, clock);
        _logger = logger;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>
    /// What the files in the folder tell, oldest first. A line that cannot be read is passed over. Throws <see cref="UnauthorizedAccessException"/> and
    /// <see cref="IOException"/>.
    /// </summary>
    /// <param name="folder">Of the history.</param>
    /// <param name="kind">Which.</param>
    /// <param name="since">Nothing older.</param>
    /// <param name="name">A queue id or Message-ID: nothing else is read closely. Null: all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<DeliveryRecord> ReadAsync(
        string folder, HistoryKind kind, DateTimeOffset since, string? name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string written = name is null ? "" : JsonEncodedText.Encode(name).ToString(); // As it stands in the lines.
        foreach (string file in HistoryFiles.List(folder, HistoryFiles.SuffixOf(kind)))
        {
            if (!HistoryFiles.TryParseDay(file, out DateTime day) || day < since.UtcDateTime.Date || Open(file) is not { } lines)
            {
                continue;
            }
            using (lines)
            {
                while (await lines.ReadLineAsync(cancellationToken) is { } line)
                {
                    if (line.Contains(written, StringComparison.Ordinal) && Parse(line) is { } delivery && delivery.Time >= since
                        && (name is null || delivery.Id == name || delivery.MessageId == name))
                    {
                        yield return delivery;
                    }
                }
            }
        }
    }

    /// <summary>Both histories of one message, in the order of time: the latest where they are more than <paramref name="max"/>. Throws as <see cref="ReadAsync"/>.</summary>
    public static async Task<IReadOnlyList<DeliveryRecord>> ReadOneAsync(string folder, string name, DateTimeOffset since, int max, CancellationToken cancellationToken)
    {
        Queue<DeliveryRecord> latest = new();
        await foreach (DeliveryRecord attempt in ReadAsync(folder, HistoryKind.Attempts, since, name, cancellationToken))
        {
            Keep(attempt);
        }
        List<DeliveryRecord> attempts = [.. latest];
        latest.Clear();
        await foreach (DeliveryRecord finished in ReadAsync(folder, HistoryKind.Finished, since, name, cancellationToken))
        {
            Keep(finished);
        }
        return [.. attempts.Concat(latest).OrderBy(d => d.Time).TakeLast(max)];

        void Keep(DeliveryRecord record)
        {
            latest.Enqueue(record);
            if (latest.Count > max)
            {
                latest.Dequeue();
            }
        }
    }

    /// <summary>What was added is written.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
    }

    internal void Add(DeliveryRecord delivery) => _waiting.Writer.TryWrite(delivery);

    private static StreamReader? Open(string file)
    {
        try
        {
            return new StreamReader(file);
        }
        catch (FileNotFoundException)
        {
            return null; // It has just become too old.
        }
    }

    private static DeliveryRecord? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.DeliveryRecord);
        }
        catch (JsonException)
        {
            return null; // Cut off by a crash.
        }
    }

    private async Task WriteAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            try
            {
                while (_waiting.Reader.TryRead(out DeliveryRecord? delivery))
                {
                    HistoryKind kind = delivery.Status == DeliveryRecord.Deferred ? HistoryKind.Attempts : HistoryKind.Finished;
                    _files.Append(kind, JsonSerializer.SerializeToUtf8Bytes(delivery, HistoryJson.Default.DeliveryRecord));
                }
                _files.Close();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.HistoryFailed(_logger, e);
                TryClose();
                while (_waiting.Reader.TryRead(out _))
                {
                    // Dropped: a full disk is not made better by memory.
                }
            }
        }
    }

    private void TryClose()
    {
        try
        {
            _files.Close();
        }
        catch (IOException)
        {
            // What it holds cannot be written: that was said.
        }
    }
}

/// <summary>One line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeliveryRecord))]
internal sealed partial class HistoryJson : JsonSerializerContext;
