// A verifier of the log by WebCrypto alone: RFC 9162 and C2SP, nothing of ours, nothing trusted.
// `read(path)` gives the bytes of a file below the log's address; whatever is wrong is thrown as an
// Error, whose words name the entry. It runs in browsers and in Node as it is.
const { subtle } = globalThis.crypto;
const WIDTH = 256;
const text = (data) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
const utf8 = (letters) => new TextEncoder().encode(letters);
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const demand = (truth, words) => { if (!truth) throw new Error(words); };

function bytes(base64) {
  const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  demand(btoa(String.fromCharCode(...data)) === base64, "Base64 is malformed.");
  return data;
}

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return new Uint8Array(await subtle.digest("SHA-256", whole));
}
const leafHash = (data) => sha256([0], data);
const nodeHash = (left, right) => sha256([1], left, right);

// C2SP signed-note: the key, and a note under it.
export async function parseKey(vkey) {
  const [name, keyId] = vkey.split("+", 2);
  demand(keyId, "The key has three parts: name+hash+key.");
  const key = bytes(vkey.slice(name.length + keyId.length + 2));
  const expected = (await sha256(utf8(`${name}\n`), key)).slice(0, 4);
  demand(key.length === 33 && key[0] === 1 && hex(expected) === keyId, "This is no Ed25519 key of a log.");
  return { name, keyId, verify: await subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]) };
}

export async function openCheckpoint(note, key) {
  const cut = note.lastIndexOf("\n\n") + 1;
  demand(cut > 0 && note.endsWith("\n"), "The checkpoint is no signed note.");
  const body = note.slice(0, cut);
  let signed = false;
  for (const line of note.slice(cut + 1, -1).split("\n")) {
    const [dash, name, base64] = line.split(" ");
    const blob = bytes(base64 ?? "");
    if (dash !== "—" || name !== key.name || hex(blob.slice(0, 4)) !== key.keyId) continue;
    const holds = await subtle.verify("Ed25519", key.verify, blob.slice(4), utf8(body));
    demand(holds, "The signature under the checkpoint does not hold.");
    signed = true;
  }
  demand(signed, "The checkpoint is not signed by this key.");
  const [origin, size, root] = body.split("\n");
  demand(origin === key.name, "The checkpoint is of another log.");
  demand(/^(0|[1-9]\d{0,15})$/.test(size) && Number(size) <= Number.MAX_SAFE_INTEGER, "The size is malformed.");
  demand(bytes(root).length === 32, "The root is malformed.");
  return { origin, size: Number(size), root: bytes(root) };
}

// RFC 9162 2.1.3.2
async function checkInclusion(leaf, index, size, proof, root) {
  let [left, last, value] = [index, size - 1, leaf];
  const half = (number) => Math.floor(number / 2);
  demand(index >= 0 && index < size, "The log has no such entry.");
  for (const sibling of proof) {
    demand(last !== 0 && sibling.length === 32, "The proof is malformed.");
    if (left % 2 || left === last) {
      value = await nodeHash(sibling, value);
      while (left % 2 === 0 && left) [left, last] = [half(left), half(last)];
    } else value = await nodeHash(value, sibling);
    [left, last] = [half(left), half(last)];
  }
  demand(last === 0 && same(value, root), "The proof does not lead to the root.");
}

// C2SP tlog-proof, with the entry itself in its extra line.
export async function checkReceipt(proof, key) {
  const cut = proof.indexOf("\n\n");
  const lines = proof.slice(0, cut).split("\n");
  demand(cut > 0 && lines.shift() === "c2sp.org/tlog-proof@v1", "This is no receipt.");
  demand(lines[0]?.startsWith("extra "), "The receipt does not bring its entry.");
  const entry = bytes(lines.shift().slice(6));
  const index = Number(/^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "")?.[1] ?? NaN);
  const checkpoint = await openCheckpoint(proof.slice(cut + 2), key);
  await checkInclusion(await leafHash(entry), index, checkpoint.size, lines.map(bytes), checkpoint.root);
  return { index, size: checkpoint.size, entry: JSON.parse(text(entry)) };
}

// The tree as a stack of perfect subtrees, the largest first.
class Peaks {
  constructor(stack = []) { this.stack = stack; }

  async push(hash, width) {
    let peak = { hash, width };
    while (this.stack.at(-1)?.width === peak.width) {
      peak = { hash: await nodeHash(this.stack.pop().hash, peak.hash), width: peak.width * 2 };
    }
    this.stack.push(peak);
  }

  async root() {
    const hashes = this.stack.map((peak) => peak.hash);
    if (!hashes.length) return sha256();
    let root = hashes.pop();
    while (hashes.length) root = await nodeHash(hashes.pop(), root);
    return root;
  }
}

function path(level, n, width) {
  let name = String(n % 1000).padStart(3, "0");
  for (let rest = Math.floor(n / 1000); rest; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, "0")}/${name}`;
  }
  return `tile/${level}/${name}${width === WIDTH ? "" : `.p/${width}`}`;
}

function unbundle(data, first, width) {
  const [view, entries] = [new DataView(data.buffer, data.byteOffset, data.length), []];
  for (let at = 0; at < data.length;) {
    const end = at + 2 + (at + 2 <= data.length ? view.getUint16(at) : data.length);
    demand(end <= data.length, `Entry ${first + entries.length}: the file of entries is cut off here.`);
    entries.push(data.slice(at + 2, end));
    at = end;
  }
  demand(entries.length === width, `Entry ${first}: the file from here on holds ${entries.length} entries, not ${width}.`);
  return entries;
}

// Every entry of the log under a checkpoint; `old` is one seen before, which it must extend.
export async function checkLog(read, checkpoint, old, progress) {
  demand(!old || old.size <= checkpoint.size, `The log has ${checkpoint.size} entries; it has had ${old?.size} before.`);
  const peaks = new Peaks();
  let before = old?.size === 0 ? await peaks.root() : null;
  for (let n = 0; n * WIDTH < checkpoint.size; n += 1) {
    const [first, width] = [n * WIDTH, Math.min(WIDTH, checkpoint.size - n * WIDTH)];
    const [bundle, tile] = await Promise.all([read(path("entries", n, width)), read(path(0, n, width))]);
    const leaves = await Promise.all(unbundle(bundle, first, width).map(leafHash));
    leaves.forEach((leaf, at) => demand(same(leaf, tile.slice(at * 32, at * 32 + 32)), `Entry ${first + at}: its bytes do not have the hash in its tile.`));
    for (const [at, leaf] of leaves.entries()) {
      await peaks.push(leaf, 1);
      if (first + at + 1 === old?.size) before = await peaks.root();
    }
    progress(first + width, checkpoint.size);
  }
  demand(same(await peaks.root(), checkpoint.root), "The entries do not hash to the root that the key has signed.");
  demand(!old || same(before, old.root), `The log does not begin with the ${old?.size} entries seen before: its history was rewritten.`);
}
