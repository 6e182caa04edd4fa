using Microsoft.Extensions.Logging;

namespace MailAccess.Tables;

/// <summary>What every table is made with.</summary>
/// <param name="Limits">Sizes and times.</param>
/// <param name="Clock">The time.</param>
/// <param name="Logger">Told of files that cannot be read again.</param>
public sealed record TableContext(TableLimits Limits, TimeProvider Clock, ILogger Logger);
