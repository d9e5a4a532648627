// Parameters of a query or a form body, by RFC 6749 section 3.2: an empty value counts as absent, none may come twice.
import { invalidRequest } from "./reply.ts";

export type Parameters = ReadonlyMap<string, string>;

/** Reads the texts as one set. Throws Refused (`invalid_request`) when a parameter comes twice, also across them. */
export function readParameters(...texts: readonly string[]): Parameters {
  const all = new Map<string, string>();
  for (const text of texts) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (all.has(name)) throw invalidRequest("A parameter was sent more than once.");
      all.set(name, value);
    }
  }
  return new Map([...all].filter(([, value]) => value !== ""));
}

/** The parameters of a form body. Throws Refused when a body of another type was sent. */
export function readForm(contentType: string | undefined, body: string): Parameters {
  if (body !== "" && !/^application\/x-www-form-urlencoded *(?:;|$)/i.test(contentType ?? "")) {
    throw invalidRequest("The body must be application/x-www-form-urlencoded.");
  }
  return readParameters(body);
}
