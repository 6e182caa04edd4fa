using System.Text.RegularExpressions;

namespace MailAccess.Testing;

/// <summary>What clients send in transcripts, as seeds of fuzzers.</summary>
public static partial class TranscriptOctets
{
    /// <summary>All octets that clients send, sessions one behind the other; base64 is filled in, names that replies bind are not.</summary>
    public static byte[] OfClients(Transcript transcript)
    {
        using MemoryStream octets = new();
        foreach (TranscriptLine line in transcript.Lines)
        {
            string text = Base64().Replace(line.Text, m => TranscriptPatterns.Fill(m.Value, []));
            switch (line.Action)
            {
                case TranscriptAction.Send:
                    octets.Write(System.Text.Encoding.UTF8.GetBytes(text + "\r\n"));
                    break;
                case TranscriptAction.SendRaw:
                    octets.Write(TranscriptPatterns.Unescape(text));
                    break;
            }
        }
        return octets.ToArray();
    }

    /// <summary>A few random changes: pieces taken out, doubled, put in from <paramref name="pieces"/>, octets replaced.</summary>
    public static byte[] Mutate(byte[] seed, IReadOnlyList<byte[]> pieces, Random random)
    {
        List<byte> octets = [.. seed];
        for (int n = random.Next(4); n >= 0 && octets.Count > 0; n--)
        {
            int at = random.Next(octets.Count);
            switch (random.Next(4))
            {
                case 0:
                    octets.RemoveRange(at, Math.Min(random.Next(20), octets.Count - at));
                    break;
                case 1:
                    octets[at] = (byte)random.Next(256);
                    break;
                case 2:
                    octets.InsertRange(at, pieces[random.Next(pieces.Count)]);
                    break;
                default:
                    octets.InsertRange(at, octets.GetRange(random.Next(at + 1), Math.Min(40, octets.Count - at)).ToArray());
                    break;
            }
        }
        return [.. octets];
    }

    [GeneratedRegex("\\{=[^}]*\\}")]
    private static partial Regex Base64();
}
