// Templates in the names and tags of a role's session: `{principal}`, `{app}` and `{decision}` stand for who asks and for
// the audit entry that allowed it. What comes out has only characters that STS takes.

export interface TemplateValues {
  readonly principal: string;
  /** undefined: not known, which is said so. */
  readonly app: string | undefined;
  /** The id of the audit entry. */
  readonly decision: string;
}

const PLACES = /\{([^{}]*)\}/g;
const KNOWN = ["principal", "app", "decision"];

/** What is wrong with a template, as the rest of a sentence; undefined when it is fine. */
export function templateFault(template: string): string | undefined {
  if (template === "") return "is empty";
  if (template.length > 256) return "is longer than 256 characters";
  const unknown = [...template.matchAll(PLACES)].find(([, name = ""]) => !KNOWN.includes(name));
  if (unknown !== undefined) return `has ${unknown[0]}; there are {principal}, {app} and {decision}`;
  return /[{}]/.test(template.replace(PLACES, "")) ? "has a single brace" : undefined;
}

/** The name of a session: `[\w+=,.@-]{2,64}`. */
export function sessionNameOf(template: string, values: TemplateValues): string {
  return filled(template, values)
    .replace(/[^A-Za-z0-9_+=,.@-]/g, "-")
    .slice(0, 64)
    .padEnd(2, "-");
}

/** The value of a tag: up to 256 letters, digits, spaces and `_.:/=+-@`. */
export function tagValueOf(template: string, values: TemplateValues): string {
  return [...filled(template, values).replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, "-")].slice(0, 256).join("");
}

function filled(template: string, { principal, app = "unknown", decision }: TemplateValues): string {
  const values: Readonly<Record<string, string>> = { principal, app, decision };
  return template.replace(PLACES, (_, name: string) => values[name] ?? "");
}
