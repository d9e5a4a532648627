// Takes secrets out of a text that somebody else wrote and that is about to be shown: ours, as they are and in every
// encoding in which a server echoes what it was sent, and whatever else looks like a token. It cannot know a short one.
import type { Secret } from "../secret.ts";

const SHOWN = "[secret]";
/** Longer than a UUID, which support people ask for; letters of both cases or with digits, as no word is. */
const TOKEN_LIKE = /(?=[A-Za-z_-]*[0-9]|[a-z0-9_-]*[A-Z])(?=[A-Z0-9_-]*[a-z])[A-Za-z0-9_-]{40,}/g;

export function redacted(text: string, secrets: readonly (Secret | undefined)[]): string {
  const values = secrets.flatMap((secret) => (secret === undefined ? [] : [secret.reveal()]));
  // The longest first: a form may hold another one.
  const order = [...new Set(values.flatMap(formsOf))].filter((form) => form !== "");
  order.sort((a, b) => b.length - a.length);
  const known = order.reduce((rest, form) => rest.replaceAll(form, SHOWN), encodedOut(text, values));
  return known.replace(TOKEN_LIKE, SHOWN);
}

/** As it is, from a query string, inside a JSON string; and the runs that no escaping whatever changes. */
function formsOf(value: string): string[] {
  const percent = encodeURIComponent(value);
  const form = percent.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const runs = value.match(/[A-Za-z0-9]{8,}/g) ?? [];
  return [value, form, form.replaceAll("%20", "+"), percent, JSON.stringify(value).slice(1, -1), ...runs];
}

/** Base64 (of a Basic header, too, where the name before it shifts the letters) and hexadecimal. */
function encodedOut(text: string, values: readonly string[]): string {
  let rest = text;
  const sent = values.flatMap((value) => [value, ...formsOf(value).slice(0, 3)]); // Basic holds the second.
  for (const value of new Set(sent.filter(({ length }) => length >= 8))) {
    const hex = Buffer.from(value).toString("hex");
    rest = rest.replaceAll(new RegExp(hex, "gi"), SHOWN);
    for (const shift of [0, 1, 2]) {
      const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString("base64");
      // Its ends depend on what stands around it.
      const inside = whole
        .replaceAll("=", "")
        .slice(shift === 0 ? 0 : 4, -2)
        .replace(/[+/]/g, "[+/_-]");
      rest = rest.replaceAll(new RegExp(`[A-Za-z0-9+/_-]*${inside}[A-Za-z0-9+/_=-]*`, "g"), SHOWN);
    }
  }
  return rest;
}
