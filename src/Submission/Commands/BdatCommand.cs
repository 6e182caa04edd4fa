using System.Globalization;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>BDAT — RFC 3030 §2. The chunk that follows, and the reply behind it, are <see cref="ChunkReceiver"/>'s.</summary>
/// <remarks>
/// The octets come whatever we think of the command. So every refusal is kept until they were read and dropped; only where
/// nobody can say how many they are, or where they are too many to read, the connection ends.
/// </remarks>
internal static class BdatCommand
{
    public static readonly SubmissionCommand Definition = new("BDAT", CommandTraits.Chunk, Execute) { IsOffered = SubmissionCommand.MaySend };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (!TryParse(arguments, out ChunkHeader chunk))
        {
            return new CommandResult(SmtpReplies.BadChunkSize, FollowUp.HangUp);
        }
        long before = session.Transaction?.Chunks?.Octets ?? 0;
        if (chunk.Octets > session.Sink.MessageOctetsMax + session.Limits.DrainOctetsMax - before)
        {
            return new CommandResult(SmtpReplies.MessageTooBig, FollowUp.HangUp);
        }
        session.Chunk = chunk;
        return new CommandResult(null, FollowUp.Chunk);
    }

    // bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF
    // chunk-size = 1*DIGIT, end-marker = "LAST"
    private static bool TryParse(ReadOnlySpan<byte> arguments, out ChunkHeader chunk)
    {
        arguments = arguments.Trim((byte)' ');
        int space = arguments.IndexOf((byte)' ');
        ReadOnlySpan<byte> size = space < 0 ? arguments : arguments[..space];
        ReadOnlySpan<byte> marker = space < 0 ? [] : arguments[space..].TrimStart((byte)' ');
        chunk = default;
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long octets)
            || !(marker.IsEmpty || Ascii.EqualsIgnoreCase(marker, "LAST"u8)))
        {
            return false;
        }
        chunk = new ChunkHeader(octets, !marker.IsEmpty);
        return true;
    }
}

/// <summary>What BDAT announced.</summary>
internal readonly record struct ChunkHeader(long Octets, bool IsLast);
