namespace MailAccess.Tables;

/// <summary>How a text table is written.</summary>
public enum TableSyntax
{
    /// <summary>Key, white space, value: postmap(1) and makemap(8).</summary>
    Map,
    /// <summary>Name, colon, values: aliases(5). The value comes back as it stands; <see cref="AliasValue"/> takes it apart.</summary>
    Aliases,
    /// <summary>
    /// Names: a class file of Sendmail (local-host-names), or a list of Postfix (mydestination): names, <c>/file</c>, <c>type:table</c>, <c>!item</c>.
    /// </summary>
    List,
}
