"""Thunderbird against the server: its own account set-up, folders, reading, flags, moving, deleting, IDLE, sending with a copy in Sent; POP3 that leaves mail on
the server, deletes it there, or takes it away.

thunderbird.py PORTBASE CAFILE USER PASSWORD OTHERUSER [imap|pop3|pop3-starttls]

imap and pop3-starttls speak STARTTLS, pop3 implicit TLS, for sending too.

Thunderbird runs in a virtual display with a fresh profile, driven by its Marionette port (length:json over TCP). What it says it has
done is then compared with what imaplib sees.
"""
import imaplib
import json
import os
import random
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

base, ca, user, password, other = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
protocol = sys.argv[6] if len(sys.argv) > 6 else "imap"
PATIENCE = 150


def free_port():
    """Below those that the system gives to whoever asks for any: nobody takes it before Thunderbird does."""
    while True:
        with socket.socket() as probe:
            port = random.randrange(9000, 10000)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Marionette:
    """The few commands needed, of the protocol's version 3."""

    def __init__(self, port):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE + 30)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        self.buffer = b""
        self.last = 0
        self.receive()
        self.command("WebDriver:NewSession", {})
        self.command("Marionette:SetContext", {"value": "chrome"})
        self.command("WebDriver:SetTimeouts", {"script": PATIENCE * 1000})

    def receive(self):
        while b":" not in self.buffer:
            self.more()
        length, self.buffer = self.buffer.split(b":", 1)
        while len(self.buffer) < int(length):
            self.more()
        text, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]
        return json.loads(text)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("Thunderbird has gone")
        self.buffer += data

    def command(self, name, parameters):
        self.last += 1
        text = json.dumps([0, self.last, name, parameters]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        while True:
            answer = self.receive()
            if answer[0] == 1 and answer[1] == self.last:
                break
        if answer[2]:
            raise RuntimeError(f"{name}: {answer[2].get('message')}\n{answer[2].get('stacktrace')}")
        return answer[3]

    def run(self, script, *arguments):
        """An async function's body in Thunderbird's own world; its value, or its error."""
        wrapped = PRELUDE + """
        const done = arguments[arguments.length - 1];
        const given = Array.prototype.slice.call(arguments, 0, -1);
        (async () => { """ + script + """ })().then(v => done({ value: v === undefined ? null : v }), e => done({ error: String(e) + "\\n" + e.stack }));
        """
        answer = self.command("WebDriver:ExecuteAsyncScript", {"script": wrapped, "args": list(arguments), "newSandbox": False, "sandbox": "system"})
        value = answer["value"]
        if "error" in value:
            raise RuntimeError(value["error"])
        return value["value"]


PRELUDE = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const sleep = ms => new Promise(r => setTimeout(r, ms));
const until = async (what, test) => {
  for (let i = 0; i < 1200; i++) { const v = await test(); if (v) { return v; } await sleep(100); }
  throw new Error("waited in vain for " + what);
};
const account = () => MailServices.accounts.accounts.find(a => a.incomingServer.type != "none");
const root = () => account().incomingServer.rootFolder;
const folder = name => root().subFolders.find(f => f.name.toLowerCase() == name.toLowerCase());
const listener = resolve => ({ QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]), OnStartRunningUrl() {}, OnStopRunningUrl(u, code) { resolve(code); } });
const update = f => f.updateFolder(null); // Goes on by itself: until() looks for what came of it.
const messages = f => [...f.messages];
const bySubject = (f, s) => messages(f).find(m => m.mime2DecodedSubject == s);
"""

SET_UP = """
const [type, starttls, user, password, base, pem] = given;
const socketType = starttls ? Ci.nsMsgSocketType.alwaysSTARTTLS : Ci.nsMsgSocketType.SSL;
const auth = Ci.nsMsgAuthMethod.passwordCleartext;
const db = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
db.addCertFromBase64(pem, "CT,C,C");
const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
const { ConfigVerifier } = ChromeUtils.importESModule("resource:///modules/accountcreation/ConfigVerifier.sys.mjs");
const config = new AccountConfig();
config.source = AccountConfig.kSourceUser;
config.identity.realname = "A. Tester";
config.identity.emailAddress = user;
Object.assign(config.incoming, { type, hostname: "localhost", port: base + (type == "imap" ? 143 : starttls ? 110 : 995), username: user, password, socketType, auth });
Object.assign(config.outgoing, { type: "smtp", hostname: "localhost", port: base + (starttls ? 587 : 465), username: user, password, socketType, auth, addThisServer: true });
config.rememberPassword = true;
const verified = await new ConfigVerifier(null, new window.AbortController().signal).verifyConfig(config);
const created = await CreateInBackend.createAccountInBackend(verified || config);
return created.incomingServer.hostName;
"""

SEND = """
const [to, subject, body] = given;
const identity = account().defaultIdentity;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
fields.from = identity.email; fields.to = to; fields.subject = subject; fields.body = body; fields.forcePlainText = true;
const parameters = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
parameters.composeFields = fields; parameters.identity = identity; parameters.format = Ci.nsIMsgCompFormat.PlainText;
const compose = Cc["@mozilla.org/messengercompose/compose;1"].createInstance(Ci.nsIMsgCompose);
compose.initialize(parameters);
const progress = Cc["@mozilla.org/messenger/progress;1"].createInstance(Ci.nsIMsgProgress);
await compose.sendMsg(Ci.nsIMsgCompDeliverMode.Now, identity, account().key, null, progress);
"""


def deliver(subject):
    with smtplib.SMTP("localhost", base + 25) as smtp:
        smtp.sendmail("friend@elsewhere.test", [user], f"From: friend@elsewhere.test\r\nTo: {user}\r\nSubject: {subject}\r\n\r\nHello from outside.\r\n")


def login(name):
    context = ssl.create_default_context(cafile=ca)
    imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=context)
    imap.login(name, password)
    return imap


def subjects(imap, mailbox, *criteria):
    imap.select(f'"{mailbox}"')
    _, found = imap.uid("search", *(criteria or ("ALL",)))
    result = []
    for uid in found[0].split():
        _, data = imap.uid("fetch", uid, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        literal = next(part for part in data if isinstance(part, tuple))  # News of another session's flags may stand before it.
        result.append(literal[1].decode().split(":", 1)[1].strip())
    return result


def wait_for(what, test):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if test():
            return
        time.sleep(0.2)
    raise AssertionError(f"waited in vain for {what}")


def over_imap(tb):
    tb.run("""
      await until("the folders", async () => { update(folder("INBOX") || root().subFolders[0]); return folder("Sent") && folder("Trash") && folder("Drafts"); });
      return root().subFolders.map(f => f.name);
    """)
    flags = tb.run("return root().subFolders.map(f => [f.name, !!(f.flags & Ci.nsMsgFolderFlags.SentMail), !!(f.flags & Ci.nsMsgFolderFlags.Trash)]);")
    assert ["Sent", True, False] in flags and ["Trash", False, True] in flags, flags
    deliver("first to thunderbird")
    # Read: the body is fetched and \\Seen gets to the server.
    text = tb.run("""
      const inbox = folder("INBOX");
      const hdr = await until("the message", async () => { update(inbox); return bySubject(inbox, "first to thunderbird"); });
      const { MsgHdrToMimeMessage } = ChromeUtils.importESModule("resource:///modules/gloda/MimeMessage.sys.mjs");
      const mime = await new Promise(r => MsgHdrToMimeMessage(hdr, null, (h, m) => r(m), true));
      const text = mime.coerceBodyToPlaintext(inbox);
      inbox.markMessagesRead([hdr], true);
      inbox.markMessagesFlagged([hdr], true);
      return text;
    """)
    assert "Hello from outside." in text, text
    with login(user) as imap:
        wait_for("flags on the server", lambda: "first to thunderbird" in subjects(imap, "INBOX", "SEEN", "FLAGGED"))
        # IDLE: nobody asks for new mail here, it is told.
        deliver("pushed to thunderbird")
        tb.run("""await until("the push", async () => bySubject(folder("INBOX"), "pushed to thunderbird"));""")
        # A folder of its own, then a message moves there.
        tb.run("""
          root().createSubfolder("Projekte \\u00fc", null);
          await until("the new folder", async () => folder("Projekte \\u00fc"));
        """)
        tb.run("""
          const inbox = folder("INBOX"), target = folder("Projekte \\u00fc");
          const hdr = bySubject(inbox, "first to thunderbird");
          await new Promise((resolve, reject) => MailServices.copy.copyMessages(inbox, [hdr], target, true,
            { QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]), onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
              onStopCopy(code) { Components.isSuccessCode(code) ? resolve() : reject(code); } }, null, false));
          update(target);
        """)
        wait_for("the move", lambda: subjects(imap, "Projekte &APw-") == ["first to thunderbird"] and "first to thunderbird" not in subjects(imap, "INBOX"))
        # Delete: to Trash.
        tb.run("""
          const inbox = folder("INBOX");
          update(inbox);
          inbox.deleteMessages([bySubject(inbox, "pushed to thunderbird")], null, false, false, null, false);
        """)
        wait_for("Trash", lambda: "pushed to thunderbird" in subjects(imap, "Trash") and "pushed to thunderbird" not in subjects(imap, "INBOX"))
        # Send by STARTTLS; the copy comes by APPEND.
        tb.run(SEND, other, "sent by thunderbird", "Gr\u00fc\u00dfe aus Thunderbird\n")
        wait_for("the copy in Sent", lambda: "sent by thunderbird" in subjects(imap, "Sent"))
        imap.close()
    with login(other) as imap:
        wait_for("the message", lambda: "sent by thunderbird" in subjects(imap, "INBOX"))
    # Another program deletes a mailbox' message: Thunderbird sees it go.
    with login(user) as imap:
        imap.select('"Projekte &APw-"')
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
    tb.run("""await until("the message to go", async () => { const f = folder("Projekte \\u00fc"); update(f); return !bySubject(f, "first to thunderbird"); });""")


FETCH_POP3 = """
const server = account().incomingServer;
const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const fetch = async () => {
  const code = await new Promise(r => MailServices.pop3.GetNewMail(null, listener(r), inbox, server));
  if (!Components.isSuccessCode(code)) { throw new Error("GetNewMail: " + code); }
};
"""


def over_pop3(tb):
    with login(user) as imap:
        # Left on the server; what is known is not fetched again.
        deliver(f"left by {protocol}")
        count = tb.run(FETCH_POP3 + """
          const [subject] = given;
          server.QueryInterface(Ci.nsIPop3IncomingServer);
          server.leaveMessagesOnServer = true;
          server.deleteMailLeftOnServer = true;
          await fetch();
          await until("the message", async () => bySubject(inbox, subject));
          await fetch();
          return messages(inbox).filter(m => m.mime2DecodedSubject == subject).length;
        """, f"left by {protocol}")
        assert count == 1, count
        assert f"left by {protocol}" in subjects(imap, "INBOX")
        # Deleted here, deleted there with the next look.
        tb.run(FETCH_POP3 + """
          inbox.deleteMessages([bySubject(inbox, given[0])], null, true, false, null, false);
          await until("the deletion", async () => !bySubject(inbox, given[0]));
          await fetch();
        """, f"left by {protocol}")
        wait_for("the deletion on the server", lambda: f"left by {protocol}" not in subjects(imap, "INBOX"))
        # Taken away.
        deliver(f"taken by {protocol}")
        tb.run(FETCH_POP3 + """
          server.QueryInterface(Ci.nsIPop3IncomingServer).leaveMessagesOnServer = false;
          await fetch();
          await until("the message", async () => bySubject(inbox, given[0]));
        """, f"taken by {protocol}")
        wait_for("the server's maildrop to be without it", lambda: f"taken by {protocol}" not in subjects(imap, "INBOX"))
    tb.run(SEND, other, f"sent beside {protocol}", "Gr\u00fc\u00dfe\n")
    with login(other) as imap:
        wait_for("the message", lambda: f"sent beside {protocol}" in subjects(imap, "INBOX"))


def main():
    profile = tempfile.mkdtemp(prefix="mailaccess-tb-")
    port = free_port()
    preferences = {
        "marionette.port": port, "app.update.auto": False, "app.update.enabled": False, "mail.shell.checkDefaultClient": False,
        "mailnews.start_page.enabled": False, "mail.provider.suppress_dialog_on_startup": True, "mail.spotlight.firstRunDone": True,
        "mail.winsearch.firstRunDone": True, "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
        "mail.rights.version": 1, "app.donation.eoy.version.viewed": 999, "network.proxy.type": 0, "mail.biff.show_alert": False,
        "mail.biff.play_sound": False, "extensions.autoDisableScopes": 15, "mail.warn_on_send_accel_key": False, "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False, "services.settings.server": "http://127.0.0.1:1/", "mail.server.default.check_all_folders_for_new": False,
        "mailnews.database.global.indexer.enabled": False, "mail.accounthub.enabled": False, "mail.imap.chunk_size": 393216,
    }
    with open(os.path.join(profile, "user.js"), "w") as file:
        for key, value in preferences.items():
            file.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
    read_end, write_end = os.pipe()
    display = subprocess.Popen(["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x900x24", "-nolisten", "tcp"], pass_fds=[write_end],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write_end)
    number = os.read(read_end, 16).decode().strip()
    log = open(os.path.join(profile, "thunderbird.log"), "w")
    environment = dict(os.environ, DISPLAY=f":{number}", HOME=profile, MOZ_HEADLESS="0", NO_AT_BRIDGE="1", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    thunderbird = subprocess.Popen(["thunderbird", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile],
                                   env=environment, stdout=log, stderr=log)
    try:
        tb = Marionette(port)
        with open(ca) as file:
            pem = "".join(line.strip() for line in file if "-----" not in line)
        tb.run(SET_UP, protocol.split("-")[0], protocol != "pop3", user, password, base, pem)
        over_imap(tb) if protocol == "imap" else over_pop3(tb)
        print("ok")
    except BaseException:
        with open(os.path.join(profile, "thunderbird.log")) as file:
            sys.stderr.writelines(line for line in file if "Gtk" not in line and "gtk_" not in line and line.strip())
        raise
    finally:
        for process in (thunderbird, display):
            process.terminate()
        for process in (thunderbird, display):
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(profile, ignore_errors=True)


main()
