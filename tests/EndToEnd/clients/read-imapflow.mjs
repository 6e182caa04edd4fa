// Exercises a mailbox with imapflow: read-imapflow.mjs PORT CAFILE USER PASSWORD SUBJECT
import { readFileSync } from 'node:fs';
import { strict as assert } from 'node:assert';
import { ImapFlow } from 'imapflow';

const [port, ca, user, pass, subject] = process.argv.slice(2);
const client = new ImapFlow({
  host: 'localhost', port: Number(port), secure: true, auth: { user, pass }, tls: { ca: readFileSync(ca) }, logger: false,
});
await client.connect();
const folders = await client.list();
assert.ok(folders.some((f) => f.path === 'INBOX'));
const lock = await client.getMailboxLock('INBOX');
try {
  const found = await client.search({ subject }, { uid: true });
  assert.equal(found.length, 1, `one message with the subject ${subject}, not ${found.length}`);
  const message = await client.fetchOne(String(found[0]), { envelope: true, bodyStructure: true, flags: true, size: true, source: true }, { uid: true });
  assert.equal(message.envelope.subject, subject);
  assert.equal(message.bodyStructure.type, 'multipart/mixed');
  assert.equal(message.source.length, message.size);
  const { content } = await client.download(String(found[0]), '2', { uid: true });
  const chunks = [];
  for await (const chunk of content) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), Buffer.from([...Array(2000).keys()].map((n) => n % 256)));
  await client.messageFlagsAdd(String(found[0]), ['\\Flagged', '$Label1'], { uid: true });
  const flags = (await client.fetchOne(String(found[0]), { flags: true }, { uid: true })).flags;
  assert.ok(flags.has('\\Flagged') && flags.has('$Label1'));
  await client.mailboxCreate('Prüfung/Ünter');
  const copied = await client.messageCopy(String(found[0]), 'Prüfung/Ünter', { uid: true });
  assert.equal(copied.uidMap.size, 1);
  const moved = await client.messageMove(String(found[0]), 'Archive', { uid: true });
  assert.equal(moved.uidMap.size, 1);
  const appended = await client.append('Drafts', 'Subject: draft\r\n\r\nbody\r\n', ['\\Draft']);
  assert.ok(appended.uid > 0);
} finally {
  lock.release();
}
assert.equal((await client.status('Prüfung/Ünter', { messages: true })).messages, 1);
await client.mailboxRename('Prüfung', 'Geprüft');
assert.ok((await client.list()).some((f) => f.path === 'Geprüft/Ünter'));
await client.mailboxDelete('Geprüft/Ünter');
await client.logout();
console.log('ok');
