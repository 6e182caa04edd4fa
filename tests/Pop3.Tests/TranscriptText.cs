using System.Text;

namespace MailAccess.Pop3.Tests;

/// <summary>Escapes in the directives of this project.</summary>
internal static class TranscriptText
{
    public static byte[] Unescape(string text) => Encoding.UTF8.GetBytes(text.Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
}
