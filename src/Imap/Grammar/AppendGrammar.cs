namespace MailAccess.Imap.Grammar;

/// <summary>What a message, or a part of one, is given by in APPEND and REPLACE.</summary>
internal enum AppendElementKind
{
    /// <summary>A message begins; with its flags and date.</summary>
    Begin,
    /// <summary>The octets that a URL names. RFC 4469 §3.</summary>
    Url,
    /// <summary>The message, as a literal. RFC 3501 §6.3.11.</summary>
    Literal,
    /// <summary>The message, as a literal8: binary parts in it are meant so. RFC 3516 §4.4.</summary>
    BinaryLiteral,
    /// <summary>A piece of the message, as a literal. RFC 4469 §3.</summary>
    TextLiteral,
    /// <summary>The message is whole.</summary>
    End,
}

/// <summary>One of them.</summary>
/// <param name="Kind">Which; of a literal the octets are still on the wire, and it is the last one for now.</param>
internal readonly record struct AppendElement(AppendElementKind Kind)
{
    /// <summary>Of the new message.</summary>
    public FlagList? Flags { get; init; }

    /// <summary>Null: now.</summary>
    public DateTimeOffset? InternalDate { get; init; }

    /// <summary>As the client wrote it.</summary>
    public byte[]? Url { get; init; }
}

/// <summary>What a piece of the command came to.</summary>
internal enum AppendPiece
{
    /// <summary>Not the grammar's; what was expected stands in the arguments.</summary>
    Syntax,
    /// <summary>The end of the command.</summary>
    Complete,
    /// <summary>Up to a literal that is a message or a piece of one.</summary>
    Literal,
    /// <summary>Up to a literal that is one of the command's strings.</summary>
    String,
}

/// <summary>
/// The messages of APPEND and REPLACE, read in the pieces that lie between those literals which stay on the wire:
/// append-message = [SP flag-list] [SP date-time] SP append-data; append-data = literal / literal8 / "CATENATE" SP "(" cat-part
/// *(SP cat-part) ")" / utf8-literal; cat-part = "TEXT" SP literal / "URL" SP astring / utf8-literal;
/// utf8-literal = "UTF8" SP "(" literal8 ")" — RFC 4466 §3, RFC 4469 §5, RFC 6855 §4.
/// </summary>
/// <remarks>A value: a copy tries out what comes next without taking it.</remarks>
/// <param name="services">Which extensions are on.</param>
/// <param name="kind">REPLACE takes one message, APPEND as many as come where MULTIAPPEND (RFC 3502) is on.</param>
internal struct AppendGrammar(ImapServices services, MessageIntakeKind kind)
{
    private enum Place
    {
        /// <summary>A message is due, or after the first the end of the command.</summary>
        Message,
        /// <summary>Behind a literal that is all of a message.</summary>
        MessageEnd,
        /// <summary>Behind the literal of UTF8 that is all of a message.</summary>
        Utf8MessageEnd,
        /// <summary>Behind the literal of UTF8 that is a part.</summary>
        Utf8PartEnd,
        /// <summary>Behind the parenthesis of CATENATE.</summary>
        FirstPart,
        /// <summary>Behind a part.</summary>
        NextPart,
    }

    private Place _place;
    private int _messages;
    private int _parts;

    /// <summary>Goes on from where the last piece ended.</summary>
    /// <param name="arguments">The piece.</param>
    /// <param name="endsInLiteral">Behind it stands a literal's brace; else the end of the command.</param>
    /// <param name="elements">Gets what was found; null: it is only asked whether it fits.</param>
    public AppendPiece Parse(ImapArguments arguments, bool endsInLiteral, List<AppendElement>? elements)
    {
        while (true)
        {
            switch (_place)
            {
                case Place.MessageEnd:
                    elements?.Add(new AppendElement(AppendElementKind.End));
                    _place = Place.Message;
                    break;
                case Place.Message when _messages > 0 && !arguments.HasMore && !endsInLiteral:
                    return AppendPiece.Complete;
                case Place.Message:
                    if (ParseMessage(arguments, endsInLiteral, elements) is { } inMessage)
                    {
                        return inMessage;
                    }
                    break;
                case Place.Utf8MessageEnd or Place.Utf8PartEnd:
                    if (!arguments.TryChar((byte)')', "the parenthesis behind the literal"))
                    {
                        return AppendPiece.Syntax;
                    }
                    _place = _place == Place.Utf8MessageEnd ? Place.MessageEnd : Place.NextPart;
                    break;
                case Place.NextPart when arguments.TryWord(")"u8):
                    _place = Place.MessageEnd;
                    break;
                default:
                    if (ParsePart(arguments, endsInLiteral, elements) is { } inPart)
                    {
                        return inPart;
                    }
                    break;
            }
        }
    }

