namespace MailAccess.Message.Tests;

public sealed class SummaryTests
{
    [Fact]
    public void RFC_3501_8_example()
    {
        string body = string.Concat(Enumerable.Repeat(new string('x', 30) + "\n", 91)) + new string('y', 3028 - (91 * 32) - 2) + "\n";
        string message = """
            Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
            From: Terry Gray <gray@cac.washington.edu>
            Subject: IMAP4rev1 WG mtg summary and minutes
            To: imap@cac.washington.edu
            cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
            Message-Id: <B27397-0100000@cac.washington.edu>
            MIME-Version: 1.0
            Content-Type: TEXT/PLAIN; CHARSET=US-ASCII


            """ + body;
        Assert.Equal(342, Octets.Root(message).HeaderOctets);
        Assert.Equal(
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" "
            + "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            + "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) "
            + "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
            + "\"<B27397-0100000@cac.washington.edu>\")",
            Octets.Envelope(message));
        Assert.Equal("(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)", Octets.Body(message));
        Assert.Equal("(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92 NIL NIL NIL NIL)", Octets.BodyStructure(message));
    }

    [Fact]
    public void RFC_9051_7_5_2_example_of_a_text_with_an_attachment()
    {
        const string message = """
            Content-Type: MULTIPART/MIXED; boundary=b

            --b
            Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

            one
            two
            --b
            Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME="cc.diff"
            Content-ID: <960723163407.20117h@cac.washington.edu>
            Content-Description: Compiler diff
            Content-Transfer-Encoding: base64

            AAAA
            --b--

            """;
        Assert.Equal(
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 8 1)"
            + "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" "
            + "\"Compiler diff\" \"BASE64\" 4 0) \"MIXED\")",
            Octets.Body(message));
        Assert.Equal(
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 8 1 NIL NIL NIL NIL)"
            + "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" "
            + "\"Compiler diff\" \"BASE64\" 4 0 NIL NIL NIL NIL) \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)",
            Octets.BodyStructure(message));
    }

    [Fact]
    public void Extension_data_stands_in_the_order_of_the_grammar()
    {
        const string message = """
            Content-Type: application/pdf; name*=utf-8''%C3%A4.pdf
            Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
            Content-Disposition: attachment; filename="a \"b\".pdf"; size=3
            Content-Language: en, de (German)
            Content-Location: http://a.test/x

            abc
            """;
        Assert.Equal(
            "(\"APPLICATION\" \"PDF\" (\"NAME*\" \"utf-8''%C3%A4.pdf\") NIL NIL \"7BIT\" 3 \"Q2hlY2sgSW50ZWdyaXR5IQ==\" "
            + "(\"ATTACHMENT\" (\"FILENAME\" \"a \\\"b\\\".pdf\" \"SIZE\" \"3\")) (\"en\" \"de\") \"http://a.test/x\")",
            Octets.BodyStructure(message));
        Assert.Equal("(\"APPLICATION\" \"PDF\" (\"NAME*\" \"utf-8''%C3%A4.pdf\") NIL NIL \"7BIT\" 3)", Octets.Body(message));
    }

    [Fact]
    public void A_message_inside_brings_its_envelope_structure_and_lines()
    {
        const string message = "Content-Type: message/rfc822\n\nSubject: in\nFrom: a@b\n\nx\ny\n";
        Assert.Equal(
            "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 32 (NIL \"in\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) "
            + "NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 6 2) 5)",
            Octets.Body(message));
    }

    [Fact]
    public void Continuations_are_joined_as_RFC_2231_6_asks()
    {
        const string message = """
            Content-Type: application/x-stuff;
                title*0*=us-ascii'en'This%20is%20even%20more%20;
                title*1*=%2A%2A%2Afun%2A%2A%2A%20;
                title*2="isn't it!";
                url*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar";
                url*0="ftp://"


            """;
        Assert.Equal(
            "(\"APPLICATION\" \"X-STUFF\" (\"TITLE*\" \"us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!\" "
            + "\"URL\" \"ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\") NIL NIL \"7BIT\" 0)",
            Octets.Body(message));
    }

    [Fact]
    public void Octets_above_127_quotes_and_NUL_go_out_in_forms_that_every_client_survives()
    {
        const string message = "Subject: caf\u00e9 \"q\" \\\nFrom: \"a\\\"b\" <c@d>\nMessage-ID: <a\0b>\n\n";
        string envelope = Octets.Envelope(message);
        Assert.StartsWith("(NIL {10}\r\ncaf\u00e9 \"q\" \\ ((\"a\\\"b\" NIL \"c\" \"d\"))", envelope, StringComparison.Ordinal);
        Assert.EndsWith("\"<a?b>\")", envelope, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, '"')]
    [InlineData(1001, '{')]
    public void A_long_string_is_a_literal(int length, char first)
    {
        string envelope = Octets.Envelope($"Subject: {new string('s', length)}\n\n");
        Assert.Equal(first, envelope["(NIL ".Length]);
    }

    [Fact]
    public void Absent_is_NIL_empty_is_the_empty_string_and_sender_defaults_to_from()
    {
        Assert.Equal("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", Octets.Envelope("\n"));
        Assert.Equal(
            "(\"\" \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"r\" \"b\")) NIL NIL NIL \"\" \"\")",
            Octets.Envelope("Date:\nSubject: \nFrom: a@b\nSender: \nReply-To: r@b\nTo:\nIn-Reply-To:\nMessage-ID: \n\n"));
    }

    [Fact]
    public void Groups_have_markers_and_repeated_destinations_are_one_list()
    {
        Assert.Equal(
            "(NIL NIL NIL NIL NIL ((NIL NIL \"A Group\" NIL)(\"Ed\" NIL \"c\" \"a.test\")(NIL NIL NIL NIL)(NIL \"@x,@y\" \"r\" \"z\")) "
            + "((NIL NIL \"none\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)",
            Octets.Envelope("To: A Group: Ed <c@a.test>;\nTo: <@x,@y:r@z>\nCc: none:;\n\n"));
    }

    [Fact]
    public void Folded_values_are_one_line()
    {
        Assert.StartsWith("(NIL \"one two\tthree\" ", Octets.Envelope("Subject: one\n two\n\tthree\n\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_messages_still_render_as_well_formed_lists_of_the_right_length()
    {
        Random random = new(20260101);
        string[] pieces = ["\"", "\\", "(", ")", "{5}\r\n", "\0", "\xff", "\r\n", "\n", "\r", ";", "*0*=", "--b", ":", "<", ">", "@", ",", "=?", "?=", "''%"];
        for (int i = 0; i < 20_000; i++)
        {
            List<byte> message = [.. MessageGenerator.Make(i)];
            for (int edits = random.Next(1, 12); edits > 0 && message.Count > 0; edits--)
            {
                int position = random.Next(message.Count);
                if (random.Next(3) == 0)
                {
                    message.RemoveRange(position, Math.Min(random.Next(1, 8), message.Count - position));
                }
                else
                {
                    message.InsertRange(position, Octets.Raw(pieces[random.Next(pieces.Length)]));
                }
            }
            (MimePart root, MessageSummary summary, _) = Octets.Parse([.. message]);
            Assert.True(summary.IsValid);
            Assert.Equal(10, Assert.IsType<List<object?>>(ImapList.Read(summary.Envelope)).Count);
            CheckBody(root, Assert.IsType<List<object?>>(ImapList.Read(summary.Body)), isExtended: false);
            CheckBody(root, Assert.IsType<List<object?>>(ImapList.Read(summary.BodyStructure)), isExtended: true);
        }
    }

    private static void CheckBody(MimePart part, List<object?> body, bool isExtended)
    {
        if (part.IsMultipart)
        {
            Assert.Equal(part.Parts.Count + (isExtended ? 5 : 1), body.Count);
            Assert.Equal(part.Subtype, body[part.Parts.Count]);
            for (int i = 0; i < part.Parts.Count; i++)
            {
                CheckBody(part.Parts[i], (List<object?>)body[i]!, isExtended);
            }
            return;
        }
        int fields = 7 + (part.IsMessage ? 3 : part.Type == "TEXT" ? 1 : 0) + (isExtended ? 4 : 0);
        Assert.Equal(fields, body.Count);
        Assert.Equal(part.Type, body[0]);
        Assert.Equal(part.BodyOctets, body[6]);
        if (part.IsMessage)
        {
            Assert.Equal(10, ((List<object?>)body[7]!).Count);
            CheckBody(part.Parts[0], (List<object?>)body[8]!, isExtended);
        }
    }
}
