using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>Snapshots with given UIDs, made as a store makes them.</summary>
internal static class Views
{
    public static MailboxSnapshot WithUids(params uint[] uids) => WithUidsAsync(uids).GetAwaiter().GetResult();

    private static async Task<MailboxSnapshot> WithUidsAsync(uint[] uids)
    {
        MemoryMailStore store = new(new ManualTimeProvider());
        (await store.OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account);
        (await account!.OpenAsync(MailboxName.Inbox, default)).TryGet(out IMailbox? mailbox);
        uint highest = uids.Length == 0 ? 0 : uids.Max();
        for (uint uid = 1; uid <= highest; uid++)
        {
            (await store.StageAsync(0, default)).TryGet(out IStagedMessage? message);
            await message!.CompleteAsync(default);
            await mailbox!.AppendAsync([new MessageToAppend { Message = message }], default);
        }
        IEnumerable<Uid> others = Enumerable.Range(1, (int)highest).Select(u => new Uid((uint)u)).Where(u => !uids.Contains(u.Value));
        await mailbox!.ExpungeAsync(UidSet.FromUids(others), ExpungeScope.AllNamed, default);
        return mailbox.Snapshot;
    }
}
