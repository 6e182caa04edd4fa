using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>Everything that routing says itself, named by meaning.</summary>
internal static class RoutingReplies
{
    public static readonly SmtpReply BadDomain = new(553, new(5, 1, 3), "the domain cannot be written in the domain name system");

    public static readonly SmtpReply NoRelay = new(550, new(5, 7, 1), "mail to other domains is not delivered here");

    /// <summary>A table, a list or a home folder cannot be read now. What it is stays in our log.</summary>
    public static readonly SmtpReply TableUnavailable = new(451, new(4, 3, 0), "the tables that say where this mail goes cannot be asked now");

    /// <summary>What a table says makes no sense: somebody will mend it.</summary>
    public static readonly SmtpReply TableWrong = new(451, new(4, 3, 5), "the tables that say where this mail goes are wrong, try again later");

    public static readonly SmtpReply TooManyExpansions = new(451, new(4, 3, 5), "the address stands for too many others");

    public static readonly SmtpReply TooDeep = new(451, new(4, 3, 5), "the address stands for others that stand for others, too many times");

    /// <summary>Commands and files are for aliases and .forward files: whoever may write a list need not be the owner of the machine.</summary>
    public static readonly SmtpReply NotFromHere = new(550, new(5, 7, 1), "commands and files are not allowed in this list");

    /// <summary>Anybody may hear that there is a loop; over whom it leads is for the log and <c>mailaccess explain</c>. RFC 3463 §3.5: X.4.6.</summary>
    public static readonly SmtpReply Loop = new(554, new(5, 4, 6), "mail loops: the address leads back to itself");
}
