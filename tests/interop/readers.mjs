// Reads files with the C2PA reader for browsers, @contentauth/c2pa-wasm.
// Standard input: {"packages", "settings", "files": [paths]}.
// Standard output: one answer a file: {"store", "crjson"} or {"error"}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { packages, settings, files } = JSON.parse(readFileSync(0, "utf-8"));
const require = createRequire(`${packages}/`);
const at = (name) => require.resolve(`@contentauth/c2pa-wasm${name}`);
const { default: start, WasmReader } = await import(pathToFileURL(at("")));
await start({ module_or_path: readFileSync(at("/c2pa.wasm")) });

const answers = [];
for (const file of files) {
  try {
    const reader = await WasmReader.fromBytes(
      "video/mp4", new Uint8Array(readFileSync(file)), JSON.stringify(settings),
    );
    answers.push({ store: JSON.parse(reader.json()), crjson: JSON.parse(reader.crJson()) });
    reader.free();
  } catch (error) {
    answers.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
