using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>What a client says of channel binding: gs2-cbind-flag — RFC 5802 §7.</summary>
internal enum ScramBindingFlag
{
    /// <summary><c>n</c>: it cannot.</summary>
    None,
    /// <summary><c>y</c>: it can, and believes that we cannot.</summary>
    BelievedUnsupported,
    /// <summary><c>p=</c>: it wants to, in the way named.</summary>
    Required,
}

/// <summary>client-first-message — RFC 5802 §7.</summary>
/// <param name="Gs2Header">As it came, up to its last comma.</param>
/// <param name="BindingFlag">The first field of that header.</param>
/// <param name="BindingType">cb-name; empty unless the flag is <see cref="ScramBindingFlag.Required"/>.</param>
/// <param name="Bare">What follows the header.</param>
/// <param name="LoginName">Decoded.</param>
/// <param name="AuthorizationName">Decoded; empty where there is none.</param>
/// <param name="Nonce">The client's part.</param>
internal sealed record ScramClientFirst(
    string Gs2Header, ScramBindingFlag BindingFlag, string BindingType, string Bare, string LoginName, string AuthorizationName, string Nonce)
{
    /// <summary>cb-name = 1*(ALPHA / DIGIT / "." / "-")</summary>
    private static readonly SearchValues<char> BindingTypeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>Refuses mandatory extensions (<c>m=</c>, RFC 5802 §5.1).</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out ScramClientFirst? message)
    {
        message = null;
        // gs2-header = gs2-cbind-flag "," [ authzid ] ","
        if (!ScramText.TryGet(octets, out string text))
        {
            return false;
        }
        int flagEnd = text.IndexOf(',', StringComparison.Ordinal);
        int headerEnd = flagEnd < 0 ? -1 : text.IndexOf(',', flagEnd + 1);
        if (headerEnd < 0 || !TryReadFlag(text[..flagEnd], out ScramBindingFlag flag, out string type))
        {
            return false;
        }
        string authorization = "";
        string authorizationField = text[(flagEnd + 1)..headerEnd];
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
        message = new ScramClientFirst(text[..(headerEnd + 1)], flag, type, bare, name, authorization, fields[1][2..]);
        return true;
    }

    /// <summary>gs2-cbind-flag = ("p=" cb-name) / "n" / "y"</summary>
    private static bool TryReadFlag(string field, out ScramBindingFlag flag, out string type)
    {
        bool isNamed = field.StartsWith("p=", StringComparison.Ordinal);
        type = isNamed ? field[2..] : "";
        flag = isNamed ? ScramBindingFlag.Required : field == "y" ? ScramBindingFlag.BelievedUnsupported : ScramBindingFlag.None;
        return isNamed ? type.Length > 0 && !type.AsSpan().ContainsAnyExcept(BindingTypeCharacters) : field is "n" or "y";
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
