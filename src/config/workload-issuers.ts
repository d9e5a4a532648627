// Reads `issuers` of a broker's configuration: the only ones whose tokens are looked at. It asks none of them.
import { isAbsolute } from "node:path";
import { fieldsOf, named, type Fields } from "./fields.ts";
import type { Tree } from "./tree.ts";
import type { Preset, PresetName } from "./workload-preset.ts";
import { presetOfHost, PRESETS, tenantOf } from "./workload-presets.ts";

export interface IssuerSettings {
  /** What the configuration calls it. */
  readonly name: string;
  readonly preset: PresetName;
  /** The claim `iss` of its tokens, letter by letter. */
  readonly issuer: string;
  readonly algorithms: readonly string[];
  /** undefined: its discovery document says where its keys are, on its own origin. */
  readonly jwksUri: string | undefined;
  /** True: it may have a private address. */
  readonly privateNetwork: boolean;
  /** An absolute path of certificates that are trusted for it alone; undefined: the usual roots. */
  readonly caFile: string | undefined;
  /** Seconds between `iat` and `exp` that its tokens have at most. */
  readonly maxLife: number;
  /** For `generic`: what a rule has to name. */
  readonly immutable: readonly (readonly string[])[];
}

const KEYS = ["preset", "issuer", "algorithms", "jwks_uri", "private_network", "ca_file", "max_life"];
const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** Claims that every token of an issuer has alike, or that each has another of: they tell no workload from the next. */
const TELLING_NOTHING: ReadonlySet<string> = new Set(["iss", "aud", "exp", "iat", "nbf", "jti"]);

/** Throws `configuration`. */
export function readIssuers(section: Tree | undefined): readonly IssuerSettings[] {
  const issuers: IssuerSettings[] = [];
  for (const [name, tree] of named(section, "issuers")) {
    const fields = fieldsOf(tree, `issuers.${name}`, [...KEYS, "immutable"]);
    const issuer = readIssuer(name, fields);
    const twin = issuers.find((other) => other.issuer === issuer.issuer);
    if (twin !== undefined)
      throw fields.fault("issuer", `is the issuer of '${twin.name}', too`, "Name each issuer once.");
    issuers.push(issuer);
  }
  return issuers;
}

function readIssuer(name: string, fields: Fields): IssuerSettings {
  fields.requiredText("preset");
  const preset = fields.oneOf("preset", PRESET_NAMES) as PresetName;
  const known = PRESETS[preset];
  const privateNetwork = fields.flag("private_network") ?? false;
  const issuer = readUrl(fields, preset, privateNetwork);
  const immutable = readImmutable(fields, preset);
  const caFile = fields.text("ca_file");
  if (caFile !== undefined && !isAbsolute(caFile)) throw fields.fault("ca_file", "is not an absolute path");
  return {
    name,
    preset,
    issuer,
    algorithms: readAlgorithms(fields, known),
    jwksUri:
      readJwksUri(fields, privateNetwork) ?? known.jwksUri?.replace("$1", tenantOf(known, issuer) ?? ""),
    privateNetwork,
    caFile,
    maxLife: fields.whole("max_life", 60, 30 * 86_400) ?? known.maxLife,
    immutable,
  };
}

function readUrl(fields: Fields, preset: PresetName, privateNetwork: boolean): string {
  const { issuer: usual, form, example } = PRESETS[preset];
  const issuer = fields.text("issuer") ?? usual;
  if (issuer === undefined)
    throw fields.fault(undefined, "has no issuer", `It is the claim iss of its tokens, such as ${example}.`);
  checkUrl(fields, "issuer", issuer, privateNetwork);
  const host = presetOfHost(issuer);
  if (host !== undefined && host !== preset)
    throw fields.fault("issuer", `is an issuer of the preset ${host}`, `Write preset: ${host}.`);
  if (!form.test(issuer))
    throw fields.fault("issuer", `is no issuer of the preset ${preset}`, `Those look like ${example}.`);
  return issuer;
}

/** https and nothing to strip; plain http to this machine only where private addresses are allowed. */
function checkUrl(fields: Fields, key: string, text: string, privateNetwork: boolean): void {
  const url = URL.parse(text);
  const plain = url?.protocol === "http:" && privateNetwork && isOwn(url.hostname);
  if (url === null || (url.protocol !== "https:" && !plain))
    throw fields.fault(key, "is no https address", "For example https://issuer.example.");
  if (url.href !== text && url.href !== `${text}/`)
    throw fields.fault(key, "is not written as it is sent", `Write ${url.origin}${url.pathname}.`);
  if (url.username !== "" || url.password !== "" || /[?#]/.test(text))
    throw fields.fault(key, "has more than a host and a path");
}

function isOwn(hostname: string): boolean {
  return hostname === "127.0.0.1" || hostname === "[::1]" || hostname === "localhost";
}

function readJwksUri(fields: Fields, privateNetwork: boolean): string | undefined {
  const text = fields.text("jwks_uri");
  if (text !== undefined) checkUrl(fields, "jwks_uri", text, privateNetwork);
  return text;
}

function readAlgorithms(fields: Fields, { algorithms: usual }: Preset): readonly string[] {
  const algorithms = fields.texts("algorithms") ?? usual;
  if (algorithms.length === 0)
    throw fields.fault(
      fields.tree("algorithms") === undefined ? undefined : "algorithms",
      fields.tree("algorithms") === undefined ? "has no algorithms" : "names none",
      "Name what it signs with, such as algorithms: [RS256].",
    );
  const wrong = algorithms.find((one) => !ALGORITHMS.includes(one));
  if (wrong !== undefined)
    throw fields.fault("algorithms", "has one that is not accepted", `Known here: ${ALGORITHMS.join(", ")}.`);
  return algorithms;
}

/** An entry is a claim, or the path to one inside of others: `[kubernetes.io, namespace]`. */
function readImmutable(fields: Fields, preset: PresetName): readonly (readonly string[])[] {
  const list = fields.tree("immutable");
  if (preset !== "generic") {
    if (list !== undefined)
      throw fields.fault("immutable", `is known for the preset ${preset}`, "Take the key out.");
    return [];
  }
  const hint = "Name the claims that are never given to another workload: immutable: [sub].";
  if (list === undefined) throw fields.fault(undefined, "has no immutable", hint);
  if (list.kind !== "list" || list.items.length === 0)
    throw fields.fault("immutable", "is no list of claims", hint);
  return list.items.map((item) => {
    const path = item.kind === "list" ? item.items.map(textOf) : [textOf(item)];
    if (path.length === 0 || path.includes(undefined))
      throw fields.fault("immutable", "has an entry that is no claim", hint);
    if (path.length === 1 && TELLING_NOTHING.has(path[0] ?? ""))
      throw fields.fault("immutable", `has '${path[0]}', which tells no workload from another`, hint);
    return path as readonly string[];
  });
}

function textOf(tree: Tree): string | undefined {
  return tree.kind === "scalar" && typeof tree.value === "string" && tree.value !== ""
    ? tree.value
    : undefined;
}
