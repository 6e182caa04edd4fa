namespace MailAccess.Routing;

/// <summary>Which addresses come to a stage.</summary>
internal enum StageScope
{
    /// <summary>All.</summary>
    Every,
    /// <summary>Those of this machine's users.</summary>
    Machine,
    /// <summary>Those, and those of domains with mailboxes alone.</summary>
    Here,
    /// <summary>Those of other domains, relayed or not.</summary>
    Elsewhere,
}

/// <summary>One stage of the pipeline: asks one question about an address. Thread-safe.</summary>
internal interface IRoutingStage
{
    /// <summary>As the documentation names it, and <c>mailaccess explain</c>.</summary>
    string Name { get; }

    StageScope Scope { get; }

    ValueTask<StageAnswer> AskAsync(RoutingRun run, RoutingNode node, CancellationToken cancellationToken);
}
