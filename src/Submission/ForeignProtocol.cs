using System.Text;

namespace MailAccess.Submission;

/// <summary>Tells browsers and TLS stacks that were led to this port: nothing they go on to say may be taken for commands.</summary>
internal static class ForeignProtocol
{
    private static readonly string[] HttpMethods = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE"];

    /// <summary>An HTTP method, or the name of a header field.</summary>
    public static bool Speaks(ReadOnlySpan<byte> verb)
    {
        if (verb.Length > 1 && verb[^1] == ':')
        {
            return true;
        }
        foreach (string method in HttpMethods)
        {
            if (Ascii.EqualsIgnoreCase(verb, method))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Control octets: a TLS ClientHello, or worse.</summary>
    public static bool IsBinary(ReadOnlySpan<byte> line) => line.ContainsAnyInRange((byte)0, (byte)8) || line.Contains((byte)0x16);
}
