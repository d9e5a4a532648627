// What the broker says about itself: the authorization server metadata (RFC 8414), that of the resource which it is, too
// (RFC 9728), and the OpenAPI document. Everything that is advertised here answers.
import { KeywrightError } from "../errors.ts";
import type { Core } from "./core.ts";
import { ASSERTION_ALGORITHMS, PROOF_ALGORITHMS } from "./jwt/algorithms.ts";
import { DEVICE_GRANT } from "./login/public-client.ts";
import { WHOAMI_PATH } from "./login/whoami.ts";
import { openApiDocument } from "./openapi.ts";
import { REGISTRY_CHECK_PATH, REGISTRY_TOKEN_PATH } from "./registry-face.ts";
import { ok, Refused, type Endpoint, type Reply } from "./reply.ts";
import { STANDARD_PATHS } from "./standard-face.ts";
import { SCOPE } from "./token-grant.ts";
import { EXCHANGE_GRANT } from "./workload/request.ts";

export const SERVER_METADATA_PATH = "/.well-known/oauth-authorization-server";
export const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource";

/** The page where a login by the browser begins. */
const AUTHORIZATION_PATH = "/oauth2/authorize";

const METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
const PUBLIC = [...METHODS, "none"];

export function metadataEndpoints(core: Core): readonly Endpoint[] {
  const server = ok(serverMetadata(core));
  const resource = ok(resourceMetadata(core));
  const description = ok(openApiDocument(core.url));
  return [
    { method: "GET", path: "/openapi.json", handle: () => description },
    { method: "GET", path: SERVER_METADATA_PATH, handle: () => server },
    { method: "GET", path: RESOURCE_METADATA_PATH, handle: () => resource },
  ];
}

function serverMetadata({ url, config }: Core): object {
  const exchange = (config.workloads?.rules.length ?? 0) > 0 ? [EXCHANGE_GRANT] : [];
  return {
    issuer: url,
    authorization_endpoint: `${url}${AUTHORIZATION_PATH}`,
    device_authorization_endpoint: `${url}${STANDARD_PATHS.deviceAuthorization}`,
    token_endpoint: `${url}${STANDARD_PATHS.token}`,
    token_endpoint_auth_methods_supported: PUBLIC,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "client_credentials",
      DEVICE_GRANT,
      ...exchange,
    ],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    scopes_supported: [SCOPE],
    introspection_endpoint: `${url}${STANDARD_PATHS.introspect}`,
    introspection_endpoint_auth_methods_supported: METHODS,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint: `${url}${STANDARD_PATHS.revoke}`,
    revocation_endpoint_auth_methods_supported: PUBLIC,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    protected_resources: [url],
    keywright_registry_endpoint: `${url}${REGISTRY_TOKEN_PATH}`,
    keywright_registry_check_endpoint: `${url}${REGISTRY_CHECK_PATH}`,
    keywright_whoami_endpoint: `${url}${WHOAMI_PATH}`,
  };
}

function resourceMetadata({ url }: Core): object {
  return {
    resource: url,
    authorization_servers: [url],
    scopes_supported: [SCOPE],
    bearer_methods_supported: ["header"],
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    resource_name: "keywright broker",
  };
}

/** The same endpoint; whoever is told that it needs a token is told who gives one, too (RFC 9728 section 5.1). */
export function namingMetadata({ url }: Core, endpoint: Endpoint): Endpoint {
  const pointer = `resource_metadata="${url}${RESOURCE_METADATA_PATH}"`;
  return {
    ...endpoint,
    async handle(incoming) {
      try {
        return withPointer(await endpoint.handle(incoming), pointer);
      } catch (thrown) {
        if (!(thrown instanceof Refused)) throw thrown;
        const { cause } = thrown;
        throw new Refused(
          withPointer(thrown.reply, pointer),
          cause instanceof KeywrightError ? cause : undefined,
        );
      }
    },
  };
}

function withPointer(reply: Reply, pointer: string): Reply {
  const challenge = reply.headers?.["WWW-Authenticate"];
  if (reply.status !== 401 || typeof challenge !== "string" || !/^(?:Bearer|DPoP) /.test(challenge))
    return reply;
  return { ...reply, headers: { ...reply.headers, "WWW-Authenticate": `${challenge}, ${pointer}` } };
}
