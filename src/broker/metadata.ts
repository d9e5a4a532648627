// What the broker says about itself: the authorization server metadata (RFC 8414), and the OpenAPI document.
// Everything that is advertised here answers.
import type { Core } from "./core.ts";
import { openApiDocument } from "./openapi.ts";
import { REGISTRY_CHECK_PATH, REGISTRY_TOKEN_PATH } from "./registry-face.ts";
import { ok, type Endpoint } from "./reply.ts";
import { STANDARD_PATHS } from "./standard-face.ts";
import { SCOPE } from "./token-grant.ts";

const METHODS = ["client_secret_basic", "client_secret_post"];

export function metadataEndpoints({ url }: Core): readonly Endpoint[] {
  const metadata = ok({
    issuer: url,
    token_endpoint: `${url}${STANDARD_PATHS.token}`,
    token_endpoint_auth_methods_supported: METHODS,
    grant_types_supported: ["client_credentials"],
    response_types_supported: [],
    scopes_supported: [SCOPE],
    introspection_endpoint: `${url}${STANDARD_PATHS.introspect}`,
    introspection_endpoint_auth_methods_supported: METHODS,
    revocation_endpoint: `${url}${STANDARD_PATHS.revoke}`,
    revocation_endpoint_auth_methods_supported: METHODS,
    keywright_registry_endpoint: `${url}${REGISTRY_TOKEN_PATH}`,
    keywright_registry_check_endpoint: `${url}${REGISTRY_CHECK_PATH}`,
  });
  const description = ok(openApiDocument(url));
  return [
    { method: "GET", path: "/openapi.json", handle: () => description },
    { method: "GET", path: "/.well-known/oauth-authorization-server", handle: () => metadata },
  ];
}
