using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// The control file: lines of <c>crc32c SP json</c>. The first is the message as it arrived, each further one a step in its life.
/// </summary>
/// <remarks>
/// Every step is written with a line feed before and behind it, so that after a torn write the next one stands on its own
/// line again. A line whose checksum is wrong never happened.
/// </remarks>
internal static class SpoolCodec
{
    private const int Version = 2;
    private const int VersionWithoutMembers = 1;
    private const int ChecksumDigits = 8;

    public static byte[] WriteMessage(SpoolMessage message) => WriteLine(JsonSerializer.SerializeToUtf8Bytes(
        new MessageLine
        {
            // Servers that know no members read what has none, and leave alone what they would misread.
            Version = message.Recipients.Any(r => r.Parent is not null || r.IsReplaced) ? Version : VersionWithoutMembers,
            Id = message.Id.ToString(),
            From = ToLine(message.ReversePath),
            To = [.. message.Recipients.Select(ToLine)],
            Arrived = message.Arrived,
            Octets = message.Octets,
            Protocol = message.Origin.Protocol,
            Client = message.Origin.Remote?.ToString(),
            Hello = message.Origin.HelloName,
            Account = message.Origin.AccountName,
            Connection = message.Origin.ConnectionId,
            Body = message.Body,
            SmtpUtf8 = message.SmtpUtf8,
            Ret = message.Return,
            EnvId = message.EnvelopeId,
            Traits = message.Traits,
            Purpose = message.Purpose,
            Attempts = message.Attempts,
            Next = message.NextAttempt,
            Hold = message.Hold?.At,
            HoldRequest = message.Hold?.Request,
            By = message.DeliverBy?.At,
            ByMode = message.DeliverBy?.Mode ?? default,
            ByTrace = message.DeliverBy?.Trace ?? false,
            Priority = message.Priority,
            RequireTls = message.RequiresTls,
            OnHold = message.OnHold,
            MessageId = message.MessageId,
        },
        SpoolJson.Default.MessageLine), startOnNewLine: false);

    public static byte[] WriteUpdate(SpoolUpdate update) => WriteLine(JsonSerializer.SerializeToUtf8Bytes(
        new UpdateLine
        {
            Attempts = update.Attempts,
            Next = update.NextAttempt,
            OnHold = update.OnHold,
            Add = update.Members.Count == 0 ? null : [.. update.Members.Select(ToLine)],
            From = update.FirstMember,
            To = update.Recipients.Count == 0 ? null : [.. ToLines(update.Recipients)],
        },
        SpoolJson.Default.UpdateLine), startOnNewLine: true);

    /// <summary>The message with all its steps. <see cref="ControlState.Torn"/>: it was never whole, so nothing was ever promised.</summary>
    public static ControlState TryRead(ReadOnlySpan<byte> octets, out SpoolMessage? message)
    {
        message = null;
        if (!octets.Contains((byte)'\n'))
        {
            return ControlState.Torn;
        }
        foreach (Range range in octets.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = octets[range];
            if (!TryCheck(line, out ReadOnlySpan<byte> json))
            {
                if (message is null)
                {
                    return ControlState.Damaged;
                }
                continue; // Torn, or the empty line before each step.
            }
            try
            {
                message = message is null ? ReadMessage(json) : message.Apply(ReadUpdate(json, message.Recipients.Count));
            }
            catch (JsonException)
            {
                message = null; // The checksum is right, so this was written by another version.
            }
            if (message is null)
            {
                return ControlState.Damaged;
            }
        }
        return ControlState.Whole;
    }

