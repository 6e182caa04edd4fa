using System.Text.Json.Serialization;
using MailAccess.Smtp;

namespace MailAccess.Queue;

internal sealed record MessageLine
{
    [JsonPropertyName("v")]
    public int Version { get; init; }
    public string? Id { get; init; }
    public PathLine? From { get; init; }
    public RecipientLine[]? To { get; init; }
    public DateTimeOffset Arrived { get; init; }
    public long Octets { get; init; }
    public string? Protocol { get; init; }
    public string? Client { get; init; }
    public string? Hello { get; init; }
    public string? Account { get; init; }
    public string? Connection { get; init; }
    public BodyType Body { get; init; }
    public bool SmtpUtf8 { get; init; }
    public DsnReturn Ret { get; init; }
    public string? EnvId { get; init; }
    public ContentTraits Traits { get; init; }
    public SpoolPurpose Purpose { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset Next { get; init; }
    public DateTimeOffset? Hold { get; init; }
    public string? HoldRequest { get; init; }
    public DateTimeOffset? By { get; init; }
    public DeliverByMode ByMode { get; init; }
    public bool ByTrace { get; init; }
    public int Priority { get; init; }
    public bool RequireTls { get; init; }
    public string? MessageId { get; init; }
    public string? OnHold { get; init; }
}

internal sealed record PathLine
{
    public string? Local { get; init; }
    public string? Domain { get; init; }
}

internal sealed record RecipientLine
{
    public PathLine? Path { get; init; }
    public DsnNotify Notify { get; init; }
    public string? Orcpt { get; init; }
    public RecipientStatus Status { get; init; }
    public int? Code { get; init; }
    public int[]? Enhanced { get; init; }
    public string? Text { get; init; }
    public string? Host { get; init; }
    public DateTimeOffset? At { get; init; }
    public bool Told { get; init; }
    public bool DelayTold { get; init; }
    public int? Parent { get; init; }
    public PathLine? Owner { get; init; }
    public TargetLine? Target { get; init; }
}

internal sealed record TargetLine
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TargetKind Kind { get; init; }
    public string? Name { get; init; }
    public string? More { get; init; }
}

/// <summary>The kinds of <see cref="Routing.Target"/> that a member is stored with.</summary>
internal enum TargetKind
{
    Mailbox,
    File,
    Command,
    Agent,
    Discard,
}

internal sealed record UpdateLine
{
    public int? Attempts { get; init; }
    public DateTimeOffset? Next { get; init; }
    public string? OnHold { get; init; }
    public RecipientLine[]? Add { get; init; }
    public int From { get; init; }
    public ChangeLine[]? To { get; init; }
}

internal sealed record ChangeLine
{
    [JsonPropertyName("i"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int Index { get; init; }
    /// <summary>So many recipients from there on; 0: one.</summary>
    [JsonPropertyName("n")]
    public int Count { get; init; }
    public RecipientStatus? Status { get; init; }
    public int? Code { get; init; }
    public int[]? Enhanced { get; init; }
    public string? Text { get; init; }
    public string? Host { get; init; }
    public DateTimeOffset? At { get; init; }
    public bool? Told { get; init; }
    public bool? DelayTold { get; init; }
    public DsnNotify? Notify { get; init; }
    public string? Orcpt { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true)]
[JsonSerializable(typeof(MessageLine))]
[JsonSerializable(typeof(UpdateLine))]
internal sealed partial class SpoolJson : JsonSerializerContext;
