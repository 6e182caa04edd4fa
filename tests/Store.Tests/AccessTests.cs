using System.Text;
using MailAccess.Store.Access;

namespace MailAccess.Store.Tests;

/// <summary>Lists of access: who may do what, and the file that is shared with Dovecot.</summary>
public sealed class AccessTests
{
    private static readonly AccessUser Bob = new("bob", ["team"]);

    [Theory]
    [InlineData("", "")]
    [InlineData("anyone lr", "lr")]
    [InlineData("anyone lr\nuser=bob l", "l")]
    [InlineData("anyone lr\nuser=bob ", "")]
    [InlineData("anyone lrw\n-user=bob w", "lr")]
    [InlineData("group=team lr\ngroup=others lrs", "lr")]
    [InlineData("user=bob lrs\ngroup-override=team l", "l")]
    [InlineData("user=bob l :read write-seen", "lrs")]
    [InlineData("\"user=bob\" lr", "lr")]
    [InlineData("user=bobby lr", "")]
    [InlineData("owner lr", "")]
    [InlineData("anyone lr\nuser=bob lQ", "")]
    [InlineData("anyone lr\n-anyone Q", "")]
    [InlineData("nonsense\nanyone l", "l")]
    public void The_most_specific_entry_decides(string file, string expected) =>
        Assert.Equal(expected, AccessFile.Parse(Encoding.UTF8.GetBytes(file)).RightsOf(Bob, isOwner: false).ToLetters());

    [Theory]
    [InlineData("", "lrswtipekxa")]
    [InlineData("anyone lr\n-anyone w", "lrswtipekxa")]
    [InlineData("owner lr", "lra")]
    [InlineData("user=bob ", "la")]
    [InlineData("-user=bob lrxa", "lswtipeka")]
    public void An_owner_has_all_rights_unless_the_list_says_otherwise_and_never_shuts_himself_out(string file, string expected) =>
        Assert.Equal(expected, AccessFile.Parse(Encoding.UTF8.GetBytes(file)).RightsOf(Bob, isOwner: true).ToLetters());

    [Fact]
    public void A_list_is_read_as_it_was_written()
    {
        AccessList list = new(
        [
            new(new(SubjectKind.Anyone, ""), false, Rights.Lookup), new(new(SubjectKind.User, "a b\"\\c"), true, Rights.Read),
            new(new(SubjectKind.Group, "g"), false, Rights.All), new(new(SubjectKind.GroupOverride, "g"), false, Rights.None),
        ]);
        Assert.Equal(list.Entries, AccessFile.Parse(AccessFile.Format(list)).Entries);
    }
}
