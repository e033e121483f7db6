// Who asks: an API key, kept for this tab alone, and requests that bear it. Streams of events are read here too, since
// EventSource sends no headers.

const PLACE = "farkas-key";
const AGAIN_MS = 2000;

export const key = () => sessionStorage.getItem(PLACE);
export const keep = (key) => sessionStorage.setItem(PLACE, key);
export const forget = () => sessionStorage.removeItem(PLACE);
// What can stand in a header; fetch throws for the rest.
export const canBeKey = (text) => /^[\x21-\x7e]+$/.test(text);

// What the service says instead of what was asked for.
class Refused extends Error {
  constructor(status, body) {
    super([body.detail ?? `the service answers ${status}`, body.line && `line ${body.line}`, status !== 401 && body.remedy]
      .filter(Boolean).join("; "));
    Object.assign(this, { status, code: body.code });
  }
}

let lock = () => {};
// What is done when the service asks for a key, or for another.
export const onLocked = (act) => { lock = act; };

export async function ask(path, options = {}) {
  const sent = key();
  const headers = { ...options.headers, ...(sent && { authorization: `Bearer ${sent}` }) };
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const refused = new Refused(response.status, await response.json().catch(() => ({})));
  // An answer to a key that was changed meanwhile says nothing about the new one.
  if (refused.status === 401 && sent === key()) lock(refused);
  throw refused;
}

export const json = async (path, options) => (await ask(path, options)).json();

// Reads server-sent events until `heard` answers true, and comes back where it was when the connection breaks.
export async function follow(path, signal, heard) {
  let last = 0;
  while (!signal.aborted) {
    try {
      const response = await ask(path, { signal, headers: { "last-event-id": String(last) } });
      for await (const event of events(response.body)) {
        if (signal.aborted) return;
        last = event.id ?? last;
        if (event.name && heard(event.name, JSON.parse(event.data))) return;
      }
    } catch (error) {
      // A key or a job that is none will be none the next time; a service that is away, or has too many streams, may be back.
      if (signal.aborted || (error.status >= 400 && error.status < 500 && error.status !== 429)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = { id: null, name: null, data: "" };
      for (const line of block.split("\n")) {
        const [, field, content] = /^(\w+): ?(.*)$/.exec(line) ?? []; // a comment is a heartbeat
        if (field === "id") event.id = Number(content);
        if (field === "event") event.name = content;
        if (field === "data") event.data += content;
      }
      yield event;
    }
  }
}
