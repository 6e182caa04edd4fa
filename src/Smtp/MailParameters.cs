using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>The parameters of MAIL, each with its RFC.</summary>
internal static class MailParameters
{
    /// <summary>RFC 3461 §4.4: 100 characters.</summary>
    public const int EnvelopeIdLengthMax = 100;

    private enum Keyword
    {
        Unknown,
        Size,
        Body,
        SmtpUtf8,
        Auth,
        Return,
        EnvelopeId,
        HoldFor,
        HoldUntil,
        DeliverBy,
        Priority,
        RequireTls,
    }

    public static SmtpSyntaxError Parse(ref SmtpCursor cursor, MailPath path, SmtpExtensions announced, out MailRequest? request)
    {
        request = null;
        MailRequest parsed = new() { ReversePath = path };
        int seen = 0;
        SmtpSyntaxError error;
        while (EsmtpParameter.TryRead(ref cursor, out EsmtpParameter parameter, out error))
        {
            Keyword keyword = KeywordOf(parameter, announced);
            if (keyword == Keyword.Unknown)
            {
                return SmtpSyntaxError.UnknownParameter;
            }
            // One hold-param, whichever: RFC 4865 §4.2.
            int bit = 1 << (int)(keyword == Keyword.HoldUntil ? Keyword.HoldFor : keyword);
            if ((seen & bit) != 0)
            {
                return SmtpSyntaxError.DuplicateParameter; // RFC 5321 §4.1.1.11: a keyword appears once.
            }
            seen |= bit;
            error = Apply(keyword, parameter, announced, ref parsed);
            if (error != SmtpSyntaxError.None)
            {
                return error;
            }
        }
        if (error != SmtpSyntaxError.None)
        {
            return error;
        }
        if (!path.IsAscii && !parsed.SmtpUtf8)
        {
            return SmtpSyntaxError.NeedsSmtpUtf8;
        }
        request = parsed;
        return SmtpSyntaxError.None;
    }

    private static Keyword KeywordOf(EsmtpParameter parameter, SmtpExtensions announced)
    {
        (Keyword keyword, SmtpExtensions extension) =
            parameter.Is("SIZE"u8) ? (Keyword.Size, SmtpExtensions.Size)
            : parameter.Is("BODY"u8) ? (Keyword.Body, SmtpExtensions.EightBitMime)
            : parameter.Is("SMTPUTF8"u8) ? (Keyword.SmtpUtf8, SmtpExtensions.SmtpUtf8)
            : parameter.Is("AUTH"u8) ? (Keyword.Auth, SmtpExtensions.Auth)
            : parameter.Is("RET"u8) ? (Keyword.Return, SmtpExtensions.Dsn)
            : parameter.Is("ENVID"u8) ? (Keyword.EnvelopeId, SmtpExtensions.Dsn)
            : parameter.Is("HOLDFOR"u8) ? (Keyword.HoldFor, SmtpExtensions.FutureRelease)
            : parameter.Is("HOLDUNTIL"u8) ? (Keyword.HoldUntil, SmtpExtensions.FutureRelease)
            : parameter.Is("BY"u8) ? (Keyword.DeliverBy, SmtpExtensions.DeliverBy)
            : parameter.Is("MT-PRIORITY"u8) ? (Keyword.Priority, SmtpExtensions.MtPriority)
            : parameter.Is("REQUIRETLS"u8) ? (Keyword.RequireTls, SmtpExtensions.RequireTls)
            : (Keyword.Unknown, SmtpExtensions.None);
        return (announced & extension) != 0 ? keyword : Keyword.Unknown;
    }

