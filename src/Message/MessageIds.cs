using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Message;

/// <summary>
/// Finds message-ids in References, In-Reply-To and Message-ID and brings them to one form: msg-id = "&lt;" id-left "@" id-right
/// "&gt;" (RFC 5322 §3.6.4) without its brackets, quoting and white space, as RFC 5256 §3 asks ("MUST normalize").
/// </summary>
internal static class MessageIds
{
    private const int OctetsMax = 998; // A line, RFC 5322 §2.1.1.

    /// <summary>The normalized ids in their order; the first and the last ones where there are more than the maximum.</summary>
    public static List<byte[]> Read(ReadOnlySpan<byte> value, int idsMax)
    {
        List<byte[]> ids = [];
        Queue<byte[]> last = [];
        while (TryRead(ref value, out byte[]? id))
        {
            if (ids.Count == 0)
            {
                ids.Add(id);
                continue;
            }
            last.Enqueue(id);
            if (last.Count > idsMax - 1)
            {
                last.Dequeue(); // The parent stands at the end, the thread's root at the start.
            }
        }
        ids.AddRange(last);
        return ids;
    }

    /// <summary>The first valid id; null where there is none.</summary>
    public static byte[]? ReadFirst(ReadOnlySpan<byte> value) => TryRead(ref value, out byte[]? id) ? id : null;

    private static bool TryRead(ref ReadOnlySpan<byte> value, [NotNullWhen(true)] out byte[]? id)
    {
        while (value.IndexOf((byte)'<') is int start and >= 0)
        {
            value = value[(start + 1)..];
            if (TryNormalize(value, out id, out int length))
            {
                value = value[length..];
                return true;
            }
        }
        id = null;
        return false;
    }

    /// <summary>What stands behind "&lt;" up to "&gt;"; false where that is no id.</summary>
    private static bool TryNormalize(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? id, out int length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(OctetsMax);
        int count = 0;
        bool isQuoted = false;
        bool hasAt = false;
        id = null;
        for (length = 0; length < text.Length && count < OctetsMax; length++)
        {
            byte octet = text[length];
            if (octet == '>' && !isQuoted)
            {
                bool isId = hasAt && buffer[0] != '@' && buffer[count - 1] != '@';
                id = isId ? buffer[..count] : null;
                length++;
                break;
            }
            if (octet == '<' && !isQuoted)
            {
                break; // It never ended; the next one begins.
            }
            if (octet == '\\' && isQuoted && length + 1 < text.Length)
            {
                octet = text[++length];
            }
            else if (octet == '"')
            {
                isQuoted = !isQuoted;
                continue;
            }
            else if (octet is (byte)' ' or (byte)'\t' && !isQuoted)
            {
                continue;
            }
            hasAt |= octet == '@';
            buffer[count++] = octet;
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return id is not null;
    }
}
