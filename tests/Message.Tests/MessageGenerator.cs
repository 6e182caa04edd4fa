using System.Text;

namespace MailAccess.Message.Tests;

/// <summary>Random messages, whole and broken, made of what breaks parsers; the same seed gives the same message.</summary>
internal sealed class MessageGenerator(int seed)
{
    private static readonly string[] Boundaries = ["b", "b1", "b1x", "=_outer", "--", "b--", "sim ple"];

    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();

    /// <summary>A message with CRLF line ends.</summary>
    public static byte[] Make(int seed)
    {
        MessageGenerator generator = new(seed);
        if (generator.OneIn(10))
        {
            generator.Line("From bob@example.test Thu Jan  1 00:00:00 1970");
        }
        generator.Line("From: \"Bob\" <bob@example.test>");
        generator.Line("Subject: =?utf-8?q?caf=C3=A9?=");
        generator.Entity(0);
        if (generator.OneIn(4))
        {
            generator._text.Length -= Math.Min(generator._text.Length, generator._random.Next(40)); // Cut off.
        }
        return Encoding.Latin1.GetBytes(generator._text.ToString());
    }

    private bool OneIn(int n) => _random.Next(n) == 0;

    private void Line(string text) => _text.Append(text).Append("\r\n");

    /// <summary>The rest of a header, and a body.</summary>
    private void Entity(int depth)
    {
        if (OneIn(6))
        {
            Line("X-Folded: one");
            Line("\ttwo: three");
        }
        if (OneIn(12))
        {
            Line("a line without colon");
        }
        switch (depth > 4 ? 9 : _random.Next(12))
        {
            case 0 or 1 or 2:
                Multipart(depth, OneIn(3) ? "digest" : "mixed");
                break;
            case 3 or 4:
                Line("Content-Type: message/rfc822");
                if (OneIn(4))
                {
                    Line("Content-Transfer-Encoding: base64");
                }
                EmptyLine();
                Line("Subject: inside");
                Entity(depth + 1);
                break;
            case 5:
                EmptyLine();
                Body();
                break;
            default:
                Line("Content-Type: text/plain; charset=utf-8");
                Line("Content-Transfer-Encoding: quoted-printable");
                EmptyLine();
                Body();
                break;
        }
    }

    private void Multipart(int depth, string subtype)
    {
        string boundary = Boundaries[_random.Next(Boundaries.Length)];
        Line($"Content-Type: multipart/{subtype};");
        Line(OneIn(15) ? " charset=x" : $" boundary=\"{boundary}\"");
        EmptyLine();
        if (OneIn(2))
        {
            Body();
        }
        int parts = _random.Next(4);
        for (int i = 0; i < parts; i++)
        {
            Line("--" + boundary + Stuck());
            if (OneIn(5))
            {
                Line("");
            }
            if (!OneIn(8))
            {
                Entity(depth + 1);
            }
        }
        if (!OneIn(4))
        {
            Line("--" + boundary + "--" + Stuck());
        }
        if (OneIn(3))
        {
            Body();
        }
    }

    /// <summary>What transports and programs leave behind a delimiter.</summary>
    private string Stuck() => _random.Next(24) switch
    {
        0 or 1 => " \t",
        2 => " junk",
        3 => "junk",
        4 => "_footer",
        5 => "-",
        7 => " --",
        8 when OneIn(4) => " " + new string('x', 1_300), // More than a delimiter can be long.
        6 => "\"",
        _ => "",
    };

    private void EmptyLine()
    {
        if (!OneIn(15))
        {
            Line("");
        }
    }

    private void Body()
    {
        for (int lines = _random.Next(4); lines > 0; lines--)
        {
            Line(_random.Next(9) switch
            {
                0 => "",
                1 => "--",
                2 => "-- ",
                3 => "--b2",
                4 => "- dash",
                5 => "Content-Type: text/html",
                6 => "bare\rreturn",
                7 => "nul\0 and \xe9\xff",
                _ => "text",
            });
        }
    }
}
