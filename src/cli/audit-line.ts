// An audit entry as a line for people: printable, in the order in which one reads it. It checks nothing.

type Fields = Readonly<Record<string, unknown>>;

/** Fields that a reader does not need on a line. */
const LEFT_OUT: ReadonlySet<string> = new Set(["seq", "time", "kind", "id", "prev", "hash"]);
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A line that is no entry is shown as it is, marked. */
export function describeEntry(line: string): string {
  const fields = parsed(line);
  if (fields === undefined) return printable(`?? ${line}`);
  const when = `${String(fields["seq"])}  ${String(fields["time"])}`;
  return printable(`${when}  ${fields["kind"] === "decision" ? decision(fields) : other(fields)}`);
}

function decision(fields: Fields): string {
  const { outcome, principal, ask, ref, reason } = fields;
  const { registry, secret, action } = (ask ?? {}) as Fields;
  const what = registry === undefined ? `secret ${String(secret)}` : `${String(action)} ${String(registry)}`;
  const who = typeof principal === "string" ? principal : "(nobody)";
  return `${String(outcome).padEnd(7)}  ${who}  ${what}${typeof ref === "string" ? `  ref ${ref}` : ""}  ${String(reason)}`;
}

function other(fields: Fields): string {
  const rest = Object.entries(fields)
    .filter(([field, value]) => !LEFT_OUT.has(field) && value !== null)
    .map(([field, value]) => `${field}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [String(fields["kind"]).padEnd(7), ...rest].join("  ");
}

function parsed(line: string): Fields | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
