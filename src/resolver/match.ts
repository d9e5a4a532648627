// Match: the pattern `host[:port][/path-prefix]` of a registry ref. Labels are compared with labels, segments with
// segments; it also tells a text that looks like the pattern without fitting it. It grants nothing.
import { isLoopback } from "../loopback.ts";
import { isPlainPath, type Address } from "./address.ts";

export interface Match {
  readonly hostFits: (address: Address) => boolean;
  readonly pathFits: (address: Address) => boolean;
  /** True when some part of this (lower-cased, decoded) text imitates the pattern. */
  readonly imitatedBy: (text: string) => boolean;
  readonly hasPath: boolean;
  /** Higher is more specific: path segments first, then literal characters of the host. */
  readonly rank: readonly [number, number];
}

const FORM =
  /^(\[::1\]|[a-z0-9*](?:[a-z0-9.*-]*[a-z0-9*])?)(?::([0-9]+))?(\/[A-Za-z0-9._~%!$&'()+,;=:@/-]*)?$/;

/** What is wrong with a `match`, as the rest of a sentence; undefined when it is fine. */
export function matchFault(match: string): string | undefined {
  if (match.includes("://")) return "names a scheme; write host[:port][/path-prefix]";
  if (/[A-Z]/.test(match.split("/", 1)[0] ?? ""))
    return "has upper-case letters in its host; write it in lower case";
  const [whole, host = "", port, path = ""] = FORM.exec(match) ?? [];
  if (whole === undefined) return "is not of the form host[:port][/path-prefix]";
  if (host.split(".").includes("")) return "has an empty label in its host";
  if (host.split(".").at(-1)?.includes("*"))
    return "has a * in the last label of its host, which would fit strangers";
  if (host.includes("**")) return "has ** in its host; * is one run inside one label";
  if (port !== undefined && (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535))
    return "has no valid port";
  if (port === undefined && isLoopback(host)) return "is a loopback host and must name its port";
  if (!isPlainPath(path)) return "has a path prefix with '..', an empty segment or a hiding escape";
  return undefined;
}

/** Compiles a match that has no fault. */
export function compileMatch(match: string): Match {
  const [, host = "", port, prefix = ""] = FORM.exec(match) ?? [];
  const labels = host.split(".").map(labelOf);
  const segments = prefix.split("/").filter((segment) => segment !== "");
  const wanted = port === undefined ? 443 : Number(port);
  let imitations: readonly RegExp[] | undefined;
  return {
    hostFits: (address) => {
      const asked = address.host.split(".");
      return (
        address.port === wanted &&
        (address.scheme !== "http" || isLoopback(address.host)) &&
        asked.length === labels.length &&
        labels.every((fits, at) => fits(asked[at] ?? ""))
      );
    },
    pathFits: (address) => {
      const asked = address.path.split("/").slice(1);
      return segments.every((segment, at) => asked[at] === segment);
    },
    imitatedBy(text) {
      imitations ??= imitationsOf(host, port); // Most addresses are ours, and never come this far.
      return imitations.some((imitation) => imitation.test(text));
    },
    hasPath: segments.length > 0,
    rank: [segments.length, host.replaceAll("*", "").length],
  };
}

/** A star never stands for an internationalised label, which some programs show and compare decoded. */
function labelOf(pattern: string): (label: string) => boolean {
  if (!pattern.includes("*")) return (label) => label === pattern;
  const form = new RegExp(`^${glob(pattern)}$`);
  return (label) => form.test(label) && !label.startsWith("xn--");
}

/** One run of `[a-z0-9-]` for each star, everything else literally. */
function glob(label: string): string {
  return label.split("*").map(literal).join("[a-z0-9-]+");
}

function literal(text: string): string {
  return text.replace(/[^a-z0-9]/g, (c) => `\\${c}`);
}

/**
 * Unanchored on purpose: these only ever refuse. A text imitates when it holds the whole host (dots may have become
 * hyphens or underscores), or, of a host with stars, the literal piece that says what service it is. A piece that is one label is
 * a plain word to everybody else, so it imitates only between dots.
 */
function imitationsOf(host: string, port: string | undefined): readonly RegExp[] {
  const inText = (pattern: string): RegExp => {
    const loose = pattern.split(".").map(glob).join("[._-]");
    const at = isLoopback(host) ? `:0*${port}` : "";
    return new RegExp(`(?<![a-z0-9])${loose}${at}(?![a-z0-9])`);
  };
  const core = host.replace(/^(?:\*\.)+/, "");
  const pieces = core
    .split("*")
    .slice(0, -1)
    .map((piece) => piece.replace(/^[.-]+|[.-]+$/g, ""))
    .filter((piece) => piece.length >= 6);
  const words = pieces.filter((piece) => !piece.includes("."));
  return [
    ...[core, ...pieces.filter((piece) => piece.includes("."))].map(inText),
    ...words.map((word) => new RegExp(`\\.${literal(word)}\\.`)),
  ];
}
