namespace MailAccess.Queue;

/// <summary>A time that doubles each time, up to a longest one. Not thread-safe.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan? _last;

    public TimeSpan Next()
    {
        TimeSpan next = _last is { } last ? last * 2 : first;
        _last = next < longest ? next : longest;
        return _last.Value;
    }

    public void Reset() => _last = null;
}
