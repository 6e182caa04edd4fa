namespace MailAccess.Tables.Combined;

/// <summary><c>unionmap:{table, table}</c>, <c>pipemap:{table, table}</c>: the specifications of tables inside of one. DATABASE_README of Postfix.</summary>
public static class CombinedName
{
    internal const string Union = "unionmap", Pipe = "pipemap";

    /// <summary>Takes it apart; false: it is none of both, or names no table.</summary>
    public static bool TryRead(string specification, out string type, out IReadOnlyList<string> members)
    {
        members = [];
        int colon = specification.IndexOf(':', StringComparison.Ordinal);
        type = colon < 0 ? "" : specification[..colon];
        if (type is not (Union or Pipe) || !Braces.TryUnwrap(specification[(colon + 1)..], out string content))
        {
            return false;
        }
        members = Braces.Split(content);
        return members.Count > 0;
    }
}
