// The form on /log/ that checks the log in the browser; the work itself is done by logcore.js.
const form = document.getElementById("check-log");
const [said, bar] = [form.querySelector("[role=status]"), form.querySelector("progress")];
const fill = (name, values) => form.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

function say(words, isAlarm = false) {
  const line = document.createElement("p");
  line.textContent = words;
  if (isAlarm) line.className = "alarm";
  said.append(line);
}

async function read(path) {
  const answer = await fetch(form.dataset.log + path, { credentials: "omit" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// The note itself is kept, so that its signature is checked again whenever it is used.
const kept = (vkey) => JSON.parse(localStorage.getItem(`checkpoint ${vkey}`) ?? "null");
const keep = (vkey, note) =>
  localStorage.setItem(`checkpoint ${vkey}`, JSON.stringify({ note, at: new Date().toISOString() }));

async function checkLog(core, vkey, key) {
  const [seen, note] = [kept(vkey), new TextDecoder().decode(await read("checkpoint"))];
  const checkpoint = await core.openCheckpoint(note, key);
  const old = seen && (await core.openCheckpoint(seen.note, key));
  bar.hidden = false;
  await core.checkLog(read, checkpoint, old, (done, total) => {
    bar.value = done / total;
    bar.setAttribute("aria-label", fill("saidFetching", { done, total }));
  });
  say(fill("saidGood", { total: checkpoint.size.toLocaleString() }));
  say(old ? fill("saidGrown", { old: old.size.toLocaleString(), at: new Date(seen.at).toLocaleString() }) : form.dataset.saidFirst);
  keep(vkey, note);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [button, [file]] = [form.querySelector("button"), form.elements.receipt.files];
  const vkey = form.elements.vkey.value.trim();
  said.replaceChildren();
  button.disabled = true;
  try {
    const core = await import(form.dataset.core);
    const key = await core.parseKey(vkey);
    if (file) say(fill("saidReceipt", await core.checkReceipt(await file.text(), key)));
    else await checkLog(core, vkey, key);
  } catch (error) {
    say(fill("saidBad", { problem: error.message }), true);
  } finally {
    button.disabled = false;
    bar.hidden = true;
  }
});

form.hidden = false;
document.getElementById("check-log-without").hidden = true;
if (!window.isSecureContext) {
  form.querySelector("button").disabled = true;
  say(form.dataset.saidInsecure, true);
}
