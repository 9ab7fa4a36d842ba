// Checks a copy of a log with WebCrypto alone, as a page in a browser would.
// Usage: node verify.mjs DIR VKEY, where DIR also holds `proof` and `consistency`.
import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { argv, exit } from "node:process";

const [dir, vkey] = argv.slice(2);
const { subtle } = webcrypto;
const read = async (path) => new Uint8Array(await readFile(join(dir, path)));
const text = async (path) => new TextDecoder("utf-8", { fatal: true }).decode(await read(path));
const bytes = (base64) => {
  const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (btoa(String.fromCharCode(...data)) !== base64) throw new Error("stray bits in Base64");
  return data;
};
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const join2 = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", join2(...parts)));
const leafHash = (data) => sha256([0], data);
const nodeHash = (left, right) => sha256([1], left, right);
const demand = (truth, words) => { if (!truth) throw new Error(words); };
const same = (one, other) => hex(one) === hex(other);

// Signed note and checkpoint.
const [name, keyId] = vkey.split("+", 2);
const key = bytes(vkey.slice(name.length + keyId.length + 2));
const typed = await sha256(new TextEncoder().encode(`${name}\n`), key);
demand(key[0] === 1 && hex(typed.slice(0, 4)) === keyId, "no Ed25519 vkey");
const publicKey = await subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]);

async function checkpoint(note) {
  const cut = note.lastIndexOf("\n\n") + 1;
  const body = note.slice(0, cut);
  let signed = false;
  for (const line of note.slice(cut + 1).trimEnd().split("\n")) {
    const [dash, signer, base64] = line.split(" ");
    const blob = bytes(base64);
    if (dash !== "—" || signer !== name || hex(blob.slice(0, 4)) !== keyId) continue;
    const holds = await subtle.verify("Ed25519", publicKey, blob.slice(4), new TextEncoder().encode(body));
    demand(holds, "the signature does not hold");
    signed = true;
  }
  demand(signed, "not signed by the log");
  const [origin, size, root] = body.split("\n");
  demand(origin === name, "another log");
  return { size: Number(size), root: bytes(root) };
}

// Merkle tree: RFC 9162.
async function treeHash(hashes) {
  if (hashes.length === 1) return hashes[0];
  let half = 1;
  while (half * 2 < hashes.length) half *= 2;
  return nodeHash(await treeHash(hashes.slice(0, half)), await treeHash(hashes.slice(half)));
}

async function included(leaf, index, size, proof, root) {
  let [fn, sn, value] = [index, size - 1, leaf];
  for (const sibling of proof) {
    demand(sn !== 0, "proof too long");
    if (fn % 2 || fn === sn) {
      value = await nodeHash(sibling, value);
      while (fn % 2 === 0 && fn) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else value = await nodeHash(value, sibling);
    fn = Math.floor(fn / 2); sn = Math.floor(sn / 2);
  }
  demand(sn === 0 && same(value, root), "the proof does not hold");
}

async function extended(oldSize, size, oldRoot, root, proof) {
  const path = (oldSize & (oldSize - 1)) === 0 ? [oldRoot, ...proof] : [...proof];
  let [fn, sn] = [oldSize - 1, size - 1];
  while (fn % 2) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
  let first = path[0], second = path[0];
  for (const value of path.slice(1)) {
    demand(sn !== 0, "proof too long");
    if (fn % 2 || fn === sn) {
      first = await nodeHash(value, first); second = await nodeHash(value, second);
      while (fn % 2 === 0 && fn) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else second = await nodeHash(second, value);
    fn = Math.floor(fn / 2); sn = Math.floor(sn / 2);
  }
  demand(sn === 0 && same(first, oldRoot) && same(second, root), "the log was not only extended");
}

// Files.
function tilePath(level, n, width) {
  let path = String(n % 1000).padStart(3, "0");
  for (let rest = Math.floor(n / 1000); rest; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return `tile/${level}/${path}${width === 256 ? "" : `.p/${width}`}`;
}

function* entriesOf(bundle) {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.length);
  for (let at = 0; at < bundle.length;) {
    const end = at + 2 + view.getUint16(at);
    demand(end <= bundle.length, "bundle cut off");
    yield bundle.slice(at + 2, end);
    at = end;
  }
}

async function compare(level, n, row) {
  const stored = await read(tilePath(level, n, row.length));
  demand(same(join2(...row), stored), `tile ${level}/${n} differs`);
}

async function levels(size) {
  const entries = [];
  let hashes = [];
  for (let n = 0; n * 256 < size; n += 1) {
    const width = Math.min(256, size - n * 256);
    const found = [...entriesOf(await read(tilePath("entries", n, width)))];
    demand(found.length === width, "wrong number of entries");
    const row = await Promise.all(found.map(leafHash));
    await compare(0, n, row);
    entries.push(...found);
    hashes.push(...row);
  }
  const peaks = [];
  for (let level = 0; hashes.length; level += 1) {
    const above = [];
    for (let n = 0; n * 256 < hashes.length; n += 1) {
      const row = hashes.slice(n * 256, n * 256 + 256);
      if (level) await compare(level, n, row);
      if (row.length === 256) above.push(await treeHash(row));
      else peaks.unshift(row);
    }
    hashes = above;
  }
  return { entries, peaks };
}

// The root from the partial tiles, the highest first: each holds the perfect subtrees of its level.
async function rootOf(peaks) {
  const perfect = [];
  for (const row of peaks) {
    for (let at = 0, width = 128; width >= 1; width /= 2) {
      if (row.length & width) { perfect.push(await treeHash(row.slice(at, at + width))); at += width; }
    }
  }
  let root = perfect.pop();
  while (perfect.length) root = await nodeHash(perfect.pop(), root);
  return root;
}

try {
  const signed = await checkpoint(await text("checkpoint"));
  const { entries, peaks } = await levels(signed.size);
  demand(same(await rootOf(peaks), signed.root), "the entries have another root");

  const receipt = await text("proof");
  const cut = receipt.indexOf("\n\n");
  const [header, place, ...hashes] = receipt.slice(0, cut).split("\n");
  demand(header === "c2sp.org/tlog-proof@v1", "no proof");
  const index = Number(place.replace("index ", ""));
  const under = await checkpoint(receipt.slice(cut + 2));
  await included(await leafHash(entries[index]), index, under.size, hashes.map(bytes), under.root);

  const [size, old, ...proof] = (await text("consistency")).trim().split("\n");
  await extended(Number(size), signed.size, bytes(old), signed.root, proof.map(bytes));
  console.log("ACCEPTED", signed.size);
} catch (error) {
  console.log("REFUSED:", String(error));
  exit(1);
}
