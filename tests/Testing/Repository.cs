namespace MailAccess.Testing;

/// <summary>Where the sources lie that tests read; found from the test's own folder, as builds that can be repeated keep no path of their machine.</summary>
public static class Repository
{
    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = Find();

    /// <summary>The folder of the projects of the server.</summary>
    public static string Source => Path.Combine(Root, "src");

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MailAccess.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new DirectoryNotFoundException("MailAccess.sln");
    }
}
