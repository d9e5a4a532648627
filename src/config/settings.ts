// Settings: identity, audit and what only a broker has, from their mappings to typed data.
import { AUDIT_SINKS } from "../resolver/audit-log.ts";
import { isAbsolute } from "node:path";
import { isPrincipalName } from "../resolver/principal.ts";
import type { SecretRef } from "../resolver/ref.ts";
import {
  type AssertedIdentity,
  type AuditSettings,
  type BrokerSettings,
  type MendaAnswer,
} from "./configuration.ts";
import { readCheckpoints } from "./checkpoints.ts";
import { faultAt, suggestion } from "./fault.ts";
import { asMap, fieldsOf, named } from "./fields.ts";
import { readLimits } from "./limits.ts";
import { ACTIONS } from "./policies.ts";
import { originsOf, type Tree } from "./tree.ts";
import { readUsers } from "./users.ts";
import { readWorkloads } from "./workloads.ts";

export function readIdentity(tree: Tree): AssertedIdentity {
  for (const key of ["machine", "substrate"]) {
    const set = asMap(tree, "identity").entries.get(key);
    if (set !== undefined) {
      throw faultAt(set.origin, `identity.${key} is discovered and cannot be set`, "Take the key out.");
    }
  }
  const fields = fieldsOf(tree, "identity", ["role", "environment", "app"]);
  const role = fields.requiredText("role");
  if (!isPrincipalName(role)) {
    throw fields.fault(
      "role",
      "is no name of a principal",
      "It has lower-case letters, digits and underscores.",
    );
  }
  return { role, environment: fields.requiredText("environment"), app: fields.requiredText("app") };
}

/** `audit: stderr` is short for `audit: { sink: stderr }`. */
export function withLongAudit<T extends Tree>(tree: T): T {
  const audit = tree.kind === "map" ? tree.entries.get("audit") : undefined;
  if (tree.kind !== "map" || audit?.kind !== "scalar" || typeof audit.value !== "string") return tree;
  const long: Tree = { kind: "map", entries: new Map([["sink", audit]]), origin: audit.origin };
  return { ...tree, entries: new Map([...tree.entries, ["audit", long]]) };
}

export function readAudit(tree: Tree): AuditSettings {
  const fields = fieldsOf(tree, "audit", ["sink", "path", "max_bytes", "max_files"]);
  const sink = fields.oneOf("sink", AUDIT_SINKS) ?? "file";
  const path = fields.text("path");
  if (path !== undefined && !isAbsolute(path)) throw fields.fault("path", "is not an absolute path");
  const maxBytes = fields.whole("max_bytes", 4096, Number.MAX_SAFE_INTEGER);
  const maxFiles = fields.whole("max_files", 1, 10_000);
  const idle = ["path", "max_bytes", "max_files"].find(
    (key) => sink !== "file" && fields.tree(key) !== undefined,
  );
  if (idle !== undefined)
    throw fields.fault(idle, `means something for the sink 'file' only; the sink is '${sink}'`);
  const configured = [...originsOf(tree).values()].some((origin) => origin !== "built-in");
  return { sink, configured, path, maxBytes, maxFiles };
}

/** undefined: the broker lists none, and any name may occur. */
export function readPrincipals(top: Tree): readonly string[] | undefined {
  const list = asMap(top, "configuration").entries.get("principals");
  if (list === undefined) return undefined;
  if (list.kind !== "list")
    throw faultAt(list.origin, "principals is not a list", "Write it in brackets: [ci, release].");
  return list.items.map((item) => {
    if (
      item.kind !== "scalar" ||
      typeof item.value !== "string" ||
      !isPrincipalName(item.value) ||
      item.value === "default"
    ) {
      throw faultAt(item.origin, "principals has an entry that is no name of a principal");
    }
    return item.value;
  });
}

export function readBroker(
  top: Tree,
  {
    principals,
    refs,
    ttl,
  }: { principals: readonly string[] | undefined; refs: readonly SecretRef[]; ttl: number | undefined },
): BrokerSettings {
  const sections = asMap(top, "configuration").entries;
  const limits = readLimits(sections.get("limits"));
  const menda = named(sections.get("menda"), "menda").map(([name, tree]) => {
    if (name !== "default" && principals !== undefined && !principals.includes(name)) {
      throw faultAt(
        tree.origin,
        `menda names '${name}', which principals does not list`,
        suggestion(name, principals),
      );
    }
    return [name, mendaAnswer(name, tree, refs)] as const;
  });
  return {
    principals: principals ?? [],
    menda: new Map(menda),
    accessTokenTtl: ttl ?? 600,
    checkpoints: readCheckpoints(sections.get("checkpoints")),
    users: readUsers(sections.get("users"), principals),
    workloads: readWorkloads(
      { issuers: sections.get("issuers"), workloads: sections.get("workloads") },
      principals,
    ),
    ...(limits === undefined ? {} : { limits }),
  };
}

function mendaAnswer(name: string, tree: Tree, refs: readonly SecretRef[]): MendaAnswer {
  const long: Tree =
    tree.kind === "scalar" ? { kind: "map", entries: new Map([["ref", tree]]), origin: tree.origin } : tree;
  const fields = fieldsOf(long, `menda.${name}`, ["ref", "action"]);
  const ref = fields.requiredText("ref");
  const names = refs.map((one) => one.name);
  if (!names.includes(ref))
    throw fields.fault("ref", `names '${ref}', which does not exist`, suggestion(ref, names));
  return { ref, action: fields.oneOf("action", ACTIONS) ?? "read" };
}
