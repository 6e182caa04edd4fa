namespace MailAccess.Queue;

/// <summary>The file operations of the spool, on one folder; blocking. Tests stand a disk behind it that loses power.</summary>
/// <remarks>Everything throws <see cref="IOException"/>. Nothing is durable before it is synced: a file's octets by its own
/// sync, its name and the absence of a deleted name by the folder's.</remarks>
internal interface ISpoolFiles
{
    IEnumerable<string> List();

    /// <summary>Fails where the name exists.</summary>
    ISpoolFile Create(string name);

    /// <summary>A new file so long, of zeros that are on the medium; what is appended goes over them, from the start.</summary>
    ISpoolFile CreateLaidOut(string name, int octets);

    /// <summary>Throws <see cref="FileNotFoundException"/> where it does not exist.</summary>
    ISpoolFile Open(string name);

    /// <summary>A name that does not exist is no error.</summary>
    void Delete(string name);

    void SyncFolder();
}

/// <summary>One open file.</summary>
internal interface ISpoolFile : IDisposable
{
    long Octets { get; }

    /// <summary>0 only at the end.</summary>
    int Read(long offset, Span<byte> destination);

    void Append(ReadOnlySpan<byte> octets);

    void Sync();
}
