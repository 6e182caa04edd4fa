using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Searching;

namespace MailAccess.Imap.Tests;

/// <summary>What one search may ask for is bounded, however it is written.</summary>
public sealed class SearchLimitsTests
{
    private static readonly ImapLimits Limits = new() { SearchKeysMax = 10 };

    [Theory]
    [InlineData("FUZZY SUBJECT \"a b c\" SEEN", true)]
    [InlineData("FUZZY SUBJECT \"a b c d e f g h i\" SEEN", false)]
    [InlineData("FUZZY (SUBJECT \"a b c d e f g h i\") SEEN", false)]
    [InlineData("FUZZY NOT BODY \"a b c d e f g h i\" SEEN", false)]
    [InlineData("SUBJECT \"a b c d e f g h i\" FUZZY SEEN", true)]
    [InlineData("FUZZY SEEN SUBJECT \"a b c d e f g h i\" SEEN", true)]
    [InlineData("SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN", true)]
    [InlineData("SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN SEEN", false)]
    public void Words_of_fuzzy_texts_count_as_keys(string keys, bool isTaken) =>
        Assert.Equal(isTaken ? SearchFault.None : SearchFault.Syntax, SearchGrammar.Parse(new ImapArguments(Encoding.ASCII.GetBytes(" " + keys), Limits), _ => false, ImapExtensions.None, out _));
}
