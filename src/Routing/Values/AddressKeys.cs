using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>The keys that tables are asked for, in their order, and what is done with the detail where a key had none.</summary>
internal readonly record struct AddressKeys(IReadOnlyList<string> Keys, int FirstWithoutDetail, int EndOfThose)
{
    /// <summary>
    /// <c>user+detail@domain</c>, <c>user@domain</c>, <c>user+detail</c>, <c>user</c>, <c>@domain</c>; names alone only where the domain is this
    /// machine's. Postfix: canonical(5), ADDRESS_REWRITING.
    /// </summary>
    public static AddressKeys Canonical(AddressName name, bool withoutDomain) => Create(name, withoutDomain, hasStars: false);

    /// <summary>The same with Sendmail's <c>user+*@domain</c> and <c>+*@domain</c>, and with <c>++</c> for details that are not empty.</summary>
    public static AddressKeys Virtual(AddressName name, bool withoutDomain) => Create(name, withoutDomain, hasStars: true);

    /// <summary>The address with the detail of the one in hand, where the key that was found had none. Postfix: propagate_unmatched_extensions.</summary>
    public MailPath WithDetail(MailPath path, AddressName name, int keyIndex, char? delimiter)
    {
        bool wasCut = name.Detail is not null && keyIndex >= FirstWithoutDetail && keyIndex < EndOfThose;
        return wasCut && MailPath.TryCreate($"{path.LocalPart}{delimiter}{name.Detail}", path.Domain, out MailPath? longer) ? longer : path;
    }

    private static AddressKeys Create(AddressName name, bool withoutDomain, bool hasStars)
    {
        string user = AddressName.Write(name.User);
        string at = name.Domain.Length > 0 ? "@" + name.Domain : "";
        if (name.Detail is null)
        {
            List<string> plain = [user + at];
            Add(plain, withoutDomain && at.Length > 0, user);
            Add(plain, at.Length > 0, at);
            return new AddressKeys(plain, 0, 0);
        }
        string full = AddressName.Write($"{name.User}+{name.Detail}");
        List<string> keys = [full + at];
        Add(keys, hasStars && name.Detail.Length > 0, $"{user}++{at}");
        Add(keys, hasStars, $"{user}+*{at}");
        int first = keys.Count;
        keys.Add(user + at);
        int end = keys.Count;
        if (withoutDomain && at.Length > 0)
        {
            keys.Insert(first, full);
            keys.Add(user);
            (first, end) = (first + 1, end + 2);
        }
        Add(keys, hasStars && name.Detail.Length > 0, $"++{at}");
        Add(keys, hasStars, $"+*{at}");
        Add(keys, at.Length > 0, at);
        return new AddressKeys(keys, first, end);
    }

    private static void Add(List<string> keys, bool isWanted, string key)
    {
        if (isWanted)
        {
            keys.Add(key);
        }
    }
}
