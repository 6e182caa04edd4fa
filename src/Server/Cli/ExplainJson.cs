using System.Text.Json;
using System.Text.Json.Nodes;
using MailAccess.Routing;

namespace MailAccess.Server.Cli;

/// <summary>An explanation for programs.</summary>
internal static class ExplainJson
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Explanation explanation)
    {
        JsonObject whole = new()
        {
            ["recipient"] = explanation.Request.Recipient.ToString(),
            ["sender"] = explanation.Request.ReversePath.ToString(),
            ["senderBecomes"] = new JsonArray([.. explanation.Senders.Select(Sender)]),
            ["isOurs"] = explanation.Resolution.IsOurs,
            ["steps"] = new JsonArray([.. explanation.Resolution.Steps.Select(Step)]),
            ["goesTo"] = new JsonArray([.. explanation.Recipients.Select(Recipient)]),
        };
        if (explanation.Client is { } client)
        {
            whole["client"] = new JsonObject { ["address"] = client.Address.ToString(), ["allowed"] = client.IsAllowed, ["why"] = client.Why, ["key"] = client.Key };
        }
        return whole.ToJsonString(Readable) + Environment.NewLine;
    }

    private static JsonObject Sender(ExplainedSender sender) => new()
    {
        ["where"] = sender.Where == AddressClasses.EnvelopeSender ? "envelope" : "header",
        ["address"] = sender.Path.ToString(),
        ["error"] = sender.Error,
        ["steps"] = new JsonArray([.. sender.Steps.Select(Step)]),
    };

    private static JsonObject Step(RoutingStep step) => new()
    {
        ["depth"] = step.Depth,
        ["stage"] = step.Stage,
        ["input"] = step.Input,
        ["output"] = step.Output,
        ["source"] = step.Place?.Source,
        ["line"] = step.Place is { Line: > 0 } place ? place.Line : null,
    };

    private static JsonObject Recipient(ExplainedRecipient recipient)
    {
        JsonObject written = new()
        {
            ["address"] = recipient.Recipient.Path.ToString(),
            ["kind"] = recipient.Recipient.Target.GetType().Name.ToLowerInvariant(),
            ["goes"] = recipient.Goes,
            ["failuresTo"] = recipient.Recipient.ReversePath?.ToString(),
        };
        if (recipient.Recipient.Target is Target.Relay)
        {
            written["failure"] = recipient.Failure?.ToString();
            written["stsFailure"] = recipient.StsFailure;
            written["hosts"] = new JsonArray([.. recipient.Hosts.Select(Host)]);
        }
        return written;
    }

    private static JsonObject Host(ExplainedHost host) => new()
    {
        ["preference"] = host.Preference,
        ["name"] = host.Name,
        ["addresses"] = host.Addresses,
        ["tls"] = host.Tls,
        ["why"] = host.Why,
    };
}
