using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Where members stand.</summary>
internal enum MemberSource
{
    /// <summary>In a table of the administrator's.</summary>
    Alias,
    /// <summary>In a user's .forward.</summary>
    Forward,
    /// <summary>In a list that anybody may keep.</summary>
    List,
    /// <summary>In the answer of a table of patterns, which may be filled in from an address.</summary>
    Pattern,
}

/// <summary>What members may name.</summary>
/// <param name="Source">Where they stand.</param>
/// <param name="User">Whose rights files and commands have; null: the server's own.</param>
internal readonly record struct MemberRights(MemberSource Source, string? User);

/// <summary>Turns members of aliases and forwards into addresses and ends; reads the lists among them.</summary>
internal sealed class MemberReader(StageContext context)
{
    private const int ListDepthMax = 8;

    /// <summary>The members in their order, and a note for each line.</summary>
    public async ValueTask<List<RoutingMember>> ReadAsync(
        RoutingRun run, RoutingNode node, string stage, IReadOnlyList<Member> members, MemberRights rights, CancellationToken cancellationToken)
    {
        List<RoutingMember> found = [];
        await AddAsync(found, run, node, stage, members, rights, 0, cancellationToken);
        return found;
    }

    private async ValueTask AddAsync(
        List<RoutingMember> found, RoutingRun run, RoutingNode node, string stage, IReadOnlyList<Member> members, MemberRights rights, int depth,
        CancellationToken cancellationToken)
    {
        foreach (IGrouping<TablePlace?, Member> line in members.GroupBy(m => m.Place))
        {
            run.Note(node, stage, $"{string.Join(", ", line.Select(Show))}", line.Key);
        }
        foreach (Member member in members)
        {
            if (member.Kind == MemberKind.List)
            {
                await AddListAsync(found, run, node, stage, member, rights, depth, cancellationToken);
                continue;
            }
            found.Add(Read(run, node, stage, member, rights));
        }
    }

    private RoutingMember Read(RoutingRun run, RoutingNode node, string stage, Member member, MemberRights rights)
    {
        switch (member.Kind)
        {
            case MemberKind.Nothing:
                return new RoutingMember(null, new Target.Discard(member.Text));
            case MemberKind.File or MemberKind.Command when rights.Source is MemberSource.List or MemberSource.Pattern || rights is { Source: MemberSource.Forward, User: null }:
                run.Note(node, stage, $"{Show(member)}: not allowed here", member.Place);
                return new RoutingMember(null, new Target.Failure(RoutingReplies.NotFromHere));
            case MemberKind.File:
                return new RoutingMember(null, new Target.File(member.Text, rights.User));
            case MemberKind.Command:
                return new RoutingMember(null, new Target.Command(member.Text, rights.User));
            default:
                return TableTemplate.TryCreate(member.Text, t => t, node.Path.LocalPart, context.OriginOf(node), out MailPath? path)
                    ? new RoutingMember(path, null) { IsFinal = member.Kind == MemberKind.Final }
                    : new RoutingMember(null, context.Wrong(run, node, stage, member.Place, $"\"{member.Text}\" is no address").Target);
        }
    }

    private async ValueTask AddListAsync(
        List<RoutingMember> found, RoutingRun run, RoutingNode node, string stage, Member member, MemberRights rights, int depth, CancellationToken cancellationToken)
    {
        string? problem = rights.Source == MemberSource.Forward ? "a .forward may not include lists" // They would be read with the server's rights.
            : rights.Source == MemberSource.Pattern ? "a pattern's answer may not include lists" // It may hold what a stranger wrote.
            : depth >= ListDepthMax ? "lists inside of lists, too deep"
            : Path.IsPathFullyQualified(member.Text) ? null : "the path must begin with a slash";
        if (problem is null)
        {
            try
            {
                string content = ListFile.Read(member.Text, context.Options.Limits.ListOctetsMax, isNamedByAdministrator: rights.Source == MemberSource.Alias);
                if (AliasMembers.TryReadFile(content, member.Text, out List<Member> members, out problem))
                {
                    if (members.Count == 0)
                    {
                        found.Add(new RoutingMember(null, new Target.Discard($"the list {member.Text} is empty")));
                    }
                    // Whose list a user names may be another's: what it says is done with nobody's rights.
                    await AddAsync(found, run, node, stage, members, rights with { Source = MemberSource.List }, depth + 1, cancellationToken);
                    return;
                }
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                problem = unreadable.Message;
            }
        }
        found.Add(new RoutingMember(null, context.Unavailable(run, node, stage, member.Text, new TableAnswer(LookUpOutcome.Failed, Error: problem)).Target));
    }

    private static string Show(Member member) => member.Kind switch
    {
        MemberKind.List => $":include:{member.Text}",
        MemberKind.Command => $"|{member.Text}",
        MemberKind.Final => $"\\{member.Text}",
        _ => member.Text,
    };
}
