// Which certificates a TLS server may be signed by: the variables that pip and uv users already set, else what the
// runtime brings and the system holds. It does not verify anything itself, and is loaded for a TLS connection only.
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import { KeywrightError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Each of these names a file (or a folder) that takes the place of the default roots; the first that is set counts. */
const REPLACING = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] as const;
const ADDING = "NODE_EXTRA_CA_CERTS";
/** Where Debian, Alpine, Arch / Fedora, RHEL / openSUSE keep theirs; for a runtime that cannot read the system's store. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
];
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** A file of certificates, or a folder of such files. */
export interface CaBundle {
  readonly file: string;
  /** The variable or option that names it, for people. */
  readonly namedBy: string;
}

/**
 * The root certificates as PEM, each once; a `bundle` goes before what the environment names instead of the default roots.
 * Throws `configuration` when a variable names what holds no certificate.
 */
export function trustedRoots(env: Environment, bundle?: CaBundle): string[] {
  const variable = REPLACING.find((each) => isSet(env, each));
  const replacing = bundle ?? (variable === undefined ? undefined : bundleOf(env, variable));
  const roots = replacing === undefined ? defaultRoots() : named(replacing);
  const extra = isSet(env, ADDING) ? named(bundleOf(env, ADDING)) : [];
  const once = new Map<string, string>();
  for (const pem of [...roots, ...extra]) once.set(pem.replace(/\s/g, ""), pem);
  return [...once.values()];
}

/** What to do about a server that is not trusted, given what is set. */
export function trustHint(env: Environment, bundle?: CaBundle): string {
  if (bundle !== undefined)
    return `${bundle.namedBy} names ${bundle.file}, which has to hold the CA that signs this certificate.`;
  const set = [...REPLACING, ADDING].filter((variable) => isSet(env, variable));
  const now = set.length === 0 ? "none of them is set" : `set now: ${set.join(", ")}`;
  return (
    "If a company CA signs this certificate, name the CA's file in SSL_CERT_FILE or REQUESTS_CA_BUNDLE (instead of the " +
    `default roots) or in NODE_EXTRA_CA_CERTS (in addition); ${now}.`
  );
}

function isSet(env: Environment, variable: string): boolean {
  return env[variable] !== undefined && env[variable] !== "";
}

function bundleOf(env: Environment, variable: string): CaBundle {
  return { file: env[variable] ?? "", namedBy: variable };
}

function named({ file, namedBy: variable }: CaBundle): string[] {
  const found = read(variable, file);
  const first = found[0];
  if (first === undefined) throw unusable(variable, file, "has no certificate (PEM)");
  try {
    found.forEach((pem) => new X509Certificate(pem));
  } catch {
    throw unusable(variable, file, "has a certificate that cannot be read");
  }
  return found;
}

function read(variable: string, file: string): string[] {
  try {
    if (!statSync(file).isDirectory()) return certificates(readFileSync(file, "latin1"));
    // requests takes a folder made by c_rehash: every certificate under a hashed name, often a second time under its own.
    const inside = readdirSync(file).map((name) => join(file, name));
    return inside.filter(isFile).flatMap((path) => certificates(readFileSync(path, "latin1")));
  } catch (error) {
    throw unusable(
      variable,
      file,
      `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`,
    );
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function certificates(text: string): string[] {
  return text.match(PEM) ?? [];
}

function unusable(variable: string, file: string, fault: string): KeywrightError {
  return new KeywrightError("configuration", `${variable} names ${file}, which ${fault}`, {
    hint: `Let ${variable} name a file of PEM certificates, or unset it.`,
  });
}

function defaultRoots(): string[] {
  const system = systemStore();
  for (const file of system.length === 0 ? SYSTEM_FILES : []) {
    if (isFile(file)) return [...tls.rootCertificates, ...certificates(readFileSync(file, "latin1"))];
  }
  return [...tls.rootCertificates, ...system];
}

function systemStore(): readonly string[] {
  try {
    return tls.getCACertificates("system");
  } catch {
    return []; // an older runtime, or a store that cannot be opened: the bundled roots remain
  }
}
