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
    public List<RoutingMember> Read(RoutingRun run, RoutingNode node, string stage, IReadOnlyList<Member> members, MemberRights rights)
    {
        Reading reading = new(run, node, stage) { OctetsLeft = context.Options.Limits.ListOctetsMax };
        Add(reading, members, rights);
        return reading.Found;
    }

    private void Add(Reading reading, IReadOnlyList<Member> members, MemberRights rights)
    {
        (RoutingRun run, RoutingNode node, string stage) = (reading.Run, reading.Node, reading.Stage);
        foreach (IGrouping<TablePlace?, Member> line in run.Steps is null ? [] : members.GroupBy(m => m.Place))
        {
            run.Note(node, stage, $"{string.Join(", ", line.Select(Show))}", line.Key);
        }
        foreach (Member member in members)
        {
            if (rights.Source != MemberSource.Forward && reading.Found.Count >= run.MembersMax)
            {
                return;
            }
            if (++reading.Count > context.Options.Limits.ExpansionsMax)
            {
                run.Note(node, stage, RoutingReplies.TooManyExpansions.Text, member.Place);
                reading.Found.Add(new RoutingMember(null, new Target.Failure(RoutingReplies.TooManyExpansions)));
                return;
            }
            if (member.Kind == MemberKind.List)
            {
                AddList(reading, member, rights);
                continue;
            }
            reading.Found.Add(Convert(run, node, stage, member, rights));
        }
    }

    private RoutingMember Convert(RoutingRun run, RoutingNode node, string stage, Member member, MemberRights rights)
    {
        switch (member.Kind)
        {
            case MemberKind.Nothing:
                return new RoutingMember(null, new Target.Discard(""));
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

    private void AddList(Reading reading, Member member, MemberRights rights)
    {
        (RoutingRun run, RoutingNode node, string stage) = (reading.Run, reading.Node, reading.Stage);
        string? problem = rights.Source == MemberSource.Forward ? "a .forward may not include lists" // They would be read with the server's rights.
            : rights.Source == MemberSource.Pattern ? "a pattern's answer may not include lists" // It may hold what a stranger wrote.
            : reading.Open.Count >= ListDepthMax ? "lists inside of lists, too deep"
            : !Path.IsPathFullyQualified(member.Text) ? "the path must begin with a slash"
            : reading.Open.Contains(Path.GetFullPath(member.Text)) ? "the list includes itself" : null;
        if (problem is null && !reading.Read.Add(Path.GetFullPath(member.Text)))
        {
            run.Note(node, stage, $"{Show(member)}: included before", member.Place);
            return;
        }
        if (problem is null)
        {
            try
            {
                string content = ListFile.Read(member.Text, reading.OctetsLeft, isNamedByAdministrator: rights.Source == MemberSource.Alias, out int octets);
                reading.OctetsLeft -= octets;
                if (AliasMembers.TryReadFile(content, member.Text, run.MembersMax, out List<Member> members, out problem))
                {
                    if (members.Count == 0)
                    {
                        run.Note(node, stage, $"{Show(member)}: nobody", new TablePlace(member.Text, 0));
                        reading.Found.Add(new RoutingMember(null, new Target.Discard("")));
                    }
                    // Whose list a user names may be another's: what it says is done with nobody's rights.
                    reading.Open.Push(Path.GetFullPath(member.Text));
                    Add(reading, members, rights with { Source = MemberSource.List });
                    reading.Open.Pop();
                    return;
                }
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                problem = unreadable.Message;
            }
        }
        reading.Found.Add(new RoutingMember(null, context.Unavailable(run, node, stage, member.Text, new TableAnswer(LookUpOutcome.Failed, Error: problem)).Target));
    }

    /// <summary>What the lists of one alias have come to. Whoever keeps one must not make us read without end.</summary>
    private sealed class Reading(RoutingRun run, RoutingNode node, string stage)
    {
        public RoutingRun Run => run;

        public RoutingNode Node => node;

        public string Stage => stage;

        public List<RoutingMember> Found { get; } = [];

        /// <summary>Members, lists among them.</summary>
        public int Count { get; set; }

        /// <summary>Octets that lists may still have.</summary>
        public int OctetsLeft { get; set; }

        public HashSet<string> Read { get; } = new(StringComparer.Ordinal);

        /// <summary>The lists that the one at hand is included by, and itself.</summary>
        public Stack<string> Open { get; } = new();
    }

    private static string Show(Member member) => member.Kind switch
    {
        MemberKind.List => $":include:{member.Text}",
        MemberKind.Command => $"|{member.Text}",
        MemberKind.Final => $"\\{member.Text}",
        _ => member.Text,
    };
}
