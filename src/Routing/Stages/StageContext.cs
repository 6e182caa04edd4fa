using MailAccess.Smtp;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Routing;

/// <summary>What all stages work with.</summary>
internal sealed record StageContext(RoutingOptions Options, ILocalDirectory Directory, DomainClasses Classes, ILogger Logger)
{
    /// <summary>Whoever writes an address would say over which host its mail goes. Postfix's trivial-rewrite(8) does not do it either: transport(5).</summary>
    public const string FilledInHop = "a next hop may not be made of parts of an address ($1)";

    /// <summary>The domain of names without one.</summary>
    public string OriginOf(RoutingNode node) => Options.Origin ?? node.Path.Domain;

    /// <summary>The address replaced; false: its domain cannot be written in the DNS.</summary>
    public bool TryReplace(RoutingNode node, MailPath path)
    {
        if (!AddressName.TryRead(path, Options.RecipientDelimiter, out AddressName name))
        {
            return false;
        }
        node.Path = path;
        node.Name = name;
        node.Verdict = null;
        return true;
    }

    /// <summary>Whose the address' domain is; null with the answer where that cannot be told now.</summary>
    public async ValueTask<(DomainClass? Class, StageAnswer Failure)> ClassifyAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken)
    {
        DomainVerdict verdict = node.Verdict ?? await Classes.FindAsync(node.Name.Domain, cancellationToken);
        if (verdict.Failure is { } failure)
        {
            return (null, Unavailable(run, node, DomainStage.StageName, "domains", failure));
        }
        node.Verdict = verdict;
        return (verdict.Class, default);
    }

    /// <summary>The table cannot be asked: never a refusal for good.</summary>
    public StageAnswer Unavailable(RoutingRun run, RoutingNode node, string stage, TableHit hit) =>
        Unavailable(run, node, stage, hit.Table!.Name, hit.Answer);

    public StageAnswer Unavailable(RoutingRun run, RoutingNode node, string stage, string table, TableAnswer answer)
    {
        Log.TableFailed(Logger, table, answer.Error);
        run.Note(node, stage, $"cannot be asked now: {answer.Error}", new TablePlace(table, 0));
        return StageAnswer.End(RoutingReplies.TableUnavailable);
    }

    /// <summary>What the table says makes no sense.</summary>
    public StageAnswer Wrong(RoutingRun run, RoutingNode node, string stage, TablePlace? place, string problem)
    {
        Log.TableWrong(Logger, place?.ToString() ?? stage, problem);
        run.Note(node, stage, problem, place);
        return StageAnswer.End(RoutingReplies.TableWrong);
    }
}
