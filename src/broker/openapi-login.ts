// The operations of the OpenAPI document that logins go through: tokens, the device flow on both faces, revocation, who
// somebody is, and the metadata that tells of them. Data only.
import { answer, object, something, text, UNAUTHORIZED } from "./openapi-parts.ts";
import { CREDENTIALS, form, TOKEN_FORM, type Json, type Operation } from "./openapi-paths.ts";

const texts: Json = { type: "array", items: text };

const SERVER_METADATA = {
  type: "object",
  required: ["issuer", "token_endpoint", "response_types_supported"],
  properties: {
    issuer: text,
    authorization_endpoint: text,
    device_authorization_endpoint: text,
    token_endpoint: text,
    grant_types_supported: texts,
    response_types_supported: texts,
    code_challenge_methods_supported: texts,
    dpop_signing_alg_values_supported: texts,
    keywright_registry_endpoint: text,
    keywright_whoami_endpoint: text,
  },
};

const RESOURCE_METADATA = {
  type: "object",
  required: ["resource", "authorization_servers"],
  properties: { resource: text, authorization_servers: texts },
};

/** RFC 7636 section 4.3. */
const CHALLENGE = { code_challenge: text, code_challenge_method: { const: "S256" } };

const TOKEN_REQUEST = {
  grant_type: {
    enum: [
      "client_credentials",
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
      "urn:ietf:params:oauth:grant-type:token-exchange",
    ],
  },
  scope: text,
  resource: text,
  code: text,
  redirect_uri: text,
  code_verifier: text,
  device_code: text,
  refresh_token: text,
  subject_token: text,
  subject_token_type: text,
  ...CREDENTIALS,
};

const MENDA_POLL = {
  type: "object",
  properties: {
    client_id: something,
    redirect_uri: text,
    device_code: something,
    grant_type: text,
    code_verifier: something,
  },
  required: ["client_id", "device_code", "grant_type", "code_verifier"],
};

export const LOGIN_PATHS: Readonly<Record<string, Readonly<Partial<Record<"get" | "post", Operation>>>>> = {
  "/oauth2/token": {
    post: {
      summary:
        "An access token of this broker (RFC 6749, 8628, 8693), bound to a key if a DPoP proof comes along",
      tag: "standard",
      security: ["client"],
      body: form(TOKEN_REQUEST, ["grant_type"]),
      answers: { 200: answer("The tokens", "AccessToken"), 401: UNAUTHORIZED },
    },
  },
  "/oauth2/device_authorization": {
    post: {
      summary: "Begin a login that a person approves in a browser anywhere (RFC 8628), with PKCE if wanted",
      tag: "standard",
      body: form({ client_id: something, scope: text, resource: text, ...CHALLENGE }, ["client_id"]),
      answers: { 200: answer("The codes", "DeviceAuthorization"), 401: UNAUTHORIZED },
    },
  },
  "/oauth2/revoke": {
    post: {
      summary: "End a token (RFC 7009); a refresh token ends its login",
      tag: "standard",
      security: ["client"],
      body: TOKEN_FORM,
      answers: { 200: answer("Whatever the token was", object({})), 401: UNAUTHORIZED },
    },
  },
  "/api/v1/whoami": {
    get: {
      summary: "Whose access token it is",
      tag: "standard",
      security: ["access", "accessBound"],
      answers: { 200: answer("The caller", "Whoami"), 401: UNAUTHORIZED },
    },
  },
  "/.well-known/oauth-authorization-server": {
    get: {
      summary: "Metadata (RFC 8414)",
      tag: "standard",
      answers: { 200: answer("The metadata", SERVER_METADATA) },
    },
  },
  "/.well-known/oauth-protected-resource": {
    get: {
      summary: "Metadata of the broker as a resource (RFC 9728)",
      tag: "standard",
      answers: { 200: answer("The metadata", RESOURCE_METADATA) },
    },
  },
  "/api/v1/auth/device/authorize": {
    post: {
      summary: "Begin a login as menda-cli 0.5.0 does",
      tag: "menda",
      query: { client_id: something, scope: text, ...CHALLENGE },
      required: ["client_id", "code_challenge", "code_challenge_method"],
      answers: { 200: answer("The codes", "DeviceAuthorization"), 401: UNAUTHORIZED },
    },
  },
  "/api/v1/auth/device/token": {
    post: {
      summary: "Whether it was approved, as menda-cli 0.5.0 asks; the detail `pending` says not yet",
      tag: "menda",
      body: { required: true, content: { "application/json": { schema: MENDA_POLL } } },
      answers: { 200: answer("The token", "MendaAccessToken"), 401: UNAUTHORIZED },
    },
  },
};
