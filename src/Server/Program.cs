using MailAccess.Server.Cli;

return await RootCommandFactory.Create(Console.Out, Console.Error).Parse(args).InvokeAsync();
