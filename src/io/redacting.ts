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
  const needles = [...new Set(values.flatMap(formsOf))].map((form) => needleOf(Buffer.from(form, "latin1")));
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
      let held = 0;
      for (const needle of needles) {
        held = Math.max(
          held,
          advance(needle, pending, from, (end) => hits.push([end - needle.bytes.length, end])),
        );
      }
      return release(pending.length - held);
    },
    end: () => release(pending.length),
  };
}

interface Needle {
  readonly bytes: Uint8Array;
  /** For each length, the longest shorter prefix that is also its end (Knuth, Morris, Pratt). */
  readonly fallback: Int32Array;
  matched: number;
}

function needleOf(bytes: Uint8Array): Needle {
  const fallback = new Int32Array(bytes.length + 1);
  for (let at = 1, length = 0; at < bytes.length; at += 1) {
    while (length > 0 && bytes[at] !== bytes[length]) length = fallback[length] ?? 0;
    if (bytes[at] === bytes[length]) length += 1;
    fallback[at + 1] = length;
  }
  return { bytes, fallback, matched: 0 };
}

/** Returns how many bytes at the end could be the beginning of a match. */
function advance(needle: Needle, text: Uint8Array, from: number, found: (end: number) => void): number {
  const { bytes, fallback } = needle;
  let { matched } = needle;
  for (let at = from; at < text.length; at += 1) {
    while (matched > 0 && text[at] !== bytes[matched]) matched = fallback[matched] ?? 0;
    if (text[at] === bytes[matched]) matched += 1;
    if (matched === bytes.length) {
      found(at + 1);
      matched = fallback[matched] ?? 0;
    }
  }
  needle.matched = matched;
  return matched;
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
