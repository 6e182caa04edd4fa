namespace MailAccess.Store.Maildir;

/// <summary>Line ends of files that other programs wrote.</summary>
internal static class LineEnds
{
    /// <summary>Copies, with a CR before each LF that has none, until either side is used up. Goes on where it stopped by <paramref name="afterCr"/>.</summary>
    /// <param name="raw">What the file has.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="afterCr">The last octet written was a CR; of the whole message, not of this call. An LF that follows gets none.</param>
    /// <param name="taken">Octets used of <paramref name="raw"/>.</param>
    /// <param name="written">Octets written.</param>
    public static void ToCrlf(ReadOnlySpan<byte> raw, Span<byte> destination, ref bool afterCr, out int taken, out int written)
    {
        taken = 0;
        written = 0;
        while (taken < raw.Length && written < destination.Length)
        {
            ReadOnlySpan<byte> rest = raw[taken..];
            int feed = rest.IndexOf((byte)'\n');
            int copied = Math.Min(feed < 0 ? rest.Length : feed, destination.Length - written);
            if (copied > 0)
            {
                rest[..copied].CopyTo(destination[written..]);
                afterCr = rest[copied - 1] == (byte)'\r';
                taken += copied;
                written += copied;
            }
            if (copied != feed || written == destination.Length)
            {
                continue;
            }
            // Either octet may be the last that fits: the next call goes on between them.
            destination[written++] = afterCr ? (byte)'\n' : (byte)'\r';
            taken += afterCr ? 1 : 0;
            afterCr = !afterCr;
        }
    }
}
