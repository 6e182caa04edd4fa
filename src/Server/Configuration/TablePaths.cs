using MailAccess.Tables.Combined;

namespace MailAccess.Server.Configuration;

/// <summary>Paths in specifications of tables.</summary>
internal static class TablePaths
{
    /// <summary>Types of tables whose argument is a file.</summary>
    private static readonly string[] FileTypes = ["hash", "btree", "lmdb", "cdb", "dbm", "texthash", "regexp", "pcre", "cidr", "ldap", "pgsql"];

    /// <summary>The specifications of a key; relative paths count from the folder of the configuration, as everywhere in it.</summary>
    public static IReadOnlyList<string> Read(ConfigurationView view, ListSetting<string> key) => [.. view.Get(key).Select(s => WithFullPath(s, view))];

    private static string WithFullPath(string specification, ConfigurationView view)
    {
        if (CombinedName.TryRead(specification, out string type, out IReadOnlyList<string> members))
        {
            return $"{type}:{{{string.Join(", ", members.Select(m => WithFullPath(m, view)))}}}";
        }
        int colon = specification.IndexOf(':', StringComparison.Ordinal);
        string argument = specification[(colon + 1)..];
        bool isFile = colon < 0 || FileTypes.Contains(specification[..colon], StringComparer.Ordinal);
        return isFile && argument.Length > 0 && (char.IsLetterOrDigit(argument[0]) || argument[0] == '.') && !argument.Contains(' ', StringComparison.Ordinal)
            ? specification[..(colon + 1)] + view.FullPath(argument) : specification;
    }
}
