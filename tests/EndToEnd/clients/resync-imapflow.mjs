// A client that was away learns by QRESYNC, another by CONDSTORE, what a third did meanwhile: resync-imapflow.mjs PORT CAFILE USER PASSWORD MAILBOX
import { readFileSync } from 'node:fs';
import { strict as assert } from 'node:assert';
import { ImapFlow } from 'imapflow';

const [port, ca, user, pass, box] = process.argv.slice(2);

async function connect(qresync) {
  const client = new ImapFlow({
    host: 'localhost', port: Number(port), secure: true, auth: { user, pass }, tls: { ca: readFileSync(ca) }, logger: false, qresync,
  });
  await client.connect();
  return client;
}

const flagsOf = (message) => [...message.flags].filter((f) => f !== '\\Recent').sort().join(' ');

async function all(client, range = '1:*', options = {}) {
  const found = new Map();
  if (client.mailbox.exists > 0) {
    for await (const m of client.fetch(range, { uid: true, flags: true }, { uid: true, ...options })) found.set(m.uid, flagsOf(m));
  }
  return found;
}

const sorted = (cache) => [...cache].sort(([a], [b]) => a - b);

// Who changes the mailbox, and is asked in the end what it is.
const busy = await connect(false);
await busy.mailboxCreate(box);
for (let i = 1; i <= 8; i++) await busy.append(box, `Subject: ${i}\r\n\r\nbody ${i}\r\n`);

// Two caches, and good-bye.
const caches = {};
for (const qresync of [true, false]) {
  const client = await connect(qresync);
  assert.equal(client.enabled.has('QRESYNC'), qresync);
  assert.ok(client.enabled.has('CONDSTORE'));
  const { uidValidity, highestModseq, uidNext } = await client.mailboxOpen(box);
  assert.ok(highestModseq > 0n);
  caches[qresync] = { uidValidity, highestModseq, uidNext, messages: await all(client) };
  assert.equal(caches[qresync].messages.size, 8);
  await client.logout();
}

await busy.mailboxOpen(box);
await busy.messageFlagsAdd('2,7', ['\\Flagged', '$Label1'], { uid: true });
await busy.messageFlagsRemove('7', ['\\Flagged'], { uid: true });
await busy.messageDelete('3,5', { uid: true });
await busy.messageMove('6', 'Archive', { uid: true });
await busy.append(box, 'Subject: 9\r\n\r\nbody 9\r\n', ['\\Seen']);

// QRESYNC: SELECT alone tells what changed and what went; only the new ones are asked for.
const away = await connect(true);
const cache = caches[true];
const events = [];
away.on('flags', (e) => { events.push(`flags ${e.uid}`); cache.messages.set(e.uid, flagsOf(e)); });
away.on('expunge', (e) => {
  assert.ok(e.vanished);
  events.push(`${e.earlier ? 'earlier' : 'now'} ${e.uid}`);
  cache.messages.delete(e.uid);
});
await away.mailboxOpen(box, { uidValidity: cache.uidValidity, changedSince: cache.highestModseq });
assert.equal(away.mailbox.qresync, true);
assert.deepEqual(events, ['earlier 3', 'earlier 5', 'earlier 6', 'flags 2', 'flags 7', 'flags 9']);
for (const [uid, flags] of await all(away, `${cache.uidNext}:*`)) cache.messages.set(uid, flags);
assert.deepEqual(sorted(cache.messages), sorted(await all(busy)));

// CONDSTORE: what changed, and which are there.
const half = await connect(false);
const other = caches[false];
await half.mailboxOpen(box);
const changed = await all(half, '1:*', { changedSince: other.highestModseq });
assert.deepEqual([...changed.keys()], [2, 7, 9]);
const there = await half.search({ all: true }, { uid: true });
other.messages = new Map([...other.messages, ...changed].filter(([uid]) => there.includes(uid)));
assert.deepEqual(sorted(other.messages), sorted(await all(busy)));

// Live: what the third does now, the first hears of by UID, with mod-sequences.
events.length = 0;
const told = new Promise((resolve) => away.on('expunge', resolve));
const modseqs = [];
away.on('flags', (e) => modseqs.push(e.modseq));
const idling = away.idle();
await busy.messageFlagsAdd('1', ['\\Answered'], { uid: true });
await busy.messageDelete('8', { uid: true });
await told;
await away.noop();
await idling;
assert.equal(events.at(-1), 'now 8');
assert.ok(events.includes('flags 1'));
assert.ok(modseqs.every((m) => m > cache.highestModseq));
assert.equal(away.mailbox.exists, 5);
assert.deepEqual(sorted(cache.messages), sorted(await all(busy)));

// Of two who change a message, the second is told that it came too late, and does not undo what the first did.
const before = half.mailbox.highestModseq;
await busy.messageFlagsSet('4', ['\\Seen'], { uid: true });
await half.messageFlagsSet('4', ['\\Draft'], { uid: true, unchangedSince: before });
assert.equal((await all(busy)).get(4), '\\Seen');

for (const client of [away, half, busy]) await client.logout();
console.log('ok');
