// The operations of the OpenAPI document: one entry for each endpoint. Data only.
import {
  answer,
  FORBIDDEN,
  NOT_FOUND,
  object,
  something,
  text,
  UNAUTHORIZED,
  UPSTREAM,
  type Answer,
  type SecurityName,
} from "./openapi-parts.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly summary: string;
  readonly tag: "standard" | "registry" | "menda" | "operation";
  readonly security?: readonly SecurityName[];
  readonly query?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly body?: Json;
  readonly answers: Readonly<Record<number, Answer>>;
}

export function form(properties: Readonly<Record<string, Json>>, required: readonly string[]): Json {
  const schema = { type: "object", properties, required };
  return { required: true, content: { "application/x-www-form-urlencoded": { schema } } };
}

/** An empty one counts as absent (RFC 6749 3.2). */
export const CREDENTIALS = {
  client_id: text,
  client_secret: text,
  client_assertion_type: text,
  client_assertion: text,
};
const GRANT_TYPE = { const: "client_credentials" };
export const TOKEN_FORM = form({ token: something, token_type_hint: text, ...CREDENTIALS }, ["token"]);
const ACTION = { enum: ["read", "publish"] };
const DURATION = {
  description:
    "Seconds that the token should live at most; 0: as long as the session behind it, where there is one.",
  oneOf: [{ const: 0 }, { type: "integer", minimum: 900, maximum: 43_200 }],
};

export const PATHS: Readonly<Record<string, Readonly<Partial<Record<"get" | "post", Operation>>>>> = {
  "/oauth2/introspect": {
    post: {
      summary: "What a token is (RFC 7662)",
      tag: "standard",
      security: ["client"],
      body: TOKEN_FORM,
      answers: { 200: answer("The token, or that it is not active", "Introspection"), 401: UNAUTHORIZED },
    },
  },
  "/api/v1/registry/token": {
    post: {
      summary: "A token for the registry at an address",
      tag: "registry",
      security: ["access", "accessBound"],
      body: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: { url: something, action: ACTION, reason: text, duration: DURATION },
              required: ["url"],
            },
          },
        },
      },
      answers: {
        200: answer("The token", "RegistryToken"),
        401: UNAUTHORIZED,
        403: FORBIDDEN,
        404: NOT_FOUND,
        502: UPSTREAM,
      },
    },
  },
  "/api/v1/registry/check": {
    get: {
      summary: "Whether a registry may serve whoever asks (nginx auth_request)",
      tag: "registry",
      security: ["registry", "registryBearer"],
      query: { ref: something, action: ACTION },
      required: ["ref"],
      answers: { 204: { description: "It may" }, 401: UNAUTHORIZED, 403: FORBIDDEN },
    },
  },
  "/api/v1/auth/discovery": {
    get: {
      summary: "The public client of a person's login",
      tag: "menda",
      answers: { 200: answer("The client", object({ app_client_id: text })) },
    },
  },
  "/api/v1/auth/oauth2/token": {
    post: {
      summary: "An access token, with credentials in the query as menda-keyring 0.0.2 sends them",
      tag: "menda",
      query: { grant_type: GRANT_TYPE, scope: text, client_id: something, client_secret: something },
      required: ["grant_type", "client_id", "client_secret"],
      answers: { 200: answer("The token", "MendaAccessToken"), 401: UNAUTHORIZED },
    },
  },
  "/api/v1/auth/registry/token": {
    post: {
      summary: "A token for the registry that the configuration names for the caller",
      tag: "menda",
      security: ["menda"],
      answers: {
        200: answer("The token", "MendaRegistryToken"),
        401: UNAUTHORIZED,
        403: FORBIDDEN,
        404: NOT_FOUND,
        502: UPSTREAM,
      },
    },
  },
  "/api/v1/auth/whoami": {
    get: {
      summary: "Whose access token it is",
      tag: "menda",
      security: ["menda"],
      answers: { 200: answer("The caller", "MendaWhoami"), 401: UNAUTHORIZED },
    },
  },
  "/healthz": {
    get: {
      summary: "Whether the process is up",
      tag: "operation",
      answers: { 200: answer("It is", object({ status: { const: "ok" } })) },
    },
  },
  "/readyz": {
    get: {
      summary: "Whether a token could be written now: database and audit",
      tag: "operation",
      answers: {
        200: answer(
          "It could",
          object({ status: { const: "ready" }, database: { const: "ok" }, audit: { const: "ok" } }),
        ),
      },
    },
  },
  "/metrics": {
    get: {
      summary: "What it does, for Prometheus",
      tag: "operation",
      answers: { 200: { description: "Metrics", content: { "text/plain": { schema: text } } } },
    },
  },
  "/openapi.json": {
    get: {
      summary: "This document",
      tag: "operation",
      answers: { 200: answer("An OpenAPI 3.1 document", { type: "object" }) },
    },
  },
};
