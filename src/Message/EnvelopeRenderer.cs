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
        IReadOnlyList<MailAddress> from = Addresses(header.Get(CapturedField.From), limits);
        IReadOnlyList<MailAddress> sender = Addresses(header.Get(CapturedField.Sender), limits);
        IReadOnlyList<MailAddress> replyTo = Addresses(header.Get(CapturedField.ReplyTo), limits);

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
        WriteList(Addresses(header.GetAll(CapturedField.To), limits), writer);
        writer.Raw(" "u8);
        WriteList(Addresses(header.GetAll(CapturedField.Cc), limits), writer);
        writer.Raw(" "u8);
        WriteList(Addresses(header.GetAll(CapturedField.Bcc), limits), writer);
        writer.Raw(" "u8);
        writer.NString(header.Get(CapturedField.InReplyTo));
        writer.Raw(" "u8);
        writer.NString(header.Get(CapturedField.MessageId));
        writer.Raw(")"u8);
        return writer.ToArray();
    }

    private static IReadOnlyList<MailAddress> Addresses(byte[]? value, MessageLimits limits) =>
        value is null ? [] : AddressParser.Parse(value, limits.AddressesMax);

    /// <summary>env-from = "(" 1*address ")" / nil; address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")".</summary>
    private static void WriteList(IReadOnlyList<MailAddress> addresses, ImapWriter writer)
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
