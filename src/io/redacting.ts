// Takes values out of a stream of bytes, also where a value is split over several writes: only what could still become
// one is held back. It finds a value as it is and in the encodings in which programs print one; it cannot find a value
// that was changed.

export interface Redactor {
  /** What can be passed on by now. */
  push(bytes: Uint8Array): Buffer;
  /** The rest. */
  end(): Buffer;
}

const SHOWN = Buffer.from("[redacted]");
/** A shorter line of a value of several lines says little, and occurs anywhere. */
const SHORTEST_LINE = 8;

export function createRedactor(values: readonly string[]): Redactor {
  const search = createSearch(
    [...new Set(values.flatMap(formsOf))].map((form) => Buffer.from(form, "latin1")),
  );
  let pending = Buffer.alloc(0);
  /** Matches in `pending`, begin and end, in the order of their ends. */
  let hits: (readonly [number, number])[] = [];

  function release(until: number): Buffer {
    const spans = united(hits);
    const open = spans.find(([begin, end]) => begin < until && end > until);
    const safe = open === undefined ? until : open[0];
    const parts: Buffer[] = [];
    let at = 0;
    for (const [begin, end] of spans.filter((span) => span[1] <= safe)) {
      parts.push(pending.subarray(at, begin), SHOWN);
      at = end;
    }
    parts.push(pending.subarray(at, safe));
    pending = pending.subarray(safe);
    hits = hits.filter(([, end]) => end > safe).map(([begin, end]) => [begin - safe, end - safe]);
    return Buffer.concat(parts);
  }

  return {
    push(bytes) {
      const from = pending.length;
      pending = Buffer.concat([pending, bytes]);
      const held = search(pending, from, (begin, end) => hits.push([begin, end]));
      return release(pending.length - held);
    },
    end: () => release(pending.length),
  };
}

interface Needle {
  readonly bytes: Uint8Array;
  /** For each length, the longest shorter prefix that is also its end (Knuth, Morris, Pratt). Made when first needed. */
  fallback?: Int32Array;
  matched: number;
}

/** Looks through `text` from there on; returns how many bytes at its end could be the beginning of a match. */
type Search = (text: Uint8Array, from: number, found: (begin: number, end: number) => void) => number;

/** A value of many lines has thousands of forms: only those are looked at whose first bytes have just come. */
function createSearch(all: readonly Uint8Array[]): Search {
  const width = Math.min(4, ...all.map(({ length }) => length));
  const starts = new Map<number, Needle[]>();
  for (const bytes of all) {
    const key = keyOf(bytes.subarray(0, width));
    const same = starts.get(key);
    if (same === undefined) starts.set(key, [{ bytes, matched: 0 }]);
    else same.push({ bytes, matched: 0 });
  }
  const mask = width === 4 ? -1 : (1 << (width * 8)) - 1;
  const begun = new Set(all.flatMap((bytes) => beginnings(bytes, width)));
  const active = new Set<Needle>();
  let [key, seen] = [0, 0];
  return (text, from, found) => {
    for (let at = from; at < text.length; at += 1) {
      const byte = text[at] ?? 0;
      const hit = (needle: Needle): void => found(at + 1 - needle.bytes.length, at + 1);
      if (active.size > 0) step(active, byte, hit);
      key = ((key << 8) | byte) & mask;
      seen += 1;
      const fresh = seen < width ? undefined : starts.get(key);
      for (const needle of fresh ?? []) if (!active.has(needle)) activate(needle, width, active, hit);
    }
    let held = 0;
    for (const { matched } of active) held = Math.max(held, matched);
    for (let length = Math.min(width - 1, text.length); length > held; length -= 1)
      if (begun.has(latin1(text.subarray(text.length - length)))) held = length;
    return held;
  };
}

function step(active: Set<Needle>, byte: number, hit: (needle: Needle) => void): void {
  for (const needle of active) {
    const { bytes } = needle;
    const fallback = (needle.fallback ??= fallbackOf(bytes));
    while (needle.matched > 0 && byte !== bytes[needle.matched])
      needle.matched = fallback[needle.matched] ?? 0;
    if (byte === bytes[needle.matched]) needle.matched += 1;
    if (needle.matched === bytes.length) {
      hit(needle);
      needle.matched = fallback[needle.matched] ?? 0;
    }
    if (needle.matched === 0) active.delete(needle);
  }
}

function activate(needle: Needle, width: number, active: Set<Needle>, hit: (needle: Needle) => void): void {
  needle.matched = width;
  if (width === needle.bytes.length) {
    hit(needle);
    needle.matched = (needle.fallback ??= fallbackOf(needle.bytes))[width] ?? 0;
  }
  if (needle.matched > 0) active.add(needle);
}

function keyOf(bytes: Uint8Array): number {
  return bytes.reduce((key, byte) => (key << 8) | byte, 0);
}

function beginnings(bytes: Uint8Array, width: number): readonly string[] {
  return [1, 2, 3].filter((length) => length < width).map((length) => latin1(bytes.subarray(0, length)));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function fallbackOf(bytes: Uint8Array): Int32Array {
  const fallback = new Int32Array(bytes.length + 1);
  for (let at = 1, length = 0; at < bytes.length; at += 1) {
    while (length > 0 && bytes[at] !== bytes[length]) length = fallback[length] ?? 0;
    if (bytes[at] === bytes[length]) length += 1;
    fallback[at + 1] = length;
  }
  return fallback;
}

/** Overlapping spans become one. */
function united(spans: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const all: [number, number][] = [];
  for (const [begin, end] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && begin < last[1]) last[1] = Math.max(last[1], end);
    else all.push([begin, end]);
  }
  return all;
}

/** As byte strings (latin1). */
function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).filter(({ length }) => length >= SHORTEST_LINE);
  return [value, ...lines]
    .flatMap((text) => [...written(text), ...encoded(Buffer.from(text))])
    .filter((form) => form !== "");
}

function written(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const shell = text.replaceAll("'", "'\\''");
  const forms = [text, json, ascii, ascii.replaceAll("/", "\\/"), shell, ...percentEncoded(text)];
  return forms.map((form) => Buffer.from(form).toString("latin1"));
}

/** As browsers, as RFC 3986 reads it, with the slash kept, with + for a space; the digits in either case. */
function percentEncoded(text: string): readonly string[] {
  const component = encodeURIComponent(text);
  const strict = component.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const bases = [component, strict, component.replaceAll("%2F", "/"), strict.replaceAll("%2F", "/")];
  const all = bases.flatMap((form) => [form, form.replaceAll("%20", "+")]);
  return all.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/** Base64 in each of the three places that a value can have in a longer text, without the letters that the neighbours shape. */
function encoded(bytes: Buffer): readonly string[] {
  const hex = bytes.toString("hex");
  const base64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replaceAll("=", "");
    const tail = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return whole.slice(shift === 0 ? 0 : shift + 1, tail === 0 ? undefined : -tail);
  });
  const long = base64.filter(({ length }) => length >= SHORTEST_LINE);
  const url = long.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [hex, hex.toUpperCase(), ...long, ...url];
}
