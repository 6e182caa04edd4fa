namespace MailAccess.Store;

/// <summary>Shorthand for results that are there at once.</summary>
internal static class StoreResults
{
    /// <summary>For interface types, from which C# has no implicit conversions; through a type parameter it has.</summary>
    public static ValueTask<StoreResult<T>> From<T>(T value) => new(Of(value));

    public static StoreResult<T> Of<T>(T value) => value;

    /// <summary>Whether it was done, and not what.</summary>
    public static StoreResult<Done> WithoutValue<T>(this StoreResult<T> result) => result.Error == StoreError.None ? default(Done) : result.Error;
}
