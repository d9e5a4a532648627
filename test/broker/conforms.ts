// Holds answers of the broker to its OpenAPI document: path, method, status, type, headers and body.
import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { openApiDocument } from "../../src/broker/openapi.ts";

interface Described {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

export interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Described>> }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export const DOCUMENT = openApiDocument("http://localhost:8765") as Document;

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ $id: "openapi", components: DOCUMENT.components });
const valid = (schema: object, value: unknown): boolean =>
  ajv.validate(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object, value);

/** Throws unless the document describes this answer. Paths and methods that it does not have answer 404 and 405. */
export function conforms(method: string, target: string, seen: Seen): void {
  const [path = ""] = target.split("?");
  const operations = DOCUMENT.paths[path];
  const operation = operations?.[method === "HEAD" ? "get" : method.toLowerCase()];
  const where = `${method} ${path} ${seen.status}`;
  if (operation === undefined) return outside(operations === undefined ? 404 : 405, seen, where);
  const described = operation.responses[seen.status];
  assert.ok(described, `${where} is not in the OpenAPI document`);
  for (const [name, { required }] of Object.entries(described.headers ?? {}))
    if (required === true) assert.ok(name.toLowerCase() in seen.headers, `${where} lacks ${name}`);
  if (method === "HEAD") return;
  const type = String(seen.headers["content-type"] ?? "").split(";")[0] ?? "";
  if (described.content === undefined) return assert.equal(seen.text, "", where);
  const schema = described.content[type]?.schema;
  assert.ok(schema, `${where} is of type ${type}, which is not in the OpenAPI document`);
  if (type === "application/json") body(schema, seen.text, where);
}

/** Limits and faults of the process can meet any path. */
function outside(expected: number, { status, text }: Seen, where: string): void {
  assert.ok([expected, 400, 408, 413, 417, 429, 431, 500, 503].includes(status), `${where}: not described`);
  if (text !== "") body({ $ref: "#/components/schemas/Error" }, text, where);
}

function body(schema: object, text: string, where: string): void {
  assert.ok(valid(schema, JSON.parse(text)), `${where}: ${ajv.errorsText()}`);
}
