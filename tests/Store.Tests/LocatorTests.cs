using MailAccess.Store.Maildir;

namespace MailAccess.Store.Tests;

public sealed class LocatorTests
{
    [Fact]
    public void A_new_name_changes_folder_and_letters_and_nothing_that_was_learned_meanwhile()
    {
        Locator measured = Locator.Create(4096, isInNew: true, hasBareLf: true, default);
        Locator flushed = Locator.Create(8, isInNew: false, hasBareLf: false, FlagLetters.From(SystemFlags.Seen));
        Locator both = measured.RenamedAs(flushed);
        Assert.Equal((4096L, false, true, FlagLetters.From(SystemFlags.Seen)), (both.NamePlace, both.IsInNew, both.HasBareLf, both.Letters));
    }
}
