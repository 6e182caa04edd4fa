using System.Diagnostics;
using System.Text;

namespace MailAccess.Message;

/// <summary>BODY or BODYSTRUCTURE.</summary>
internal enum BodyStructureForm
{
    Basic,
    Extended,
}

/// <summary>body = "(" (body-type-1part / body-type-mpart) ")" — RFC 9051 §7.5.2 and §9, RFC 3501 §7.4.2.</summary>
internal static class BodyStructureRenderer
{
    public static byte[] Render(PartBuilder root, BodyStructureForm form, bool describesGlobal, MessageLimits limits)
    {
        var writer = new ImapWriter(limits);
        Write(root, form, describesGlobal, writer);
        return writer.ToArray();
    }

    private static void Write(PartBuilder part, BodyStructureForm form, bool describesGlobal, ImapWriter writer)
    {
        writer.Raw("("u8);
        if (part.Kind == PartKind.Multipart)
        {
            WriteMultipart(part, form, describesGlobal, writer);
        }
        else
        {
            WriteSinglePart(part, form, describesGlobal, writer);
        }
        writer.Raw(")"u8);
    }

    /// <summary>body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart].</summary>
    private static void WriteMultipart(PartBuilder part, BodyStructureForm form, bool describesGlobal, ImapWriter writer)
    {
        Debug.Assert(part.Children.Count > 0, "a multipart has a part");
        foreach (PartBuilder child in part.Children)
        {
            Write(child, form, describesGlobal, writer);
        }
        writer.Raw(" "u8);
        WriteToken(part.Content.Subtype, writer);
        if (form == BodyStructureForm.Extended)
        {
            // body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc …]]]
            writer.Raw(" "u8);
            WriteParameters(part.Content.Parameters, writer);
            WriteDispositionLanguageLocation(part.Content, writer);
        }
    }

    /// <summary>body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part].</summary>
    private static void WriteSinglePart(PartBuilder part, BodyStructureForm form, bool describesGlobal, ImapWriter writer)
    {
        ContentDescription content = part.Content;
        WriteToken(content.Type, writer);
        writer.Raw(" "u8);
        WriteToken(content.Subtype, writer);
        writer.Raw(" "u8);
        if (content.Type == "TEXT" && content.Charset is null)
        {
            // RFC 2046 §4.1.2 gives text a charset where it names none; clients expect to find it.
            WriteParameters([new MimeParameter("CHARSET", "US-ASCII"u8.ToArray()), .. content.Parameters], writer);
        }
        else
        {
            WriteParameters(content.Parameters, writer);
        }
        writer.Raw(" "u8);
        writer.NString(content.Id);
        writer.Raw(" "u8);
        writer.NString(content.Description);
        writer.Raw(" "u8);
        WriteToken(content.TransferEncoding, writer);
        writer.Raw(" "u8);
        writer.Number(part.BodyOctets);
        bool isMessage = part.Kind == PartKind.Message && content.IsDescribedAsMessage(describesGlobal);
        if (isMessage)
        {
            // body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines
            PartBuilder message = part.Children[0];
            writer.Raw(" "u8);
            writer.Raw(message.Envelope ?? throw new UnreachableException("a message has an envelope"));
            writer.Raw(" "u8);
            Write(message, form, describesGlobal, writer);
        }
        if (isMessage || content.Type == "TEXT")
        {
            writer.Raw(" "u8);
            writer.Number(part.BodyLines);
        }
        if (form == BodyStructureForm.Extended)
        {
            // body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc …]]]
            writer.Raw(" "u8);
            writer.NString(content.Md5);
            WriteDispositionLanguageLocation(content, writer);
        }
    }

    private static void WriteDispositionLanguageLocation(ContentDescription content, ImapWriter writer)
    {
        // body-fld-dsp = "(" string SP body-fld-param ")" / nil
        writer.Raw(" "u8);
        if (content.Disposition is byte[] disposition)
        {
            writer.Raw("("u8);
            writer.String(disposition);
            writer.Raw(" "u8);
            WriteParameters(content.DispositionParameters, writer);
            writer.Raw(")"u8);
        }
        else
        {
            writer.Raw("NIL"u8);
        }
        // body-fld-lang = nstring / "(" string *(SP string) ")"
        writer.Raw(" "u8);
        if (content.Languages.Count == 0)
        {
            writer.Raw("NIL"u8);
        }
        else
        {
            for (int i = 0; i < content.Languages.Count; i++)
            {
                writer.Raw(i == 0 ? "("u8 : " "u8);
                writer.String(content.Languages[i]);
            }
            writer.Raw(")"u8);
        }
        writer.Raw(" "u8);
        writer.NString(content.Location);
    }

    /// <summary>body-fld-param = "(" string SP string *(SP string SP string) ")" / nil.</summary>
    private static void WriteParameters(List<MimeParameter> parameters, ImapWriter writer)
    {
        if (parameters.Count == 0)
        {
            writer.Raw("NIL"u8);
            return;
        }
        for (int i = 0; i < parameters.Count; i++)
        {
            writer.Raw(i == 0 ? "("u8 : " "u8);
            WriteToken(parameters[i].Name, writer);
            writer.Raw(" "u8);
            writer.String(parameters[i].Value);
        }
        writer.Raw(")"u8);
    }

    private static void WriteToken(string token, ImapWriter writer) => writer.String(Encoding.ASCII.GetBytes(token));
}
