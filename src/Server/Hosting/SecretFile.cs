namespace MailAccess.Server.Hosting;

/// <summary>A secret that stands alone on the first line of a file, so that it stands in no configuration.</summary>
internal static class SecretFile
{
    /// <summary>Throws <see cref="IOException"/>, which names the key, where there is none.</summary>
    public static string Read(string key, string path)
    {
        List<string> errors = [];
        return Read(key, path, errors) ?? throw new IOException(errors[0]);
    }

    /// <summary>Null, with an error that names the key, where there is none.</summary>
    public static string? Read(string key, string path, List<string> errors)
    {
        try
        {
            if (File.ReadLines(path).FirstOrDefault() is { Length: > 0 } secret)
            {
                return secret;
            }
            errors.Add($"{key}: {path} has nothing on its first line");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{key}: {problem.Message}");
        }
        return null;
    }
}
