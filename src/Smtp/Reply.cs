using System.Globalization;

namespace MailAccess.Smtp;

/// <summary>An enhanced status code. RFC 3463.</summary>
public readonly record struct EnhancedCode(int Class, int Subject, int Detail)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");
}

/// <summary>A reply of either side of an SMTP or LMTP conversation. RFC 5321 §4.2.</summary>
/// <param name="Code">Three digits.</param>
/// <param name="Enhanced">Null where the peer gave none, or the reply has none (greeting, EHLO, 354).</param>
/// <param name="Text">Without code; lines separated by LF. No CR, no control characters.</param>
public sealed record SmtpReply(int Code, EnhancedCode? Enhanced, string Text)
{
    /// <summary>2yz.</summary>
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>3yz.</summary>
    public bool IsIntermediate => Code is >= 300 and < 400;

    /// <summary>5yz: do not try again. Everything unknown counts as temporary.</summary>
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <inheritdoc/>
    public override string ToString() =>
        Enhanced is { } enhanced
            ? string.Create(CultureInfo.InvariantCulture, $"{Code} {enhanced} {Text.ReplaceLineEndings(" / ")}")
            : string.Create(CultureInfo.InvariantCulture, $"{Code} {Text.ReplaceLineEndings(" / ")}");
}
