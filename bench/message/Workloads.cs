using System.Buffers;
using System.Text;

namespace MailAccess.Message.Bench;

/// <summary>Mail as it comes, made of the same random numbers every time, and what a server does with it.</summary>
public static class Workloads
{
    private const int PieceOctets = 32 * 1024; // As much as a read from a socket gives.
    private static readonly byte[][] AskedFor = ["From"u8.ToArray(), "Subject"u8.ToArray(), "Date"u8.ToArray(), "Message-ID"u8.ToArray(), "Content-Type"u8.ToArray()];

    /// <summary>Name, octets read each time, and the work.</summary>
    public static IEnumerable<(string Name, long Octets, Action Run)> All()
    {
        Random random = new(1);
        byte[][] plain = Many(300, () => Message(random, Plain(random)));
        byte[][] bareLf = [.. plain.Select(m => Octets(Encoding.Latin1.GetString(m).Replace("\r\n", "\n", StringComparison.Ordinal)))];
        byte[][] attached = Many(12, () => Message(random, Mixed(random)));
        byte[][] rules = Many(100, () => Message(random, Alternative(random)));
        byte[][] parts = Many(4, () => Message(random, ManyParts(500)));
        byte[][] copied = Many(60, () => Message(random, Plain(random), recipients: 400));
        byte[][] lists = Many(60, () => Octets(Recipients(random, 400)));
        byte[][] headers = [.. plain.Select(m => m[..(m.AsSpan().IndexOf("\r\n\r\n"u8) + 4)])];
        byte[][] binary = Many(12, () => Message(random, Binary(random)));

        yield return Of("parse: text of 2 to 16 KiB", plain, Parse);
        yield return Of("parse: the same with LF", bareLf, Parse);
        yield return Of("parse: attachments of 50 to 500 KiB", attached, Parse);
        yield return Of("parse: two forms, lines of hyphens", rules, Parse);
        yield return Of("parse: 500 small parts", parts, Parse);
        yield return Of("parse: 400 recipients", copied, Parse);
        yield return Of("addresses: lists of 400", lists, value => AddressParser.Parse(value));
        yield return Of("HEADER.FIELDS of five fields", headers, header => HeaderFilter.Only(header, AskedFor, new ArrayBufferWriter<byte>(1024)));
        yield return Of("HEADER.FIELDS.NOT of five fields", headers, header => HeaderFilter.Except(header, AskedFor, new ArrayBufferWriter<byte>(1024)));
        yield return Of("APPEND of binary parts", binary, Encode);
    }

    private static (string Name, long Octets, Action Run) Of(string name, byte[][] texts, Action<byte[]> work) =>
        (name, texts.Sum(t => (long)t.Length), () => Array.ForEach(texts, work));

    private static void Parse(byte[] message)
    {
        MessageParser parser = new();
        for (int at = 0; at < message.Length; at += PieceOctets)
        {
            parser.Feed(message.AsSpan(at, Math.Min(PieceOctets, message.Length - at)));
        }
        parser.Summarize();
    }

    private static void Encode(byte[] message)
    {
        BinaryPartEncoder encoder = new();
        ArrayBufferWriter<byte> output = new(2 * message.Length);
        for (int at = 0; at < message.Length; at += PieceOctets)
        {
            encoder.Feed(message.AsSpan(at, Math.Min(PieceOctets, message.Length - at)), output);
        }
        encoder.Finish(output);
    }

    private static byte[][] Many(int count, Func<byte[]> make) => [.. Enumerable.Range(0, count).Select(_ => make())];

    private static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Message(Random random, string entity, int recipients = 2) => Octets(
        $"Return-Path: <list@example.test>\r\nReceived: from a.example.test (a.example.test [192.0.2.1])\r\n\tby b.example.test with ESMTPS id {random.Next():x};\r\n\tThu, 21 Nov 2024 09:30:00 +0100\r\n"
        + $"Date: Thu, 21 Nov 2024 09:30:00 +0100\r\nFrom: =?utf-8?q?J=C3=B6rg?= Person <person{random.Next(500)}@example.test>\r\nTo: {Recipients(random, recipients)}\r\n"
        + $"Subject: Re: the plan for {random.Next(5000)}\r\nMessage-ID: <{random.NextInt64():x}@mail.example.test>\r\nReferences: <{random.NextInt64():x}@mail.example.test>\r\n <{random.NextInt64():x}@mail.example.test>\r\n"
        + $"X-Mailer: example\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=x;\r\n\th=from:to:subject; bh={Base64(random, 32)};\r\n\tb={Base64(random, 256)}\r\nMIME-Version: 1.0\r\n{entity}");

    private static string Plain(Random random) => "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + Text(random, random.Next(2_000, 16_000));

    private static string Mixed(Random random)
    {
        string boundary = $"----=_Part_{random.Next()}";
        return $"Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{Plain(random)}--{boundary}\r\nContent-Type: application/pdf; name=\"a b.pdf\"\r\n"
            + "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename*0=\"a \"; filename*1=\"b.pdf\"\r\n\r\n"
            + $"{Lines(Base64(random, random.Next(50_000, 500_000)))}--{boundary}--\r\n";
    }

    /// <summary>As newsletters are: both forms, rules of hyphens and a signature's separator, all of which begin as a delimiter does.</summary>
    private static string Alternative(Random random)
    {
        string boundary = $"----=_Part_{random.Next()}";
        string text = string.Concat(Enumerable.Range(0, 40).Select(_ => $"{new string('-', 70)}\r\n{Text(random, 200)}-- \r\n"));
        return $"Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\nContent-Type: text/plain\r\n\r\n{text}--{boundary}\r\nContent-Type: text/html\r\n\r\n{text}--{boundary}--\r\n";
    }

    private static string ManyParts(int parts) =>
        "Content-Type: multipart/digest; boundary=b\r\n\r\n" + string.Concat(Enumerable.Range(0, parts).Select(i => $"--b\r\n\r\nFrom: a@example.test\r\nSubject: {i}\r\n\r\none\r\n")) + "--b--\r\n";

    private static string Binary(Random random)
    {
        byte[] octets = new byte[random.Next(50_000, 500_000)];
        random.NextBytes(octets);
        return $"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{Plain(random)}--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary\r\n\r\n{Encoding.Latin1.GetString(octets)}\r\n--b--\r\n";
    }

    private static string Recipients(Random random, int count) => string.Join(",\r\n ", Enumerable.Range(0, count).Select(i => random.Next(4) switch
    {
        0 => $"person{random.Next(500)}@example.test",
        1 => $"\"Person, {i}\" <person.{random.Next(500)}@mail.example.test>",
        2 => $"=?utf-8?q?J=C3=B6rg_{i}?= <joerg{random.Next(500)}@example.test>",
        _ => $"Ann B. Person <ann{random.Next(500)}@example.test> (work)",
    }));

    private static string Text(Random random, int octets)
    {
        string[] words = ["budget", "meeting", "the", "new", "plan", "for", "lunch", "and", "weekly", "report", "j\u00c3\u00b6rg", "order,", "question."];
        StringBuilder text = new();
        for (int column = 0; text.Length < octets; column++)
        {
            text.Append(words[random.Next(words.Length)]).Append(column % 12 == 11 ? "\r\n" : " ");
        }
        return text.Append("\r\n").ToString();
    }

    private static string Base64(Random random, int octets)
    {
        byte[] data = new byte[octets];
        random.NextBytes(data);
        return Convert.ToBase64String(data);
    }

    private static string Lines(string text) => string.Concat(text.Chunk(76).Select(line => new string(line) + "\r\n"));
}
