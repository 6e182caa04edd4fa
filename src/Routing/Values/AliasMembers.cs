using System.Diagnostics.CodeAnalysis;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>What a member of an alias is.</summary>
internal enum MemberKind
{
    /// <summary>An address, or a name of this machine.</summary>
    Address,
    /// <summary><c>\bob</c>: bob's mailbox, whatever his .forward says.</summary>
    Final,
    /// <summary><c>:include:/path</c></summary>
    List,
    /// <summary><c>/path</c></summary>
    File,
    /// <summary><c>|command</c></summary>
    Command,
    /// <summary><c>/dev/null</c></summary>
    Nothing,
}

/// <summary>One member.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">An address as written, a path, a command line.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record Member(MemberKind Kind, string Text, TablePlace? Place);

/// <summary>The right-hand sides of aliases and virtual aliases, and the files of lists and forwards, as <see cref="AliasValue"/> takes them apart.</summary>
internal static class AliasMembers
{
    /// <summary>The members of one value, the first of them where there are more than wanted; false: what is wrong with it.</summary>
    public static bool TryRead(string value, TablePlace? place, int membersMax, out List<Member> members, [NotNullWhen(false)] out string? problem)
    {
        bool isGood = AliasValue.TrySplit(value, out IReadOnlyList<AliasMember> split, out problem, membersMax);
        members = [.. split.SelectMany(m => Read(m, place))];
        return isGood;
    }

    /// <summary>The same of a file; false: what is wrong with it, and the line.</summary>
    public static bool TryReadFile(string content, string path, int membersMax, out List<Member> members, [NotNullWhen(false)] out string? problem)
    {
        bool isGood = AliasValue.TrySplitFile(content, out IReadOnlyList<AliasMember> split, out problem, membersMax);
        members = [.. split.SelectMany(m => Read(m, new TablePlace(path, m.Line)))];
        return isGood;
    }

    private static IEnumerable<Member> Read(AliasMember member, TablePlace? place) => member switch
    {
        { Kind: AliasMemberKind.Include } => [new Member(MemberKind.List, member.Text, place)],
        { Kind: AliasMemberKind.Command } => [new Member(MemberKind.Command, member.Text, place)],
        { Kind: AliasMemberKind.File, Text: "/dev/null" } or { Text: "NULL", IsFinal: false } => [new Member(MemberKind.Nothing, member.Text, place)],
        { Kind: AliasMemberKind.File } => [new Member(MemberKind.File, member.Text, place)],
        { IsFinal: true } => [new Member(MemberKind.Final, member.Text, place)],
        _ when member.Text.StartsWith('"') => [new Member(MemberKind.Address, member.Text, place)],
        // Two names without a comma between them are two: Postfix reads them so.
        _ => member.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(a => new Member(MemberKind.Address, a, place)),
    };
}
