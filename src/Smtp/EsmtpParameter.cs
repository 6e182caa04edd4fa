using System.Text;

namespace MailAccess.Smtp;

/// <summary>One <c>esmtp-param = esmtp-keyword ["=" esmtp-value]</c>, RFC 5321 §4.1.2. The value is empty where there is none.</summary>
internal ref struct EsmtpParameter
{
    public ReadOnlySpan<byte> Keyword;
    public ReadOnlySpan<byte> Value;
    public bool HasValue;

    public readonly bool Is(ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(Keyword, keyword);

    public readonly bool ValueIs(ReadOnlySpan<byte> value) => HasValue && Ascii.EqualsIgnoreCase(Value, value);

    /// <summary>Reads the next one. False at the end of the line, and where <paramref name="error"/> is set.</summary>
    public static bool TryRead(ref SmtpCursor cursor, out EsmtpParameter parameter, out SmtpSyntaxError error)
    {
        parameter = default;
        error = SmtpSyntaxError.None;
        if (cursor.AtEnd)
        {
            return false;
        }
        if (cursor.Peek != (byte)' ')
        {
            error = SmtpSyntaxError.BadParameter; // Something clings to the path: <a@b>SIZE=1
            return false;
        }
        cursor.SkipSpaces();
        if (cursor.AtEnd)
        {
            return false; // Spaces at the end: RFC 5321 §4.1.1.
        }
        int end = cursor.Rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> whole = cursor.Take(end < 0 ? cursor.Rest.Length : end);
        int equals = whole.IndexOf((byte)'=');
        parameter.HasValue = equals >= 0;
        parameter.Keyword = equals < 0 ? whole : whole[..equals];
        parameter.Value = equals < 0 ? [] : whole[(equals + 1)..];
        if (!IsKeyword(parameter.Keyword) || (parameter.HasValue && !IsValue(parameter.Value)))
        {
            error = SmtpSyntaxError.BadParameter;
            return false;
        }
        return true;
    }

    // esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    private static bool IsKeyword(ReadOnlySpan<byte> text)
    {
        foreach (byte octet in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != '-')
            {
                return false;
            }
        }
        return !text.IsEmpty && text[0] != '-';
    }

    // esmtp-value = 1*(%d33-60 / %d62-126), and UTF8-non-ascii: RFC 6531 §3.3
    private static bool IsValue(ReadOnlySpan<byte> text)
    {
        foreach (byte octet in text)
        {
            if (octet is <= 32 or 127 or (byte)'=')
            {
                return false;
            }
        }
        return !text.IsEmpty && System.Text.Unicode.Utf8.IsValid(text);
    }
}
