using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using MailAccess.Auth;
using MailAccess.Message;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Store.Quota;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>The quota of each account: what the source of the account says, before what the configuration says; and the message near its end.</summary>
internal sealed class AccountQuotas : IQuotaPolicy, IAsyncDisposable
{
    private const int WarningsWaitingMax = 1000;

    private readonly QuotaConfiguration _quota;
    private readonly string _hostName;
    private readonly IAccountDirectory _accounts;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, QuotaRules> _parsed = new(StringComparer.Ordinal);
    private readonly Channel<QuotaWarning> _warnings =
        Channel.CreateBounded<QuotaWarning>(new BoundedChannelOptions(WarningsWaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private Task _sending = Task.CompletedTask;

    public AccountQuotas(ServerConfiguration configuration, IAccountDirectory accounts, TimeProvider clock, ILogger log)
    {
        _quota = configuration.Quota;
        _hostName = configuration.HostName;
        _accounts = accounts;
        _clock = clock;
        _log = log;
    }

    /// <inheritdoc/>
    public async ValueTask<QuotaRules> RulesOfAsync(string accountName, CancellationToken cancellationToken)
    {
        if (accountName == SharingConfiguration.SystemAccount)
        {
            return QuotaRules.None; // What accounts may hold says nothing about mailboxes of nobody.
        }
        try
        {
            return await _accounts.FindByNameAsync(accountName, cancellationToken) is { QuotaRules.Count: > 0 } account
                ? _parsed.GetOrAdd(string.Join(' ', account.QuotaRules), _ => Parse(account)) : _quota.Rules;
        }
        catch (IOException)
        {
            return _quota.Rules;
        }
    }

    /// <inheritdoc/>
    public void Warn(QuotaWarning warning)
    {
        if (_quota.WarningMessage)
        {
            _warnings.Writer.TryWrite(warning);
        }
    }

    /// <summary>From now on warnings are put into INBOXes of this store.</summary>
    public void Start(IMailStore store) => _sending = SendAsync(store);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _warnings.Writer.TryComplete();
        await _sending;
    }

    /// <summary>RFC 5322. Also read where the account's own rules are many: it says what is used and what may be.</summary>
    internal static byte[] Compose(QuotaWarning warning, string address, string hostName, DateTimeOffset now, string messageId)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"From: Mail system <postmaster@{hostName}>\r\nTo: <{address}>\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Subject: Your mailbox is {warning.Percent} % full\r\nDate: {MessageDate.Format(now)}\r\nMessage-ID: {messageId}\r\n");
        text.Append("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
        if (warning.Limit.Octets is { } octets)
        {
            text.Append(CultureInfo.InvariantCulture, $"Your mail takes {warning.Used.Octets >> 10} of {octets >> 10} KB.\r\n");
        }
        if (warning.Limit.Messages is { } messages)
        {
            text.Append(CultureInfo.InvariantCulture, $"You have {warning.Used.Messages} of {messages} messages.\r\n");
        }
        text.Append("When nothing is left, no more mail can be delivered to you.\r\nPlease delete what you do not need, and empty the trash.\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private QuotaRules Parse(Account account)
    {
        QuotaRules rules = _quota.Rules;
        foreach (string text in account.QuotaRules)
        {
            if (QuotaRuleText.TryApply(text, rules, out QuotaRules? changed))
            {
                rules = changed;
            }
            else
            {
                _log.QuotaRuleUnknown(account.Name, text);
            }
        }
        return rules;
    }

    private async Task SendAsync(IMailStore store)
    {
        var ids = new MessageIdGenerator(_clock);
        await foreach (QuotaWarning warning in _warnings.Reader.ReadAllAsync())
        {
            StoreError error = await SendAsync(store, warning, ids.Next(_hostName));
            if (error != StoreError.None)
            {
                _log.QuotaWarningNotSent(warning.AccountName, error);
            }
        }
    }

    private async Task<StoreError> SendAsync(IMailStore store, QuotaWarning warning, string messageId)
    {
        string address = await AddressOfAsync(warning.AccountName);
        byte[] message = Compose(warning, address, _hostName, _clock.GetUtcNow(), messageId);
        StoreResult<IStagedMessage> stage = await store.StageAsync(message.Length, CancellationToken.None);
        if (!stage.TryGet(out IStagedMessage? staged))
        {
            return stage.Error;
        }
        await using IStagedMessage ownedMessage = staged;
        StoreError error = (await staged.WriteAsync(message, CancellationToken.None)).Error;
        error = error == StoreError.None ? (await staged.CompleteAsync(CancellationToken.None)).Error : error;
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(warning.AccountName, CancellationToken.None);
        if (error != StoreError.None || !opened.TryGet(out IMailAccount? account))
        {
            return error != StoreError.None ? error : opened.Error;
        }
        await using IMailAccount ownedAccount = account;
        StoreResult<IMailbox> inbox = await account.OpenAsync(MailboxName.Inbox, CancellationToken.None);
        if (!inbox.TryGet(out IMailbox? mailbox))
        {
            return inbox.Error;
        }
        await using IMailbox ownedMailbox = mailbox;
        return (await mailbox.AppendAsync([new MessageToAppend { Message = staged, IsExemptFromQuota = true }], CancellationToken.None)).Error;
    }

    private async Task<string> AddressOfAsync(string accountName)
    {
        try
        {
            return (await _accounts.FindByNameAsync(accountName, CancellationToken.None))?.Addresses is [string main, ..] ? main : $"{accountName}@{_hostName}";
        }
        catch (IOException)
        {
            return $"{accountName}@{_hostName}";
        }
    }
}
