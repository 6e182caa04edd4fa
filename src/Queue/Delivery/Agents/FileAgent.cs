using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Delivery;

namespace MailAccess.Queue;

/// <summary>Files and Maildirs that aliases and .forward files name.</summary>
internal sealed class FileAgent(FileDelivery files, SystemUsers users, TimeProvider clock)
{
    private const string Nowhere = "/dev/null";

    private static readonly SmtpReply Discarded = new(250, new(2, 0, 0), "discarded");
    private static readonly SmtpReply DeliveredToFile = new(250, new(2, 0, 0), "delivered to file");
    private static readonly SmtpReply DeliveredToMaildir = new(250, new(2, 0, 0), "delivered to maildir");
    private static readonly SmtpReply NotAPath = new(554, new(5, 3, 5), "not the path of a file");

    /// <summary>One copy for one recipient.</summary>
    public async Task<SmtpReply> DeliverAsync(AgentTransaction transaction, Target.File file, IMessageContent content, CancellationToken stop)
    {
        if (file.Path == Nowhere)
        {
            return Discarded;
        }
        if (!file.Path.StartsWith('/') || file.Path.Any(char.IsControl))
        {
            return NotAPath;
        }
        if (!users.TryFind(file.User, out SystemUser? user, out SmtpReply? refusal))
        {
            return refusal;
        }
        bool isMaildir = file.Path.EndsWith('/');
        FileDeliveryRequest request = new()
        {
            Path = file.Path,
            Identity = users.IdentityOf(user),
            Head = AgentHead.Build(transaction, isMaildir ? AgentHead.OfFiles : AgentHead.OfFiles | AgentFlags.FromLine, "", clock),
        };
        StoreError error = isMaildir ? await files.AddToMaildirAsync(request, content, stop) : await files.AppendToMboxAsync(request, content, stop);
        return error != StoreError.None ? StoreReplies.ToReply(error) : isMaildir ? DeliveredToMaildir : DeliveredToFile;
    }
}
