// The configuration that applies when there is no file at all, ready made: this path runs for most questions, and
// validating the same data again would load the validator. A test holds it equal to what validating gives.
import { UNCONDITIONAL, type SecretPolicy } from "../resolver/policy.ts";
import type { SecretStore } from "../resolver/store.ts";
import type { Configuration } from "./configuration.ts";
import { revisionOf } from "./revision.ts";

export function builtInConfiguration(): Configuration {
  const store: SecretStore = { name: "menda", backend: "menda", root: "", options: {} };
  const policy: SecretPolicy = {
    name: "registries",
    grants: [
      {
        ...UNCONDITIONAL,
        name: "registries.allowed_principals",
        principals: ["local_user"],
        actions: ["read", "publish"],
      },
    ],
    deny: [],
  };
  const ref = {
    name: "codeartifact",
    store: "menda",
    path: undefined,
    policy: "registries",
    match: "*.d.codeartifact.*.amazonaws.com",
    username: "aws",
    options: {},
    locked: false,
  };
  return {
    identity: { role: "local_user", environment: "dev", app: "shell" },
    audit: { sink: "file", configured: false, path: undefined, maxBytes: undefined, maxFiles: undefined },
    stores: new Map([[store.name, store]]),
    refs: [{ ...ref, revision: revisionOf(ref, store, policy) }],
    policies: new Map([[policy.name, policy]]),
    broker: undefined,
  };
}