    internal static uint Checksum(ReadOnlySpan<byte> octets)
    {
        uint crc = uint.MaxValue;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        }
        foreach (byte octet in octets)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }
        return ~crc;
    }

    private static byte[] WriteLine(byte[] json, bool startOnNewLine)
    {
        ArrayBufferWriter<byte> line = new(json.Length + 16);
        if (startOnNewLine)
        {
            line.Write("\n"u8);
        }
        line.Write(Encoding.ASCII.GetBytes(Checksum(json).ToString("x8", CultureInfo.InvariantCulture)));
        line.Write(" "u8);
        line.Write(json);
        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    private static bool TryCheck(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> json)
    {
        json = default;
        if (line.Length <= ChecksumDigits + 1 || line[ChecksumDigits] != ' '
            || !uint.TryParse(line[..ChecksumDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint checksum))
        {
            return false;
        }
        json = line[(ChecksumDigits + 1)..];
        return Checksum(json) == checksum;
    }

    private static SpoolMessage? ReadMessage(ReadOnlySpan<byte> json)
    {
        MessageLine? line = JsonSerializer.Deserialize(json, SpoolJson.Default.MessageLine);
        if (line is not { Version: VersionWithoutMembers or Version, Id: not null, From: not null, To: not null } || !SpoolId.TryParse(line.Id, out SpoolId id))
        {
            return null;
        }
        return new SpoolMessage
        {
            Id = id,
            ReversePath = ToPath(line.From),
            Recipients = [.. line.To.Select(ToRecipient)],
            Arrived = line.Arrived,
            Octets = line.Octets,
            Origin = new MailOrigin
            {
                Protocol = line.Protocol ?? "local",
                Remote = System.Net.IPAddress.TryParse(line.Client, out System.Net.IPAddress? client) ? client : null,
                HelloName = line.Hello,
                AccountName = line.Account,
                ConnectionId = line.Connection,
            },
            Body = line.Body,
            SmtpUtf8 = line.SmtpUtf8,
            Return = line.Ret,
            EnvelopeId = line.EnvId,
            Traits = line.Traits,
            Purpose = line.Purpose,
            Attempts = line.Attempts,
            NextAttempt = line.Next,
            Hold = line.Hold is { } release ? new FutureRelease(release, line.HoldRequest ?? "") : null,
            DeliverBy = line.By is { } deadline ? new DeliverBy(deadline, line.ByMode, line.ByTrace) : null,
            Priority = line.Priority,
            RequiresTls = line.RequireTls,
            OnHold = line.OnHold,
            MessageId = line.MessageId,
        };
    }

    private static SpoolUpdate ReadUpdate(ReadOnlySpan<byte> json, int recipients)
    {
        UpdateLine line = JsonSerializer.Deserialize(json, SpoolJson.Default.UpdateLine) ?? throw new JsonException();
        if ((uint)line.From > (uint)recipients)
        {
            throw new JsonException("members before these are missing");
        }
        return new SpoolUpdate
        {
            Attempts = line.Attempts,
            NextAttempt = line.Next,
            OnHold = line.OnHold,
            Members = [.. (line.Add ?? []).Select(ToRecipient)],
            FirstMember = line.From,
            Recipients = [.. (line.To ?? []).SelectMany(c => ToChanges(c, recipients + (line.Add?.Length ?? 0)))],
        };
    }

    private static PathLine ToLine(MailPath path) => new() { Local = path.LocalPart, Domain = path.Domain };

    private static MailPath ToPath(PathLine? line) => line switch
    {
        { Local: "", Domain: "" } => MailPath.Null,
        { Local: { } local, Domain: { } domain } when MailPath.TryCreate(local, domain, out MailPath? path) => path,
        _ => throw new JsonException("no path"),
    };

    private static RecipientLine ToLine(SpoolRecipient recipient) => new()
    {
        Path = ToLine(recipient.Recipient.Path),
        Notify = recipient.Recipient.Notify,
        Orcpt = recipient.Recipient.OriginalRecipient,
        Status = recipient.Status,
        Code = recipient.LastReply?.Code,
        Enhanced = ToText(recipient.LastReply),
        Text = recipient.LastReply?.Text,
        Host = recipient.RemoteHost,
        At = recipient.LastAttempt,
        Told = recipient.Told,
        DelayTold = recipient.DelayTold,
        Parent = recipient.Parent,
        Owner = recipient.Owner is { } owner ? ToLine(owner) : null,
        Target = ToLine(recipient.Target),
    };

    private static SpoolRecipient ToRecipient(RecipientLine line) => new()
    {
        Recipient = new EnvelopeRecipient { Path = ToPath(line.Path), Notify = line.Notify, OriginalRecipient = line.Orcpt },
        Status = line.Status,
        LastReply = ToReply(line.Code, line.Enhanced, line.Text),
        RemoteHost = line.Host,
        LastAttempt = line.At,
        Told = line.Told,
        DelayTold = line.DelayTold,
        Parent = line.Parent,
        Owner = line.Owner is null ? null : ToPath(line.Owner),
        Target = ToTarget(line.Target),
    };

    private static TargetLine? ToLine(Target? target) => target switch
    {
        Target.Mailbox mailbox => new TargetLine { Kind = TargetKind.Mailbox, Name = mailbox.AccountName },
        Target.File file => new TargetLine { Kind = TargetKind.File, Name = file.Path, More = file.User },
        Target.Command command => new TargetLine { Kind = TargetKind.Command, Name = command.Line, More = command.User },
        Target.Agent agent => new TargetLine { Kind = TargetKind.Agent, Name = agent.Name, More = agent.NextHop },
        Target.Discard discard => new TargetLine { Kind = TargetKind.Discard, Name = discard.Text },
        _ => null, // A next hop is asked for each time (it may hold a password); a failure is in the status.
    };

    private static Target? ToTarget(TargetLine? line) => line switch
    {
        null => null,
        { Kind: TargetKind.Mailbox, Name: { } account } => new Target.Mailbox(account),
        { Kind: TargetKind.File, Name: { } path } => new Target.File(path, line.More),
        { Kind: TargetKind.Command, Name: { } command } => new Target.Command(command, line.More),
        { Kind: TargetKind.Agent, Name: { } name } => new Target.Agent(name, line.More ?? ""),
        { Kind: TargetKind.Discard } => new Target.Discard(line.Name ?? ""),
        _ => throw new JsonException("no target"),
    };

    /// <summary>Neighbours who wait for one and the same reason are one: a destination that is away for days says nothing new of its thousands of recipients.</summary>
    private static List<ChangeLine> ToLines(IReadOnlyList<RecipientChange> changes)
    {
        List<ChangeLine> lines = [];
        for (int first = 0; first < changes.Count;)
        {
            int end = first + 1;
            while (end < changes.Count && IsOnlyPutOff(changes[first]) && changes[end] == changes[first] with { Index = changes[first].Index + end - first })
            {
                end++;
            }
            lines.Add(ToLine(changes[first], end - first));
            first = end;
        }
        return lines;
    }

    private static bool IsOnlyPutOff(RecipientChange change) => change is { Status: null or RecipientStatus.Pending, Told: null, DelayTold: null, Notify: null };

    private static ChangeLine ToLine(RecipientChange change, int count) => new()
    {
        Index = change.Index,
        Count = count > 1 ? count : 0,
        Status = change.Status,
        Code = change.Reply?.Code,
        Enhanced = ToText(change.Reply),
        Text = change.Reply?.Text,
        Host = change.RemoteHost,
        At = change.At,
        Told = change.Told,
        DelayTold = change.DelayTold,
        Notify = change.Notify,
        Orcpt = change.OriginalRecipient,
    };

    private static IEnumerable<RecipientChange> ToChanges(ChangeLine line, int recipients)
    {
        RecipientChange first = new(line.Index)
        {
            Status = line.Status,
            Reply = ToReply(line.Code, line.Enhanced, line.Text),
            RemoteHost = line.Host,
            At = line.At,
            Told = line.Told,
            DelayTold = line.DelayTold,
            Notify = line.Notify,
            OriginalRecipient = line.Orcpt,
        };
        return Enumerable.Range(0, Math.Clamp(line.Count, 1, Math.Max(1, recipients))).Select(i => first with { Index = line.Index + i });
    }

    private static int[]? ToText(SmtpReply? reply) => reply?.Enhanced is { } code ? [code.Class, code.Subject, code.Detail] : null;

    private static SmtpReply? ToReply(int? code, int[]? enhanced, string? text) => code is { } number
        ? new SmtpReply(number, enhanced is [int a, int b, int c] ? new EnhancedCode(a, b, c) : null, text ?? "")
        : null;
}

/// <summary>What a control file is worth.</summary>
internal enum ControlState
{
    /// <summary>A message, with its steps.</summary>
    Whole,
    /// <summary>Its first line was never finished: an intake that was cut off.</summary>
    Torn,
    /// <summary>Something else: kept for a person to look at.</summary>
    Damaged,
}
