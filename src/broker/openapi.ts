// The OpenAPI document that the broker serves at /openapi.json. Tests hold it to what is mounted, and every answer
// that they see to its schemas.
import { VERSION } from "../version.ts";
import { ANYWHERE, SCHEMAS, SECURITY_SCHEMES } from "./openapi-parts.ts";
import { LOGIN_PATHS } from "./openapi-login.ts";
import { PATHS, type Json, type Operation } from "./openapi-paths.ts";
import { PAGE_PATHS } from "./pages/openapi-pages.ts";

/** `url`: what the broker calls itself. */
export function openApiDocument(url: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "keywright broker",
      version: VERSION,
      description:
        "Short-lived registry tokens that a policy allowed. Every refusal is a JSON object of one shape.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url }],
    paths: Object.fromEntries(
      Object.entries({ ...LOGIN_PATHS, ...PATHS, ...PAGE_PATHS }).map(([path, verbs]) => [
        path,
        Object.fromEntries(Object.entries(verbs).map(([verb, one]) => [verb, operation(verb, path, one)])),
      ]),
    ),
    components: { schemas: SCHEMAS, securitySchemes: SECURITY_SCHEMES },
  };
}

function operation(verb: string, path: string, one: Operation): Json {
  const { summary, tag, security = [], query = {}, required = [], body, answers } = one;
  return {
    operationId: `${verb}${path.replaceAll(/[^a-z0-9]+/g, "_")}`,
    summary,
    tags: [tag],
    security: security.map((name) => ({ [name]: [] })),
    parameters: Object.entries(query).map(([name, schema]) => ({
      name,
      in: "query",
      required: required.includes(name),
      schema,
    })),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...ANYWHERE, ...answers },
  };
}
