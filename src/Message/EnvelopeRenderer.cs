namespace MailAccess.Message;

/// <summary>
/// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
/// env-in-reply-to SP env-message-id ")" — RFC 9051 §7.5.2 and §9, RFC 3501 §7.4.2.
/// </summary>
internal static class EnvelopeRenderer
{
    public static byte[] Render(HeaderCapture header, MessageLimits limits)
    {
        var writer = new ImapWriter(limits);
        List<MailAddress> from = header.Addresses(CapturedField.From, limits.AddressesMax);
        List<MailAddress> sender = header.Addresses(CapturedField.Sender, limits.AddressesMax);
        List<MailAddress> replyTo = header.Addresses(CapturedField.ReplyTo, limits.AddressesMax);

        writer.Raw("("u8);
        writer.NString(header.Get(CapturedField.Date)); // Absent is NIL, empty is the empty string.
        writer.Raw(" "u8);
        writer.NString(header.Get(CapturedField.Subject));
        writer.Raw(" "u8);
        WriteList(from, writer);
        writer.Raw(" "u8);
        WriteList(sender.Count == 0 ? from : sender, writer); // Absent or empty means From.
        writer.Raw(" "u8);
        WriteList(replyTo.Count == 0 ? from : replyTo, writer);
        writer.Raw(" "u8);
        WriteList(header.Addresses(CapturedField.To, limits.AddressesMax), writer);
        writer.Raw(" "u8);
        WriteList(header.Addresses(CapturedField.Cc, limits.AddressesMax), writer);
        writer.Raw(" "u8);
        WriteList(header.Addresses(CapturedField.Bcc, limits.AddressesMax), writer);
        writer.Raw(" "u8);
        writer.NString(header.Get(CapturedField.InReplyTo));
        writer.Raw(" "u8);
        writer.NString(header.Get(CapturedField.MessageId));
        writer.Raw(")"u8);
        return writer.ToArray();
    }

    /// <summary>env-from = "(" 1*address ")" / nil; address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")".</summary>
    private static void WriteList(List<MailAddress> addresses, ImapWriter writer)
    {
        if (addresses.Count == 0)
        {
            writer.Raw("NIL"u8);
            return;
        }
        writer.Raw("("u8);
        foreach (MailAddress address in addresses)
        {
            writer.Raw("("u8);
            switch (address.Kind)
            {
                case MailAddressKind.GroupStart: // The mailbox holds the group's name, the host is NIL.
                    writer.Raw("NIL NIL "u8);
                    writer.String(address.DisplayName);
                    writer.Raw(" NIL"u8);
                    break;
                case MailAddressKind.GroupEnd:
                    writer.Raw("NIL NIL NIL NIL"u8);
                    break;
                default:
                    writer.NString(address.DisplayName);
                    writer.Raw(" "u8);
                    writer.NString(address.Route);
                    writer.Raw(" "u8);
                    writer.String(address.LocalPart);
                    writer.Raw(" "u8);
                    writer.String(address.Domain); // An address without domain: empty, because NIL would make it a group.
                    break;
            }
            writer.Raw(")"u8);
        }
        writer.Raw(")"u8);
    }
}
