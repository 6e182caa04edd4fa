using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>Snapshots with given UIDs, made as a store makes them.</summary>
internal static class Views
{
    public static MailboxSnapshot WithUids(params uint[] uids) => WithUidsBelow(uids.Length == 0 ? 1 : uids.Max() + 1, uids);

    public static MailboxSnapshot WithUidsBelow(uint uidNext, params uint[] uids) => WithUidsAsync(uidNext, uids).GetAwaiter().GetResult();

    private static async Task<MailboxSnapshot> WithUidsAsync(uint uidNext, uint[] uids)
    {
        MemoryMailStore store = new(new ManualTimeProvider());
        (await store.OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account);
        (await account!.OpenAsync(MailboxName.Inbox, default)).TryGet(out IMailbox? mailbox);
        for (uint uid = 1; uid < uidNext; uid++)
        {
            (await store.StageAsync(0, default)).TryGet(out IStagedMessage? message);
            await message!.CompleteAsync(default);
            await mailbox!.AppendAsync([new MessageToAppend { Message = message }], default);
        }
        IEnumerable<Uid> others = Enumerable.Range(1, (int)uidNext - 1).Select(u => new Uid((uint)u)).Where(u => !uids.Contains(u.Value));
        await mailbox!.ExpungeAsync(UidSet.FromUids(others), ExpungeScope.AllNamed, default);
        return mailbox.Snapshot;
    }
}
