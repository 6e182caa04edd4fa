using System.Globalization;
using System.Runtime.CompilerServices;
using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>An address on its way through the pipeline.</summary>
internal sealed class RoutingNode
{
    /// <summary>The address as it is now.</summary>
    public required MailPath Path { get; set; }

    /// <summary>The same, taken apart.</summary>
    public required AddressName Name { get; set; }

    /// <summary>What it came out of; null: it is the recipient itself.</summary>
    public RoutingNode? Parent { get; init; }

    public int Depth { get; init; }

    /// <summary>Whose the domain is; null: not found out yet.</summary>
    public DomainVerdict? Verdict { get; set; }

    public DomainClass? Class => Verdict?.Class;

    /// <summary>The stage to begin with: an address that stands for itself goes on behind the table that said so.</summary>
    public int FirstStage { get; init; }

    /// <summary>Straight into the mailbox: <c>\bob</c>, or a user whose .forward leads back to himself.</summary>
    public bool IsFinal { get; init; }

    /// <summary>What became of mail for somebody unknown: that happens once.</summary>
    public bool IsForUnknown { get; init; }

    /// <summary>The account whose .forward was read here.</summary>
    public string? ForwardOf { get; set; }

    /// <summary>Who is told of failures; null: the sender.</summary>
    public MailPath? ReversePath { get; set; }

    public bool IsListMember { get; set; }

    /// <summary>One spelling for addresses that are the same.</summary>
    public string Key => KeyOf(Path, Name);

    public static string KeyOf(MailPath path, AddressName name) => $"{path.LocalPart.ToLowerInvariant()}@{name.Domain}";
}

/// <summary>What a stage says of an address.</summary>
/// <param name="Target">The end of its way.</param>
/// <param name="Members">What it stands for.</param>
/// <remarks>The default: nothing, on to the next stage.</remarks>
internal readonly record struct StageAnswer(Target? Target, IReadOnlyList<RoutingMember>? Members)
{
    public static StageAnswer Next => default;

    public static StageAnswer End(Target target) => new(target, null);

    public static StageAnswer End(SmtpReply refusal) => new(new Target.Failure(refusal), null);

    public static StageAnswer Expand(IReadOnlyList<RoutingMember> members) => new(null, members);
}

/// <summary>What an address stands for: another one, or the end of the way. Exactly one of both is set.</summary>
/// <param name="Path">Another address.</param>
/// <param name="Target">The end.</param>
internal readonly record struct RoutingMember(MailPath? Path, Target? Target)
{
    /// <summary>Straight into the mailbox.</summary>
    public bool IsFinal { get; init; }

    /// <summary>It stands in for somebody unknown.</summary>
    public bool IsForUnknown { get; init; }
}

/// <summary>One question, while it is answered.</summary>
internal sealed class RoutingRun(RoutingRequest request)
{
    private HashSet<string>? _seen;
    private HashSet<object>? _ends;

    public RoutingRequest Request => request;

    /// <summary>Two recipients are enough.</summary>
    public bool IsForAcceptance => request.IsForAcceptance;

    /// <summary>
    /// Of the members of one alias so many are looked at. Those behind may be somebody else than all before them, but who has several members is never
    /// taken for the mailbox of one of them (<see cref="RoutingNode.IsListMember"/>).
    /// </summary>
    public int MembersMax => request.IsForAcceptance ? 64 : int.MaxValue;

    /// <summary>Null unless they are wanted, so that <c>Steps?.Add(…)</c> costs nothing then.</summary>
    public List<RoutingStep>? Steps { get; } = request.Explain ? [] : null;

    public List<RoutedRecipient> Recipients { get; } = new(1);

    /// <summary>Addresses met so far.</summary>
    public int Count { get; set; }

    /// <summary>Why there is no answer but this one: too much, or a domain that nobody can tell of now.</summary>
    public SmtpReply? Stopped { get; set; }

    /// <summary>Nobody has told yet whose domain it is: what fails before that must not become "relaying denied".</summary>
    public bool IsUndecided { get; set; } = true;

    public bool IsOurs { get; set; }

    /// <summary>Something that was asked for a member did not answer: all of it waits, and others would only wait for the same thing again.</summary>
    public bool HasUnavailable { get; private set; }

    /// <summary>False: this address was met before.</summary>
    public bool TryMeet(string key) => (_seen ??= new HashSet<string>(StringComparer.Ordinal)).Add(key);

    /// <summary>Adds the end of an address' way, unless another one ended there.</summary>
    public void Add(RoutingNode node, Target target)
    {
        HasUnavailable |= target is Target.Failure failure && (failure.Reply == RoutingReplies.TableUnavailable || failure.Reply == SmtpReplies.TryAgainLater);
        object end = target switch
        {
            Target.Mailbox mailbox => (mailbox, node.Name.Detail),
            Target.File or Target.Command => target,
            _ => (target, node.Key),
        };
        if ((_ends ??= []).Add(end))
        {
            Recipients.Add(new RoutedRecipient { Path = node.Path, Target = target, ReversePath = node.ReversePath, IsListMember = node.IsListMember });
        }
    }

    public void Note(RoutingNode node, string stage, string output, TablePlace? place = null) =>
        Steps?.Add(new RoutingStep(node.Depth, stage, node.Path.ToString(), output, place));

    /// <summary>The same; what stands in the braces is not even asked for unless steps are wanted.</summary>
    public void Note(RoutingNode node, string stage, [InterpolatedStringHandlerArgument("")] ref StepText output, TablePlace? place = null) =>
        Steps?.Add(new RoutingStep(node.Depth, stage, node.Path.ToString(), output.ToString(), place));
}

/// <summary>The text of a step, if steps are wanted.</summary>
[InterpolatedStringHandler]
internal ref struct StepText
{
    private DefaultInterpolatedStringHandler _text;

    public StepText(int literalLength, int formattedCount, RoutingRun run, out bool isWanted)
    {
        isWanted = run.Steps is not null;
        _text = isWanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public override string ToString() => _text.ToStringAndClear();
}
