using System.Text.Json;
using System.Text.Json.Serialization;
using MailAccess.Queue;

namespace MailAccess.Server.Control;

/// <summary>
/// What the command line and the running server say to each other: JSON objects, one a line. A client sends a request and reads answers up to the one that ends;
/// then it may send another.
/// </summary>
internal static class ControlProtocol
{
    /// <summary>Raised when a request or an answer changes its meaning; members that older readers may pass over do not raise it.</summary>
    public const int Version = 1;

    /// <summary>The socket in the data folder.</summary>
    public const string SocketName = "control";

    public const int ClientsMax = 32;

    /// <summary>Room for some ten thousand ids.</summary>
    public const int RequestOctetsMax = 256 * 1024;

    /// <summary>One message with many recipients.</summary>
    public const int AnswerOctetsMax = 64 * 1024 * 1024;

    /// <summary>Octets of content in one answer.</summary>
    public const int ContentOctetsMax = 48 * 1024;

    public static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>For a client that does not read: somebody may page through what is listed, and that costs a place among the clients and little else.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromHours(1);

    /// <summary>How long an action may wait for a delivery that runs.</summary>
    public static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(30);
}

/// <summary>What is asked for.</summary>
internal enum ControlCommand
{
    /// <summary>The messages in the queue that fit the filter: an entry each.</summary>
    QueueList,
    /// <summary>The octets of the message that the filter's one id names.</summary>
    QueueContent,
    /// <summary>The action, for all that fit the filter: an outcome each.</summary>
    QueueAct,
    /// <summary>Everything that waits is due.</summary>
    QueueFlush,
}

/// <summary>A line from the client.</summary>
internal sealed record ControlRequest
{
    public required int Version { get; init; }

    public required ControlCommand Command { get; init; }

    /// <summary>Which messages; null: every one.</summary>
    public QueueFilter? Filter { get; init; }

    [JsonIgnore]
    public QueueFilter Wanted => (Filter ?? QueueFilter.All) with { Ids = Filter?.Ids ?? [] }; // What is not said is null, whatever its default.

    public QueueAction? Action { get; init; }

    /// <summary>Why, in words of the administrator.</summary>
    public string? Text { get; init; }

    /// <summary>How long to wait for a message that is being delivered.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Entries wanted at most; null: all.</summary>
    public long? Limit { get; init; }

    /// <summary>Of the content, only the header.</summary>
    public bool HeaderOnly { get; init; }
}

/// <summary>A line from the server; one of the members says what it is.</summary>
internal sealed record ControlAnswer
{
    public QueueEntry? Entry { get; init; }

    public QueueActionOutcome? Outcome { get; init; }

    public byte[]? Content { get; init; }

    /// <summary>The request is answered; how many it was about.</summary>
    public long? Ended { get; init; }

    /// <summary>The request is answered: it could not be done.</summary>
    public string? Error { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(WordConverter<ControlCommand>), typeof(WordConverter<QueueState>), typeof(WordConverter<QueueAction>), typeof(WordConverter<QueueActionResult>)])]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;

/// <summary>Words of an enumeration as <c>notFound</c>.</summary>
internal sealed class WordConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
