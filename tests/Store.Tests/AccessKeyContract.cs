using static MailAccess.Store.Tests.Contract.StoreKit;

namespace MailAccess.Store.Tests;

/// <summary>Mailbox access keys over files: whose they are, what they survive and what ends them. RFC 4467 §2.2.</summary>
public abstract partial class AccessStoreContract
{
    private static readonly byte[] Text = "imap://alice@example.test/Work/;UID=1;URLAUTH=anonymous"u8.ToArray();

    [Fact]
    public async Task A_key_stays_through_a_restart_and_a_new_name()
    {
        await CreateAsync("Work");
        byte[] before = await SignAsync(Alice.Name, "Work", makesKey: true);
        Assert.Equal(before, await SignAsync(Alice.Name, "Work"));
        await ReopenAsync();
        Assert.Equal(before, await SignAsync(Alice.Name, "Work"));
        Must(await Alice.RenameAsync(Named("Work"), Named("Office"), default));
        Assert.Equal(before, await SignAsync(Alice.Name, "Office"));
        await ReopenAsync();
        Assert.Equal(before, await SignAsync(Alice.Name, "Office"));
    }

    [Fact]
    public async Task Each_user_has_a_key_of_his_own_to_each_mailbox()
    {
        await CreateAsync("Work");
        await CreateAsync("Play");
        await ShareAsync("Work", "lr");
        byte[][] all =
        [
            await SignAsync("alice", "Work", makesKey: true), await SignAsync("alice", "Play", makesKey: true),
            await SignAsync("alice", "INBOX", makesKey: true), await SignAsync("bob", "Other Users/alice/Work", makesKey: true),
        ];
        Assert.Equal(4, all.Select(Convert.ToHexString).Distinct().Count());
        Assert.All(all, s => Assert.Equal(32, s.Length));
    }

    [Fact]
    public async Task Where_there_is_no_key_nothing_is_signed_the_same_way_twice()
    {
        await CreateAsync("Work");
        Assert.NotEqual(await SignAsync("alice", "Work"), await SignAsync("alice", "Work"));
        byte[] signed = await SignAsync("alice", "Work", makesKey: true);
        Assert.NotEqual(signed, await SignAsync("alice", "Work", text: [.. Text, 0x20]));
    }

    [Fact]
    public async Task A_new_key_is_told_from_the_old_one_and_is_durable()
    {
        await CreateAsync("Work");
        await CreateAsync("Play");
        byte[] work = await SignAsync("alice", "Work", makesKey: true);
        byte[] play = await SignAsync("alice", "Play", makesKey: true);
        await using (IMailbox mailbox = Must(await Alice.OpenAsync(Named("Work"), default)))
        {
            Must(await Alice.RenewAccessKeyAsync(mailbox, default));
        }
        byte[] renewed = await SignAsync("alice", "Work");
        Assert.NotEqual(work, renewed);
        Assert.Equal(play, await SignAsync("alice", "Play"));
        await ReopenAsync();
        Assert.Equal(renewed, await SignAsync("alice", "Work"));

        Must(await Alice.RenewAccessKeyAsync(null, default));
        await ReopenAsync();
        Assert.NotEqual(renewed, await SignAsync("alice", "Work", makesKey: true));
        Assert.NotEqual(play, await SignAsync("alice", "Play", makesKey: true));
    }

    [Fact]
    public async Task A_key_ends_with_its_mailbox_whatever_comes_under_its_name()
    {
        await CreateAsync("Work");
        await CreateAsync("Work/Sub");
        byte[] first = await SignAsync("alice", "Work", makesKey: true);
        byte[] below = await SignAsync("alice", "Work/Sub", makesKey: true);
        Must(await Alice.DeleteAsync(Named("Work/Sub"), default));
        Assert.DoesNotContain("Sub", string.Join(' ', await ListAsync(Alice)), StringComparison.Ordinal);
        await CreateAsync("Work/Sub");
        Assert.NotEqual(below, await SignAsync("alice", "Work/Sub", makesKey: true));
        Assert.Equal(first, await SignAsync("alice", "Work"));
        Must(await Alice.DeleteAsync(Named("Work"), default)); // The name stays, above the other.
        await CreateAsync("Work");
        Assert.NotEqual(first, await SignAsync("alice", "Work"));
        Assert.NotEqual(first, await SignAsync("alice", "Work", makesKey: true));
    }

    private async Task<byte[]> SignAsync(string user, string name, bool makesKey = false, byte[]? text = null)
    {
        await using Access.IUserAccount account = (Access.IUserAccount)Must(await _store.OpenAccountAsync(user, default));
        await using IMailbox mailbox = Must(await account.OpenAsync(Named(name), default));
        return Must(await account.SignAsync(mailbox, text ?? Text, makesKey, default)).ToArray();
    }
}
