// Both ports, every mechanism, and what is refused: refusals-nodemailer.mjs PORTBASE CAFILE USER PASSWORD TO
import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';

const [base, ca, user, pass, to] = process.argv.slice(2);
const transport = (secure, auth) => nodemailer.createTransport({
  host: 'localhost', port: Number(base) + (secure ? 465 : 587), secure, requireTLS: !secure, tls: { ca: readFileSync(ca) }, auth, authMethod: auth.method,
});
const expect = (what, good, seen) => { if (!good) throw new Error(`${what}: ${JSON.stringify(seen)}`); };
const refusal = async (promise) => { try { await promise; } catch (error) { return error; } throw new Error('nothing was refused'); };

for (const secure of [false, true]) {
  for (const method of ['PLAIN', 'LOGIN']) {
    const mail = transport(secure, { user, pass, method });
    expect(method, await mail.verify());
    mail.close();
  }
}
const wrong = await refusal(transport(true, { user, pass: 'wrong' }).verify());
expect('wrong password', wrong.code === 'EAUTH' && wrong.responseCode === 535, wrong);

const mail = transport(true, { user, pass });
const foreign = await refusal(mail.sendMail({ from: to, to: user, subject: 'foreign', text: 'x' }));
expect('foreign sender', foreign.code === 'EENVELOPE' && foreign.responseCode === 553, foreign);
const some = await mail.sendMail({ from: user, to: [to, 'nobody@example.test'], bcc: user, subject: 'some', text: 'x' });
expect('one bad recipient', some.accepted.length === 2 && some.rejected[0] === 'nobody@example.test' && some.rejectedErrors[0].responseCode === 550, some);
const none = await refusal(mail.sendMail({ from: user, to: 'nobody@example.test', subject: 'none', text: 'x' }));
expect('no recipient', none.code === 'EENVELOPE' && none.responseCode === 550, none);
mail.close();
console.log('ok');
