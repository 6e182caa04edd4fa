using System.Text;
using MailAccess.Routing;

namespace MailAccess.Server.Cli;

/// <summary>An explanation for people: the steps as a table, then where each copy goes.</summary>
internal static class ExplainTable
{
    public static string Write(Explanation explanation)
    {
        StringBuilder text = new();
        string sender = explanation.Request.ReversePath.IsNull ? "<>" : explanation.Request.ReversePath.ToString();
        text.AppendLine($"{explanation.Request.Recipient}, from {sender}").AppendLine();
        if (explanation.Senders.Count > 0)
        {
            AddRows(text, [["SENDER", "STEP", "ADDRESS", "SAYS", "BY"], .. explanation.Senders.SelectMany(s => SenderRows(s, explanation.Request))]);
            text.AppendLine();
        }
        AddRows(text, [["STEP", "ADDRESS", "SAYS", "BY"], .. explanation.Resolution.Steps.Select(Row)]);
        text.AppendLine().AppendLine("GOES TO");
        AddRows(text, [.. explanation.Recipients.SelectMany(Rows)]);
        if (explanation.Client is { } client)
        {
            text.AppendLine().AppendLine($"CLIENT  {client.Address} {client.Why}{(client.Key is null ? "" : $" ({client.Key})")}");
        }
        return text.ToString();
    }

    private static IEnumerable<string[]> SenderRows(ExplainedSender sender, RoutingRequest request)
    {
        string where = sender.Where == AddressClasses.EnvelopeSender ? "envelope" : "header";
        foreach (RoutingStep step in sender.Steps)
        {
            yield return [where, .. Row(step)];
        }
        if (sender.Error is { } error)
        {
            yield return [where, "waits", sender.Path.ToString(), error, ""];
        }
        else if (sender.Steps.Count == 0)
        {
            yield return [where, "", request.ReversePath.ToString(), "stays", "default"];
        }
    }

    private static string[] Row(RoutingStep step) =>
        [new string(' ', step.Depth * 2) + step.Stage, step.Input, step.Output, step.Place?.ToString() ?? "default"];

    private static IEnumerable<string[]> Rows(ExplainedRecipient recipient)
    {
        yield return [recipient.Recipient.Path.ToString(), recipient.Goes];
        foreach (ExplainedHost host in recipient.Hosts)
        {
            yield return ["", $"  {(host.Preference is { } preference ? $"MX {preference} " : "")}{host.Name}{(host.Addresses.Length > 0 && host.Addresses != host.Name ? $"  {host.Addresses}" : "")}"];
            if (host.Tls is { } tls)
            {
                yield return ["", $"    TLS {tls} ({(host.Why?.StartsWith(tls + ", ", StringComparison.Ordinal) == true ? host.Why[(tls.Length + 2)..] : host.Why)})"];
            }
        }
        if (recipient.Failure is { } failure)
        {
            yield return ["", $"  {(failure.IsPermanent ? "comes back" : "waits")}: {failure}"];
        }
        if (recipient.StsFailure is { } problem)
        {
            yield return ["", $"  MTA-STS policy cannot be had: {problem}"];
        }
        if (recipient.Recipient.ReversePath is { } owner)
        {
            yield return ["", $"  failures to {owner}"];
        }
    }

    /// <summary>Columns as wide as their widest cell, but for one that is so wide alone; the last one is never filled up.</summary>
    private static void AddRows(StringBuilder text, IReadOnlyList<string[]> rows)
    {
        const int cellMax = 60;
        for (int r = 0; r < rows.Count; r++)
        {
            string[] row = rows[r];
            for (int c = 0; c < row.Length; c++)
            {
                int column = c;
                int width = rows.Max(other => Math.Min(cellMax, other[column].Length));
                text.Append(c == row.Length - 1 ? row[c] : row[c].PadRight(width) + "  ");
            }
            text.AppendLine();
        }
    }
}
