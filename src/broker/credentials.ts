// Credentials as they come in: client id and secret by Basic or form body, or an assertion (RFC 7523); tokens by the two
// headers. It only reads them; whether they are right is for authenticate.ts and jwt/client-assertion.ts.
import type { Parameters } from "./parameters.ts";
import { invalidRequest, type Incoming, type Refused } from "./reply.ts";

/** RFC 7523 section 2.2. */
export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export interface Credentials {
  readonly id: string;
  readonly secret: string;
  /** How they came; `query` is allowed on the menda face only. */
  readonly method: "basic" | "post" | "query";
}

/** A JWT that the client signed itself. */
export interface Assertion {
  /** The client_id beside it; undefined: the assertion alone says it. */
  readonly id: string | undefined;
  readonly assertion: string;
  readonly method: "assertion";
}

const IN_QUERY = [
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "access_token",
  "token",
  "grant_type",
  "scope",
  "resource",
];

/**
 * By RFC 6749 section 2.3: one method a request, nothing of it in the URL. Returns undefined when there are none at
 * all. Throws Refused when there is more than one, or only half of one.
 */
export function clientCredentials(incoming: Incoming, form: Parameters): Credentials | Assertion | undefined {
  const query = new URLSearchParams(incoming.query);
  if (IN_QUERY.some((name) => query.has(name))) {
    throw invalidRequest("Parameters belong in the form body, not in the URL.");
  }
  const header = incoming.header("authorization");
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  const assertion = assertionOf(form);
  if (assertion !== undefined) {
    if (header !== undefined || secret !== undefined) throw twoWays();
    return { id, assertion, method: "assertion" };
  }
  if (header === undefined) {
    if (secret === undefined) return undefined;
    if (id === undefined) throw invalidRequest("client_secret was sent without client_id.");
    return { id, secret, method: "post" };
  }
  const basic = readBasic(header);
  if (basic === undefined) return undefined;
  if (secret !== undefined) throw twoWays();
  const [user, password] = [formDecoded(basic.user), formDecoded(basic.password)];
  if (user === undefined || password === undefined) return undefined;
  if (id !== undefined && id !== user) throw invalidRequest("Two client ids in one request.");
  return { id: user, secret: password, method: "basic" };
}

/** RFC 7521 section 4.2: both parameters, or none. */
function assertionOf(form: Parameters): string | undefined {
  const assertion = form.get("client_assertion");
  const type = form.get("client_assertion_type");
  if (assertion === undefined && type === undefined) return undefined;
  if (assertion === undefined)
    throw invalidRequest("client_assertion_type was sent without client_assertion.");
  if (type !== ASSERTION_TYPE)
    throw invalidRequest(`client_assertion_type is not ${ASSERTION_TYPE}, the only one offered.`);
  return assertion;
}

function twoWays(): Refused {
  return invalidRequest("Two ways of client authentication in one request.");
}

/** A Basic header (RFC 7617), as it stands; undefined when it is none. */
export function readBasic(header: string): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}

/** A Bearer header (RFC 6750 section 2.1); undefined when it is none, or two. */
export function readBearer(header: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? "")?.[1];
}

/** A DPoP header (RFC 9449 section 7.1); undefined when it is none, or two. */
export function readDpop(header: string | undefined): string | undefined {
  return /^dpop +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? "")?.[1];
}

/** The menda clients' header: the token with or without `Bearer`; a comma, as two headers make it, is refused. */
export function readAuthorizationToken(header: string | undefined): string | undefined {
  return /^(?:bearer +)?([A-Za-z0-9._-]+)$/i.exec(header ?? "")?.[1];
}

/** RFC 6749 section 2.3.1: both halves of Basic are form-encoded. */
function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
