// A JSON object out of the hands of a stranger: what two readers could understand differently is refused (a member that
// comes twice, `__proto__`), and so is what is nested without end.

export type JsonObject = Readonly<Record<string, unknown>>;

const DEEPEST = 16;

/** undefined: not JSON, no object, or ambiguous. */
export function readJsonObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isJsonObject(value) && isPlain(text) ? value : undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const TOKEN = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g;

/** For what is JSON already: no member twice in one object, none called `__proto__`, not too deep. */
function isPlain(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, body, colon] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined) {
      const name = body?.includes("\\") === true ? (JSON.parse(`"${body}"`) as string) : (body ?? "");
      const names = open.at(-1);
      if (names === undefined || names.has(name) || name === "__proto__") return false;
      names.add(name);
    }
    if (open.length > DEEPEST) return false;
  }
  return true;
}
