namespace MailAccess.Store.Files;

/// <summary>An open folder: its path is not looked up for each of the files that are named in it.</summary>
/// <remarks>As <see cref="IFiles"/> otherwise. It stays the same folder also when somebody renames it meanwhile.</remarks>
internal interface IFolder : IDisposable
{
    /// <summary>Where it was when it was opened.</summary>
    string Path { get; }

    /// <summary>Null where it is missing.</summary>
    IFile? OpenToRead(string name);

    /// <inheritdoc cref="IFiles.Rename"/>
    bool Rename(string name, IFolder to, string newName);

    /// <inheritdoc cref="IFiles.Link"/>
    LinkOutcome Link(string name, IFolder to, string newName);
}

/// <summary>A folder of files that know whole paths only.</summary>
internal sealed class FolderByPath(IFiles files, string path) : IFolder
{
    public string Path => path;

    public IFile? OpenToRead(string name) => files.Open(path + "/" + name, OpenKind.Read);

    public bool Rename(string name, IFolder to, string newName) => files.Rename(path + "/" + name, to.Path + "/" + newName);

    public LinkOutcome Link(string name, IFolder to, string newName) => files.Link(path + "/" + name, to.Path + "/" + newName);

    public void Dispose()
    {
    }
}
