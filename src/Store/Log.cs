using Microsoft.Extensions.Logging;

namespace MailAccess.Store;

/// <summary>What the store says to the administrator.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Critical, Message = "The delivery journal cannot be written; no mail is accepted until the server is restarted")]
    public static partial void JournalBroken(this ILogger log, Exception fault);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "The delivery journal finds no room; mail is refused for now")]
    public static partial void JournalHasNoRoom(this ILogger log, Exception fault);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Error, Message = "A file operation on the mail of {Account} failed: {Folder}")]
    public static partial void FileFault(this ILogger log, string account, string folder, Exception fault);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Error, Message = "The checkpoint failed and will be tried again; the journal grows meanwhile")]
    public static partial void CheckpointFailed(this ILogger log, Exception fault);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Information, Message = "Recovered {Commits} commits from the journal: {Files} message files written again, {Removed} removed")]
    public static partial void Recovered(this ILogger log, int commits, int files, int removed);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Warning, Message = "The index of {Folder} is missing or damaged and was rebuilt: {Messages} messages")]
    public static partial void IndexRebuilt(this ILogger log, string folder, int messages);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Warning, Message = "A journaled commit of mailbox {Folder} of {Account} has no mailbox any more and is left out")]
    public static partial void MailboxOfCommitGone(this ILogger log, string account, string folder);

    [LoggerMessage(EventId = 3008, Level = LogLevel.Error, Message = "Housekeeping of the store failed")]
    public static partial void HousekeepingFailed(this ILogger log, Exception fault);

    [LoggerMessage(EventId = 3020, Level = LogLevel.Information, Message = "{Account} has reached {Percent} % of its quota: {Octets} octets in {Messages} messages")]
    public static partial void QuotaReached(this ILogger log, string account, int percent, long octets, long messages);

    [LoggerMessage(EventId = 3021, Level = LogLevel.Information, Message = "Expiry looked at {Mailboxes} mailboxes of {Accounts} accounts: {Messages} messages expired, {Failures} failures")]
    public static partial void ExpirySwept(this ILogger log, int accounts, int mailboxes, long messages, int failures);

    [LoggerMessage(EventId = 3022, Level = LogLevel.Information, Message = "Expired from {Mailbox} of {Account}: {Messages} messages ({Mode})")]
    public static partial void Expired(this ILogger log, string account, string mailbox, long messages, Expiry.ExpiryMode mode);

    [LoggerMessage(EventId = 3010, Level = LogLevel.Error, Message = "The mail of {Account} in {Folder} cannot be written; changes to it are refused for now, nothing that was accepted is lost")]
    public static partial void MailboxSick(this ILogger log, string account, string folder, Exception fault);

    [LoggerMessage(EventId = 3011, Level = LogLevel.Information, Message = "The mail of {Account} in {Folder} can be written again")]
    public static partial void MailboxWell(this ILogger log, string account, string folder);

    [LoggerMessage(EventId = 3012, Level = LogLevel.Error, Message = "The mailbox {Folder} of {Account} could not be brought to what the journal says; it stays closed until its files can be written")]
    public static partial void MailboxNotRecovered(this ILogger log, string account, string folder, Exception fault);

    [LoggerMessage(EventId = 3013, Level = LogLevel.Error, Message = "The journal segment {Segment} is damaged: commits after its damage are lost; it is kept with the ending .damaged")]
    public static partial void JournalDamaged(this ILogger log, string segment);

    [LoggerMessage(EventId = 3014, Level = LogLevel.Information, Message = "Rebuilding the index of {Folder}: {Done} of {All} messages")]
    public static partial void Rebuilding(this ILogger log, string folder, int done, int all);

    [LoggerMessage(EventId = 3009, Level = LogLevel.Warning, Message = "Folders cannot be watched any more ({Reason}); they are polled instead")]
    public static partial void WatchingFailed(this ILogger log, string reason);

    [LoggerMessage(EventId = 3030, Level = LogLevel.Information, Message = "Took over {Folder} from {Format}: {Messages} messages, UIDVALIDITY {UidValidity}")]
    public static partial void MailboxAdopted(this ILogger log, string folder, Maildir.Adoption.AdoptedFormat format, int messages, uint uidValidity);

    [LoggerMessage(EventId = 3031, Level = LogLevel.Warning, Message = "Another program has changed the UIDVALIDITY of {Folder} from {Before} to {After}; its numbering counts from now on")]
    public static partial void MailboxRenumbered(this ILogger log, string folder, uint before, uint after);

    [LoggerMessage(EventId = 3050, Level = LogLevel.Warning, Message = "The lock {Path} was left by a program that is gone, and was removed")]
    public static partial void LeftoverLockRemoved(this ILogger log, string path);

    [LoggerMessage(EventId = 3051, Level = LogLevel.Warning, Message = "{Path} cannot be created: the folder is not writable for this server. Only the kernel's locks protect the mail there")]
    public static partial void LockFolderForbidden(this ILogger log, string path);

    [LoggerMessage(EventId = 3052, Level = LogLevel.Warning, Message = "The mbox {Path} was being rewritten when an earlier process ended; the rewrite was {Outcome}")]
    public static partial void RewriteRecovered(this ILogger log, string path, string outcome);

    [LoggerMessage(EventId = 3053, Level = LogLevel.Warning, Message = "The end of the mbox {Path} was a message that an earlier process did not finish; {Octets} octets were removed")]
    public static partial void TornAppendRemoved(this ILogger log, string path, long octets);

    [LoggerMessage(EventId = 3054, Level = LogLevel.Error, Message = "The mbox {Path} does not begin with a message; it is left alone")]
    public static partial void NotAnMbox(this ILogger log, string path);

    [LoggerMessage(EventId = 3040, Level = LogLevel.Warning, Message = "Mail could not be delivered to {Path}")]
    public static partial void FileDeliveryFailed(this ILogger log, string path, Exception fault);

    [LoggerMessage(EventId = 3041, Level = LogLevel.Warning, Message = "Mail is not delivered to {Path}: it is a link, no regular file, executable or set-uid, or has several names")]
    public static partial void FileDeliveryRefused(this ILogger log, string path);

    [LoggerMessage(EventId = 3042, Level = LogLevel.Error, Message = "A part of a message is left at the end of {Path}, behind octet {Offset}, and could not be taken back")]
    public static partial void PartLeft(this ILogger log, string path, long offset, Exception fault);
}