    private static SmtpSyntaxError Apply(Keyword keyword, EsmtpParameter parameter, SmtpExtensions announced, ref MailRequest request)
    {
        switch (keyword)
        {
            case Keyword.Size:
                return ApplySize(parameter, ref request);
            case Keyword.Body:
                return ApplyBody(parameter, announced, ref request);
            case Keyword.SmtpUtf8:
                request = request with { SmtpUtf8 = true };
                return parameter.HasValue ? SmtpSyntaxError.BadSmtpUtf8 : SmtpSyntaxError.None;
            case Keyword.Auth:
                // "AUTH=" ( xtext / "<>" )   RFC 4954 §5
                bool authFits = parameter.ValueIs("<>"u8) || (parameter.HasValue && Xtext.TryDecode(parameter.Value, out _));
                request = authFits ? request with { Auth = Encoding.ASCII.GetString(parameter.Value) } : request;
                return authFits ? SmtpSyntaxError.None : SmtpSyntaxError.BadAuth;
            case Keyword.Return:
                // ret-value = "FULL" / "HDRS"   RFC 3461 §4.3
                request = request with { Return = parameter.ValueIs("FULL"u8) ? DsnReturn.Full : DsnReturn.Headers };
                return parameter.ValueIs("FULL"u8) || parameter.ValueIs("HDRS"u8) ? SmtpSyntaxError.None : SmtpSyntaxError.BadReturn;
            case Keyword.HoldFor or Keyword.HoldUntil:
                request = request with { Hold = keyword == Keyword.HoldFor ? HoldParameter.ParseFor(parameter.Value) : HoldParameter.ParseUntil(parameter.Value) };
                return request.Hold is null ? SmtpSyntaxError.BadHold : SmtpSyntaxError.None;
            case Keyword.DeliverBy:
                request = request with { DeliverBy = DeliverByParameter.Parse(parameter.Value) };
                return request.DeliverBy is null ? SmtpSyntaxError.BadDeliverBy : SmtpSyntaxError.None;
            case Keyword.Priority:
                // priority-value = (["-"] NZDIGIT) / "0"   RFC 6710 §7
                request = request with
                {
                    Priority = parameter.Value switch
                    {
                        [>= (byte)'0' and <= (byte)'9' and byte digit] => digit - '0',
                        [(byte)'-', >= (byte)'1' and <= (byte)'9' and byte digit] => '0' - digit,
                        _ => null,
                    },
                };
                return request.Priority is null ? SmtpSyntaxError.BadPriority : SmtpSyntaxError.None;
            case Keyword.RequireTls:
                request = request with { RequiresTls = true };
                return parameter.HasValue ? SmtpSyntaxError.BadRequireTls : SmtpSyntaxError.None;
            default:
                // What is inside comes back in a report field: printable only.   RFC 3461 §4.4
                string id = Encoding.UTF8.GetString(parameter.Value);
                bool idFits = id.Length is > 0 and <= EnvelopeIdLengthMax && Xtext.TryDecodePrintable(id, out _);
                request = idFits ? request with { EnvelopeId = id } : request;
                return idFits ? SmtpSyntaxError.None : SmtpSyntaxError.BadEnvelopeId;
        }
    }

    /// <summary>body-value = "7BIT" / "8BITMIME" / "BINARYMIME" — RFC 6152 §2, RFC 3030 §3.</summary>
    private static SmtpSyntaxError ApplyBody(EsmtpParameter parameter, SmtpExtensions announced, ref MailRequest request)
    {
        bool isBinary = parameter.ValueIs("BINARYMIME"u8) && (announced & SmtpExtensions.BinaryMime) != 0;
        bool isEightBit = parameter.ValueIs("8BITMIME"u8);
        request = request with { Body = isBinary ? BodyType.BinaryMime : isEightBit ? BodyType.EightBitMime : BodyType.SevenBit };
        return isBinary || isEightBit || parameter.ValueIs("7BIT"u8) ? SmtpSyntaxError.None : SmtpSyntaxError.BadBody;
    }

    /// <summary>size-value = 1*20DIGIT — RFC 1870 §4.</summary>
    private static SmtpSyntaxError ApplySize(EsmtpParameter parameter, ref MailRequest request)
    {
        if (parameter.Value.Length is 0 or > 20 || parameter.Value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return SmtpSyntaxError.BadSize;
        }
        // Legal but absurd beyond 63 bits: let the limit refuse it.
        bool fits = long.TryParse(parameter.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long octets);
        request = request with { Size = new SizeParameter(fits ? octets : long.MaxValue) };
        return SmtpSyntaxError.None;
    }
}
