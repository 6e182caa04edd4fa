using System.Text.Json;
using System.Text.Json.Serialization;

namespace MailAccess.Queue;

/// <summary>A policy as it was fetched.</summary>
/// <param name="Policy">What it says.</param>
/// <param name="Id">The id that DNS gave it.</param>
/// <param name="Fetched">When it was last seen whole.</param>
internal sealed record StsEntry(StsPolicy Policy, string Id, DateTimeOffset Fetched)
{
    /// <summary>However short its own time: else <c>max_age: 0</c> would have it fetched for each connection. The pause after failures, RFC 8461 §3.3.</summary>
    private static readonly TimeSpan BelievedAtLeast = TimeSpan.FromMinutes(5);

    [JsonIgnore]
    public DateTimeOffset Ends => Fetched + (Policy.MaxAge > BelievedAtLeast ? Policy.MaxAge : BelievedAtLeast);
}

/// <summary>
/// MTA-STS policies over restarts: a file for each domain in a folder, <c>example.org.json</c> (<see cref="WholeFile"/>). A lost or damaged file is a policy that is fetched again. Thread-safe.
/// </summary>
internal sealed class StsCache
{
    private const string Suffix = ".json";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, StsEntry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly string? _folder;
    private readonly int _entriesMax;
    private readonly bool _isReadOnly;

    /// <param name="folder">Made where missing; null: nothing outlives the process.</param>
    /// <param name="entriesMax">Domains; where there are more, those go that end first.</param>
    /// <param name="isReadOnly">The folder belongs to another process.</param>
    public StsCache(string? folder, int entriesMax, bool isReadOnly = false)
    {
        _folder = folder;
        _entriesMax = entriesMax;
        _isReadOnly = isReadOnly;
        if (folder is not null)
        {
            Load(folder);
        }
    }

    public IReadOnlyList<KeyValuePair<string, StsEntry>> Snapshot()
    {
        lock (_gate)
        {
            return [.. _entries];
        }
    }

    public StsEntry? Find(string domain)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(domain);
        }
    }

    /// <summary>Throws <see cref="IOException"/> where the file cannot be written; the entry counts all the same.</summary>
    public void Put(string domain, StsEntry entry)
    {
        lock (_gate)
        {
            _entries[domain] = entry;
            while (_entries.Count > _entriesMax)
            {
                RemoveLocked(_entries.MinBy(e => e.Value.Ends).Key);
            }
            if (_folder is not null && !_isReadOnly && IsFileName(domain) && _entries.ContainsKey(domain))
            {
                WholeFile.Replace(Path.Combine(_folder, domain + Suffix), JsonSerializer.SerializeToUtf8Bytes(entry, StsJson.Default.StsEntry));
            }
        }
    }

    private string[] PathsIn(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*" + Suffix).Take(_entriesMax)];
        }
        catch (UnauthorizedAccessException) when (_isReadOnly)
        {
            return []; // It is the server's: whoever only asks need not be allowed to look.
        }
    }

    public void Remove(string domain)
    {
        lock (_gate)
        {
            RemoveLocked(domain);
        }
    }

    private void RemoveLocked(string domain)
    {
        _entries.Remove(domain);
        if (_folder is not null && !_isReadOnly && IsFileName(domain))
        {
            File.Delete(Path.Combine(_folder, domain + Suffix));
        }
    }

    private void Load(string folder)
    {
        if (!_isReadOnly)
        {
            Directory.CreateDirectory(folder);
        }
        else if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (string path in PathsIn(folder))
        {
            try
            {
                if (JsonSerializer.Deserialize(File.ReadAllBytes(path), StsJson.Default.StsEntry) is { Policy.MxPatterns: not null, Id: not null } entry)
                {
                    _entries[Path.GetFileNameWithoutExtension(path)] = entry;
                }
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                // As if it had never been fetched.
            }
        }
    }

    private static bool IsFileName(string domain) =>
        domain.Length is > 0 and <= 240 && domain[0] != '.' && domain.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}

[JsonSerializable(typeof(StsEntry))]
internal sealed partial class StsJson : JsonSerializerContext;
