// Prints all that a client keeps of an account, one line a mailbox or message: snapshot-imapflow.mjs PORT CAFILE|- USER PASSWORD
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';

const [port, ca, user, pass] = process.argv.slice(2);
const secure = ca !== '-';
const client = new ImapFlow({
  host: 'localhost', port: Number(port), secure, auth: { user, pass }, tls: secure ? { ca: readFileSync(ca) } : undefined, doSTARTTLS: secure ? undefined : false, logger: false,
});
await client.connect();
const folders = (await client.list()).filter((f) => !f.flags.has('\\Noselect') && !f.flags.has('\\NonExistent'));
for (const folder of folders.sort((a, b) => (a.path < b.path ? -1 : 1))) {
  const lock = await client.getMailboxLock(folder.path);
  try {
    console.log(`${folder.path} subscribed=${folder.subscribed} validity=${client.mailbox.uidValidity} next=${client.mailbox.uidNext}`);
    if (client.mailbox.exists > 0) {
      for await (const message of client.fetch('1:*', { uid: true, flags: true, internalDate: true, size: true })) {
        const flags = [...message.flags].filter((f) => f !== '\\Recent').sort().join(' ');
        console.log(`  ${message.uid} ${message.size} ${message.internalDate.toISOString()} (${flags})`);
      }
    }
  } finally {
    lock.release();
  }
}
await client.logout();
