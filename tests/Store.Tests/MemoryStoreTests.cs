using MailAccess.Store.Memory;
using MailAccess.Store.Tests.Contract;

namespace MailAccess.Store.Tests;

public sealed class MemoryMailboxTests : MailboxContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));
}

public sealed class MemoryMailStoreTests : MailStoreContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));
}
