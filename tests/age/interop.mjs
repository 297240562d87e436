// Runs jobs of age-encryption (npm). argv: the path of its main module. stdin: a JSON list of jobs; stdout: the
// list of their results. Bytes are base64. A job that fails gives {"error": "..."}.

import { pathToFileURL } from "node:url";

const age = await import(pathToFileURL(process.argv[2]).href);

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const text = (data) => Buffer.from(data).toString("base64");

const jobs = {
  async generate({ kind }) {
    const identity = await (kind === "hybrid" ? age.generateHybridIdentity() : age.generateX25519Identity());
    return { identity, recipient: await age.identityToRecipient(identity) };
  },
  async recipient({ identity }) {
    return { recipient: await age.identityToRecipient(identity) };
  },
  async encrypt({ recipients = [], passphrase, armor, data }) {
    const encrypter = new age.Encrypter();
    if (passphrase !== undefined) {
      encrypter.setPassphrase(passphrase);
      encrypter.setScryptWorkFactor(10);
    }
    for (const recipient of recipients) encrypter.addRecipient(recipient);
    const file = await encrypter.encrypt(bytes(data));
    return { data: text(armor ? Buffer.from(age.armor.encode(file)) : file) };
  },
  async decrypt({ identity, passphrase, armor, data }) {
    const decrypter = new age.Decrypter();
    if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
    if (identity !== undefined) decrypter.addIdentity(identity);
    const file = armor ? age.armor.decode(Buffer.from(bytes(data)).toString("utf8")) : bytes(data);
    return { data: text(await decrypter.decrypt(file)) };
  },
};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const results = [];
for (const { job, ...rest } of JSON.parse(Buffer.concat(chunks).toString("utf8"))) {
  try {
    results.push(await jobs[job](rest));
  } catch (error) {
    results.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(results));
