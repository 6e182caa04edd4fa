using System.Buffers;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>The environment of commands and programs: nothing of ours, and of a message only values that cannot hurt a shell.</summary>
internal static class AgentEnvironment
{
    /// <summary>All others become <c>_</c>, as Postfix has it (command_expansion_filter).</summary>
    private static readonly SearchValues<char> Harmless =
        SearchValues.Create("0123456789!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>The variables of local(8), as far as we know their values.</summary>
    public static Dictionary<string, string> Create(AgentTransaction transaction, SystemUser user, DeliveryAgentOptions options)
    {
        SpoolMessage message = transaction.Message;
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["PATH"] = options.Path,
            ["HOME"] = user.Home,
            ["SHELL"] = user.Shell.Length > 0 ? user.Shell : "/bin/sh",
            ["SENDER"] = Clean(transaction.ReversePath.ToString()),
            ["CLIENT_ADDRESS"] = Clean(message.Origin.Remote?.ToString() ?? ""),
            ["CLIENT_HELO"] = Clean(message.Origin.HelloName ?? ""),
            ["CLIENT_PROTOCOL"] = Clean(message.Origin.Protocol),
            ["SASL_USERNAME"] = Clean(message.Origin.AccountName ?? ""),
            ["QUEUE_ID"] = Clean(message.Id.ToString()),
        };
        if (transaction.Recipients is [EnvelopeRecipient recipient])
        {
            AddressParts parts = AddressParts.Of(recipient.Path, options.RecipientDelimiter);
            variables["USER"] = variables["LOGNAME"] = Clean(parts.User);
            variables["LOCAL"] = Clean(recipient.Path.LocalPart);
            variables["EXTENSION"] = Clean(parts.Extension);
            variables["DOMAIN"] = Clean(recipient.Path.Domain);
            variables["RECIPIENT"] = Clean(recipient.Path.ToString());
            variables["ORIGINAL_RECIPIENT"] = Clean(OriginalRecipient.Of(recipient).ToString());
        }
        return variables;
    }

    public static string Clean(string value) =>
        value.AsSpan().ContainsAnyExcept(Harmless) ? string.Concat(value.Select(c => Harmless.Contains(c) ? c : '_')) : value;
}
