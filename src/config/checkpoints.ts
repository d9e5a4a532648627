// Reads `checkpoints` of a broker's configuration: how often the head of its audit is signed, and where that goes.
import { isAbsolute } from "node:path";
import type { CheckpointSettings } from "./configuration.ts";
import { fieldsOf } from "./fields.ts";
import type { Tree } from "./tree.ts";

export function readCheckpoints(tree: Tree | undefined): CheckpointSettings | undefined {
  if (tree === undefined) return undefined;
  const fields = fieldsOf(tree, "checkpoints", ["every", "to"]);
  const to = fields.requiredText("to");
  const fault = sinkFault(to);
  if (fault !== undefined) throw fields.fault("to", fault, "For example file:/mnt/other/checkpoints.jsonl.");
  return { every: fields.whole("every", 1, 1_000_000) ?? 100, to };
}

/** What is wrong with the text of a sink, as the rest of a sentence; undefined when it is fine. */
export function sinkFault(to: string): string | undefined {
  if (to === "stdout") return undefined;
  if (to.startsWith("file:"))
    return isAbsolute(to.slice(5)) ? undefined : "names no absolute path after file:";
  const url = URL.parse(to);
  const loopback = url?.protocol === "http:" && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  return url?.protocol === "https:" || loopback
    ? undefined
    : "is none of file:/PATH, stdout, https://HOST/PATH";
}
