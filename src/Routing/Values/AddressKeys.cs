using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>The keys that tables are asked for, in their order, and what is done with the detail where a key had none.</summary>
internal sealed class AddressKeys
{
    private readonly AddressName _name;
    private readonly List<LookUpKey> _keys = [];
    private readonly List<int> _withoutDetail = [];

    private AddressKeys(AddressName name) => _name = name;

    /// <summary>In the order to ask.</summary>
    public IReadOnlyList<LookUpKey> Keys => _keys;

    /// <summary>
    /// <c>user+detail@domain</c>, <c>user@domain</c>, <c>user+detail</c>, <c>user</c>, <c>@domain</c>; names alone only where the domain is this
    /// machine's. Postfix: canonical(5), ADDRESS EXTENSION.
    /// </summary>
    public static AddressKeys Canonical(AddressName name, bool withoutDomain) => Create(name, withoutDomain, hasStars: false);

    /// <summary>The same with Sendmail's <c>user+*@domain</c> and <c>+*@domain</c>, and with <c>++</c> for details that are not empty.</summary>
    public static AddressKeys Virtual(AddressName name, bool withoutDomain) => Create(name, withoutDomain, hasStars: true);

    /// <summary>The detail that was left off for the key; null: none was.</summary>
    public string? DetailBehind(int keyIndex) => _withoutDetail.Contains(keyIndex) ? _name.Detail : null;

    /// <summary>The address with the detail of the one in hand, where the key that was found had none. Postfix: propagate_unmatched_extensions.</summary>
    public MailPath WithDetail(MailPath path, int keyIndex, char? delimiter) =>
        DetailBehind(keyIndex) is { } detail && MailPath.TryCreate($"{path.LocalPart}{delimiter}{detail}", path.Domain, out MailPath? longer) ? longer : path;

    private static AddressKeys Create(AddressName name, bool withoutDomain, bool hasStars)
    {
        string user = AddressName.Write(name.User);
        bool hasDomain = name.Domain.Length > 0;
        bool hasDetail = name.Detail is not null;
        bool isAlone = withoutDomain && hasDomain;
        string full = hasDetail ? AddressName.Write($"{name.User}{name.Delimiter}{name.Detail}") : user;
        AddressKeys keys = new(name);
        keys.Add(true, At(full));
        keys.Add(hasStars && name.Detail is { Length: > 0 }, At($"{user}++"));
        keys.Add(hasStars && hasDetail, At($"{user}+*"));
        keys.Add(hasDetail, At(user), isWithoutDetail: true);
        keys.Add(isAlone, full);
        keys.Add(isAlone && hasDetail, user, isWithoutDetail: true);
        keys.Add(hasStars && name.Detail is { Length: > 0 }, At("++"));
        keys.Add(hasStars && hasDetail, At("+*"));
        keys.Add(hasDomain, At(""));
        return keys;

        LookUpKey At(string localPart) => hasDomain ? LookUpKey.OfAddress(localPart, name.Domain) : localPart;
    }

    private void Add(bool isWanted, LookUpKey key, bool isWithoutDetail = false)
    {
        if (!isWanted)
        {
            return;
        }
        if (isWithoutDetail)
        {
            _withoutDetail.Add(_keys.Count);
        }
        _keys.Add(key);
    }
}
