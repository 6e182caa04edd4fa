namespace MailAccess.Message;

/// <summary>
/// Reads address lists: RFC 5322 §3.4 with the obsolete forms of §4.4, UTF-8 (RFC 6532), and what programs really send
/// (semicolons or nothing between addresses, an address as its own unquoted display name, quotes and brackets that never end).
/// </summary>
/// <remarks>
/// Never fails: what is no address becomes a mailbox without domain, or a display name alone, or is passed over. Every octet is
/// looked at a bounded number of times, whatever the value.
/// </remarks>
public static class AddressParser
{
    /// <summary>Reads an unfolded or folded field value; entries in their order.</summary>
    public static IReadOnlyList<MailAddress> Parse(ReadOnlySpan<byte> value) => Parse(value, MessageLimits.Default.AddressesMax);

    internal static List<MailAddress> Parse(ReadOnlySpan<byte> value, int addressesMax) => Parse(value, addressesMax, out _);

    /// <summary>And says how many octets were looked at, those that were looked at again included.</summary>
    internal static List<MailAddress> Parse(ReadOnlySpan<byte> value, int addressesMax, out long octetsRead)
    {
        List<MailAddress> entries = [];
        AddressScanner scanner = new(value);
        bool isInGroup = false;
        while (!scanner.AtEnd && entries.Count < addressesMax)
        {
            scanner.StartEntry();
            scanner.ReadWords();
            switch (scanner.Peek)
            {
                case (byte)':':
                    scanner.Skip();
                    EndGroup(entries, ref isInGroup); // There are no groups in groups: the one before has ended.
                    isInGroup = true;
                    entries.Add(new MailAddress { Kind = MailAddressKind.GroupStart, DisplayName = scanner.Phrase() ?? [] });
                    continue;
                case (byte)'<':
                    entries.Add(scanner.ReadAngleAddress(scanner.Phrase()));
                    break;
                case (byte)'@':
                    entries.Add(scanner.ReadBareAddress());
                    break;
                default:
                    if (scanner.WithoutDomain() is { } name)
                    {
                        entries.Add(name);
                    }
                    break;
            }
            if (!scanner.AtNextAddress() && scanner.SkipToSeparator() == ';')
            {
                EndGroup(entries, ref isInGroup);
            }
        }
        EndGroup(entries, ref isInGroup);
        octetsRead = scanner.OctetsRead;
        return entries;
    }

    private static void EndGroup(List<MailAddress> entries, ref bool isInGroup)
    {
        if (isInGroup)
        {
            entries.Add(new MailAddress { Kind = MailAddressKind.GroupEnd });
        }
        isInGroup = false;
    }
}
