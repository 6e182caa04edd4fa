using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MailAccess.Store;
using MailAccess.Store.Inspection;

namespace MailAccess.Server.Cli;

/// <summary>An index for people and for programs.</summary>
internal static class IndexDumpWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Table(string account, IndexDump dump)
    {
        MailboxSnapshot now = dump.Snapshot;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{account} {dump.Name}\n")
            .Append(CultureInfo.InvariantCulture, $"  path {dump.Path}\n  id {dump.MailboxId}\n")
            .Append(CultureInfo.InvariantCulture, $"  uidvalidity {now.UidValidity}  uidnext {now.UidNext}  modseq {now.HighestModSeq}  commits {dump.Commits}  log {dump.LogOctets}\n")
            .Append(CultureInfo.InvariantCulture, $"  messages {now.Count}  unseen {now.UnseenCount}  octets {now.Octets}  keywords {string.Join(' ', now.Keywords.Names)}\n")
            .Append("  UID        MODSEQ     DATE                 OCTETS     SUMMARY FLAGS                PLACE\n");
        foreach (IndexEntry entry in dump.Entries)
        {
            string flags = string.Join(' ', Flags(entry.Record.Flags).Concat(entry.Keywords));
            text.Append(CultureInfo.InvariantCulture, $"  {entry.Record.Uid.Value,-10} {entry.Record.ModSeq.Value,-10} {Date(entry.Record.InternalDateSeconds)} ")
                .Append(CultureInfo.InvariantCulture, $"{entry.Record.Octets,-10} {(entry.HasSummary ? "yes" : "no"),-7} {flags,-20} {entry.Place}\n");
        }
        return text.ToString();
    }

    public static string Json(string account, IndexDump dump)
    {
        using MemoryStream octets = new();
        using (Utf8JsonWriter json = new(octets, Options))
        {
            MailboxSnapshot now = dump.Snapshot;
            json.WriteStartObject();
            json.WriteString("account", account);
            json.WriteString("mailbox", dump.Name.Value);
            json.WriteString("path", dump.Path);
            json.WriteString("id", dump.MailboxId);
            json.WriteNumber("uidvalidity", now.UidValidity.Value);
            json.WriteNumber("uidnext", now.UidNext.Value);
            json.WriteNumber("modseq", now.HighestModSeq.Value);
            json.WriteNumber("commits", dump.Commits);
            json.WriteStartArray("messages");
            foreach (IndexEntry entry in dump.Entries)
            {
                json.WriteStartObject();
                json.WriteNumber("uid", entry.Record.Uid.Value);
                json.WriteNumber("modseq", entry.Record.ModSeq.Value);
                json.WriteString("date", Date(entry.Record.InternalDateSeconds));
                json.WriteString("saved", Date(entry.Record.SavedDateSeconds));
                json.WriteNumber("octets", entry.Record.Octets);
                json.WriteBoolean("summary", entry.HasSummary);
                json.WriteStartArray("flags");
                Flags(entry.Record.Flags).ToList().ForEach(json.WriteStringValue);
                json.WriteEndArray();
                json.WriteStartArray("keywords");
                entry.Keywords.ToList().ForEach(json.WriteStringValue);
                json.WriteEndArray();
                json.WriteString("place", entry.Place);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(octets.ToArray()) + "\n";
    }

    private static IEnumerable<string> Flags(SystemFlags flags) =>
        Enum.GetValues<SystemFlags>().Where(f => f != SystemFlags.None && flags.HasFlag(f)).Select(f => "\\" + f);

    private static string Date(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
