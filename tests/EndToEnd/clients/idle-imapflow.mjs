// Waits in IDLE for a new message: idle-imapflow.mjs PORT CAFILE USER PASSWORD; prints "idling", then "exists N".
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';

const [port, ca, user, pass] = process.argv.slice(2);
const client = new ImapFlow({
  host: 'localhost', port: Number(port), secure: true, auth: { user, pass }, tls: { ca: readFileSync(ca) }, logger: false,
});
await client.connect();
await client.mailboxOpen('INBOX');
client.on('exists', async (event) => {
  console.log(`exists ${event.count}`);
  await client.logout();
});
client.idle();
console.log('idling');
