// Sends a message with an attachment: send-nodemailer.mjs PORT CAFILE USER PASSWORD TO SUBJECT
import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';

const [port, ca, user, pass, to, subject] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host: 'localhost', port: Number(port), requireTLS: true, auth: { user, pass }, tls: { ca: readFileSync(ca) },
});
const info = await transport.sendMail({
  from: user, to, subject, text: 'Grüße aus der Ferne\n.\n..leading dots\n',
  attachments: [{ filename: 'naïve.bin', content: Buffer.from([...Array(2000).keys()].map((n) => n % 256)) }],
});
if (!info.accepted.includes(to)) throw new Error(JSON.stringify(info));
console.log(info.response);
transport.close();
