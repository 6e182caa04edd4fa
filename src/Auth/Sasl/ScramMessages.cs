using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>client-first-message — RFC 5802 §7.</summary>
internal sealed record ScramClientFirst(string Gs2Header, string Bare, string LoginName, string AuthorizationName, string Nonce)
{
    /// <summary>
    /// Refuses channel binding (<c>p=</c>, which we do not announce) and mandatory extensions (<c>m=</c>, RFC 5802 §5.1).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out ScramClientFirst? message)
    {
        message = null;
        // gs2-header = gs2-cbind-flag "," [ authzid ] ","
        // A client that says "y" can bind channels and saw no -PLUS mechanism; it saw right.
        if (!ScramText.TryGet(octets, out string text)
            || !(text.StartsWith("n,", StringComparison.Ordinal) || text.StartsWith("y,", StringComparison.Ordinal)))
        {
            return false;
        }
        int headerEnd = text.IndexOf(',', 2);
        if (headerEnd < 0)
        {
            return false;
        }
        string authorization = "";
        string authorizationField = text[2..headerEnd];
        if (authorizationField.Length > 0
            && !(authorizationField.StartsWith("a=", StringComparison.Ordinal)
                && ScramText.TryDecodeName(authorizationField[2..], out authorization)))
        {
            return false;
        }
        // client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
        string bare = text[(headerEnd + 1)..];
        string[] fields = bare.Split(',');
        if (fields.Length < 2
            || !fields[0].StartsWith("n=", StringComparison.Ordinal) || !ScramText.TryDecodeName(fields[0][2..], out string name)
            || !fields[1].StartsWith("r=", StringComparison.Ordinal) || !ScramText.IsNonce(fields[1][2..])
            || !ScramText.AreExtensions(fields.AsSpan(2)))
        {
            return false;
        }
        message = new ScramClientFirst(text[..(headerEnd + 1)], bare, name, authorization, fields[1][2..]);
        return true;
    }
}

/// <summary>client-final-message — RFC 5802 §7.</summary>
internal sealed record ScramClientFinal(string WithoutProof, byte[] ChannelBinding, string Nonce, byte[] Proof)
{
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out ScramClientFinal? message)
    {
        message = null;
        if (!ScramText.TryGet(octets, out string text))
        {
            return false;
        }
        // channel-binding "," nonce ["," extensions] "," proof
        int proofStart = text.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofStart < 0)
        {
            return false;
        }
        string withoutProof = text[..proofStart];
        string[] fields = withoutProof.Split(',');
        if (fields.Length < 2
            || !fields[0].StartsWith("c=", StringComparison.Ordinal) || !ScramText.TryDecodeBase64(fields[0][2..], out byte[] binding)
            || !fields[1].StartsWith("r=", StringComparison.Ordinal) || !ScramText.IsNonce(fields[1][2..])
            || !ScramText.AreExtensions(fields.AsSpan(2))
            || !ScramText.TryDecodeBase64(text[(proofStart + 3)..], out byte[] proof))
        {
            return false;
        }
        message = new ScramClientFinal(withoutProof, binding, fields[1][2..], proof);
        return true;
    }
}

/// <summary>The productions that both messages share. RFC 5802 §7.</summary>
internal static class ScramText
{
    /// <summary>Strict UTF-8 without NUL (and, in messages of people, without any control character).</summary>
    public static bool TryGet(ReadOnlySpan<byte> octets, out string text) => PasswordPreparation.TryGetText(octets, out text);

    /// <summary>saslname = 1*(value-safe-char / "=2C" / "=3D"); any other "=" must fail, §5.1.</summary>
    public static bool TryDecodeName(string field, out string name)
    {
        name = "";
        StringBuilder decoded = new(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] != '=')
            {
                decoded.Append(field[i]);
                continue;
            }
            string escape = i + 3 <= field.Length ? field.Substring(i, 3) : "";
            if (escape is not ("=2C" or "=3D"))
            {
                return false;
            }
            decoded.Append(escape == "=2C" ? ',' : '=');
            i += 2;
        }
        name = decoded.ToString();
        return name.Length > 0;
    }

    /// <summary>printable = %x21-2B / %x2D-7E, one or more in practice.</summary>
    public static bool IsNonce(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>attr-val = ALPHA "=" value; unknown ones are ignored, but "m" must fail, §5.1.</summary>
    public static bool AreExtensions(ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            if (field.Length < 3 || !char.IsAsciiLetter(field[0]) || field[1] != '=' || field[0] == 'm')
            {
                return false;
            }
        }
        return true;
    }

    public static bool TryDecodeBase64(string text, out byte[] octets) =>
        SaslCodec.TryDecodeBase64(Encoding.UTF8.GetBytes(text), out octets);
}
