// The parts of the OpenAPI document that its operations share: schemas, the answers that every path can give, and the
// ways to say who asks. Data only.

type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: "string" };
export const something: Schema = { type: "string", minLength: 1 };
export const seconds: Schema = { type: "integer", minimum: 0 };

/** All of these and nothing else. `optional` names those that may be missing. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

const textOf = (prefix: string): Schema => ({ type: "string", pattern: `^${prefix}_[A-Za-z0-9_-]{49}$` });
const token: Schema = textOf("kw");
const tokenType: Schema = {
  enum: ["Bearer", "DPoP"],
  description: "DPoP: good with the key of the request's proof only (RFC 9449).",
};
const page: Schema = { type: "string", pattern: "^https?://" };

const whoami = {
  tenant_id: text,
  username: text,
  email: text,
  user_role: text,
  identity_type: { enum: ["user", "service_principal"] },
};

export const SCHEMAS = {
  Error: object({
    error: { type: "string", pattern: "^[a-z_]+$", description: "A code, for programs." },
    error_description: { type: "string", description: "A sentence. It never repeats what was sent." },
    detail: { type: "string", description: "The same sentence, where menda clients look for it." },
  }),
  AccessToken: object(
    {
      access_token: token,
      token_type: tokenType,
      expires_in: seconds,
      scope: text,
      refresh_token: { ...textOf("kwr"), description: "Of a person's login: good for one refresh." },
      issued_token_type: { type: "string", description: "Of a token exchange (RFC 8693)." },
    },
    ["refresh_token", "issued_token_type"],
  ),
  DeviceAuthorization: object({
    device_code: textOf("kwd"),
    user_code: { type: "string", pattern: "^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$" },
    verification_uri: page,
    verification_uri_complete: page,
    expires_in: seconds,
    interval: seconds,
  }),
  MendaAccessToken: object({ access_token: token, token_type: { const: "Bearer" }, expires_in: seconds }),
  RegistryToken: object({
    token: text,
    username: text,
    expires_at: { type: ["integer", "null"], description: "Epoch seconds; null: not known." },
  }),
  MendaRegistryToken: object({ token: text }),
  Introspection: {
    oneOf: [
      object({ active: { const: false } }),
      object(
        {
          active: { const: true },
          scope: text,
          client_id: text,
          username: text,
          sub: text,
          aud: text,
          iss: text,
          iat: seconds,
          exp: seconds,
          token_type: tokenType,
          cnf: object({ jkt: text }),
        },
        ["username", "cnf"],
      ),
    ],
  },
  MendaWhoami: object(whoami),
  Whoami: object({
    ...whoami,
    client_id: text,
    scope: text,
    bound: { type: "boolean", description: "Whether the token is good with one key only." },
    expires_at: seconds,
    session: { type: ["string", "null"], description: "The name of a person's login." },
    session_expires_at: { type: ["integer", "null"] },
  }),
} as const;

export type SchemaName = keyof typeof SCHEMAS;

export interface Answer {
  readonly description: string;
  readonly headers?: Schema;
  readonly content?: Schema;
}

export function answer(description: string, schema: SchemaName | Schema): Answer {
  const found = typeof schema === "string" ? { $ref: `#/components/schemas/${schema}` } : schema;
  return { description, content: { "application/json": { schema: found } } };
}

const header = (description: string): Schema => ({ description, required: true, schema: text });

function refused(description: string, headers?: Schema): Answer {
  return { ...answer(description, "Error"), ...(headers === undefined ? {} : { headers }) };
}

/** What any path may answer, whatever it is for. */
export const ANYWHERE: Readonly<Record<number, Answer>> = {
  400: refused("The request cannot be understood."),
  408: refused("The request took too long."),
  413: refused("The body is larger than 16 kB."),
  417: refused("Expectations are not met."),
  429: refused("Too many requests.", { "Retry-After": header("Seconds to wait.") }),
  431: refused("The header is too large."),
  500: refused("The broker failed; its log says where."),
  503: refused("The audit could not be written, or the broker is busy or stopping: nothing was handed out."),
};

export const UNAUTHORIZED = refused("Nobody that is known here asks.", {
  "WWW-Authenticate": header("How to say who asks."),
});
export const FORBIDDEN = refused("Not among the things that the caller may have.");
export const NOT_FOUND = refused("Allowed, but there is no such value.");
export const UPSTREAM = refused("The registry's own service did not give what was asked for.");

export const SECURITY_SCHEMES = {
  client: {
    type: "http",
    scheme: "basic",
    description: "Client id and secret, form-encoded (RFC 6749 2.3.1).",
  },
  access: { type: "http", scheme: "bearer", description: "An access token of this broker." },
  accessBound: {
    type: "http",
    scheme: "dpop",
    description: "An access token that is bound to a key, with a proof in the DPoP header (RFC 9449).",
  },
  registry: {
    type: "http",
    scheme: "basic",
    description: "Any user name; a registry token as the password.",
  },
  registryBearer: { type: "http", scheme: "bearer", description: "A registry token." },
  menda: {
    type: "apiKey",
    in: "header",
    name: "authorizationToken",
    description: "An access token, with or without `Bearer`.",
  },
} as const;

export type SecurityName = keyof typeof SECURITY_SCHEMES;