    /// <summary>Up to its literal or into its list of parts; null to go on.</summary>
    private AppendPiece? ParseMessage(ImapArguments arguments, bool endsInLiteral, List<AppendElement>? elements)
    {
        FlagList flags = FlagList.Empty;
        DateTimeOffset? date = null;
        if (_messages > 0 && (kind == MessageIntakeKind.Replace || services.IsDisabled("MULTIAPPEND")))
        {
            arguments.Missing("the end of the command behind the message");
            return AppendPiece.Syntax;
        }
        if (!arguments.TrySpace())
        {
            return AppendPiece.Syntax;
        }
        if (arguments.Next == (byte)'(' && !(FlagList.TryParse(arguments, out flags) && arguments.TrySpace()))
        {
            return AppendPiece.Syntax;
        }
        if (arguments.Next == (byte)'"')
        {
            if (!(arguments.TryDateTime(out DateTimeOffset given) && arguments.TrySpace()))
            {
                return AppendPiece.Syntax;
            }
            date = given;
        }
        _messages++;
        elements?.Add(new AppendElement(AppendElementKind.Begin) { Flags = flags, InternalDate = date });
        if (!services.IsDisabled("CATENATE") && arguments.TryWord("CATENATE ("u8))
        {
            _place = Place.FirstPart;
            return null;
        }
        if (TryUtf8(arguments))
        {
            AppendElementKind kept = services.IsDisabled("BINARY") ? AppendElementKind.Literal : AppendElementKind.BinaryLiteral;
            return TakeLiteral(kept, Place.Utf8MessageEnd, "a literal", arguments, endsInLiteral, elements);
        }
        // literal8 = "~{" number ["+"] "}" CRLF *OCTET     RFC 4466 §3
        AppendElementKind literal = !services.IsDisabled("BINARY") && arguments.TryWord("~"u8) ? AppendElementKind.BinaryLiteral : AppendElementKind.Literal;
        return TakeLiteral(literal, Place.MessageEnd, "the message as a literal", arguments, endsInLiteral, elements);
    }

    private AppendPiece? ParsePart(ImapArguments arguments, bool endsInLiteral, List<AppendElement>? elements)
    {
        if (_place == Place.NextPart && !arguments.TryChar((byte)' ', "a space or )"))
        {
            return AppendPiece.Syntax;
        }
        if (_parts++ == arguments.Limits.CatenatePartsMax)
        {
            arguments.Missing("fewer parts");
            return AppendPiece.Syntax;
        }
        if (arguments.TryWord("TEXT "u8))
        {
            return TakeLiteral(AppendElementKind.TextLiteral, Place.NextPart, "a literal", arguments, endsInLiteral, elements);
        }
        if (TryUtf8(arguments))
        {
            return TakeLiteral(AppendElementKind.TextLiteral, Place.Utf8PartEnd, "a literal", arguments, endsInLiteral, elements);
        }
        if (!arguments.TryWord("URL "u8))
        {
            arguments.Missing("TEXT or UTF8 and a literal, or URL and a string");
            return AppendPiece.Syntax;
        }
        if (!arguments.HasMore && endsInLiteral)
        {
            return AppendPiece.String;
        }
        if (!arguments.TryAstring(out ReadOnlyMemory<byte> url))
        {
            return AppendPiece.Syntax;
        }
        elements?.Add(new AppendElement(AppendElementKind.Url) { Url = url.ToArray() });
        _place = Place.NextPart;
        return null;
    }

    /// <summary>Up to the literal's brace. Who has not enabled it may say so too: what its header holds is looked at then.</summary>
    private readonly bool TryUtf8(ImapArguments arguments) => !services.IsDisabled("UTF8=ACCEPT") && arguments.TryWord("UTF8 (~"u8);

    private AppendPiece TakeLiteral(
        AppendElementKind kind, Place behind, string expected, ImapArguments arguments, bool endsInLiteral, List<AppendElement>? elements)
    {
        if (arguments.HasMore || !endsInLiteral)
        {
            arguments.Missing(expected);
            return AppendPiece.Syntax;
        }
        elements?.Add(new AppendElement(kind));
        _place = behind;
        return AppendPiece.Literal;
    }
}
