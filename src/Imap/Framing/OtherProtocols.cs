using System.Text;

namespace MailAccess.Imap.Framing;

/// <summary>First lines of clients that knocked at the wrong door (and of browsers made to: cross-protocol attacks).</summary>
internal static class OtherProtocols
{
    private static readonly byte[][] Openings =
    [
        .. new[] { "GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "CONNECT ", "PRI * ", "EHLO ", "HELO ",
            "LHLO ", "MAIL FROM:", "USER ", "SSH-" }
            .Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>No IMAP client begins so.</summary>
    public static bool IsSpokenIn(ReadOnlySpan<byte> line)
    {
        foreach (byte[] opening in Openings)
        {
            if (line.Length >= opening.Length && Ascii.EqualsIgnoreCase(line[..opening.Length], opening))
            {
                return true;
            }
        }
        return !line.IsEmpty && line[0] == 0x16; // A TLS ClientHello that happens to hold CRLF.
    }
}
