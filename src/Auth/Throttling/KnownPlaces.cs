using System.Net;

namespace MailAccess.Auth.Throttling;

/// <summary>The networks from which each account has logged in of late. Only accounts that exist come in here. Thread-safe.</summary>
internal sealed class KnownPlaces(TimeSpan keepTime, TimeProvider clock)
{
    private const int PlacesMax = 32;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<AddressPrefix, DateTimeOffset>> _places = new(StringComparer.Ordinal);

    public bool Contains(string account, IPAddress address)
    {
        lock (_gate)
        {
            return _places.TryGetValue(account, out Dictionary<AddressPrefix, DateTimeOffset>? places)
                && places.TryGetValue(AddressPrefix.Wide(address), out DateTimeOffset last) && clock.GetUtcNow() - last <= keepTime;
        }
    }

    /// <summary>Notes a login. True: the place was not known.</summary>
    public bool Add(string account, IPAddress address, DateTimeOffset at)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_places.TryGetValue(account, out Dictionary<AddressPrefix, DateTimeOffset>? places))
            {
                _places.Add(account, places = []);
            }
            var place = AddressPrefix.Wide(address);
            bool wasKnown = places.TryGetValue(place, out DateTimeOffset last) && now - last <= keepTime;
            places[place] = wasKnown && last > at ? last : at;
            if (places.Count > PlacesMax)
            {
                places.Remove(places.MinBy(p => p.Value).Key);
            }
            return !wasKnown;
        }
    }
}
