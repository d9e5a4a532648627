// The configuration that applies when there is no file at all, ready made: this path runs for most questions, and
// validating the same data again would load the validator. A test holds it equal to what validating gives.
import { UNCONDITIONAL, type SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";
import type { Configuration } from "./configuration.ts";
import { BUILT_IN_REFS, type DefaultChoice } from "./default-choice.ts";
import { revisionOf } from "./revision.ts";

const POLICY: SecretPolicy = {
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

export function builtInConfiguration({ name }: Pick<DefaultChoice, "name">): Configuration {
  const store: SecretStore =
    name === "menda"
      ? { name, backend: "menda", root: "", options: {} }
      : { name, backend: "codeartifact", root: "", options: { keyringrc: true } };
  const refs = Object.entries(BUILT_IN_REFS[name]);
  return {
    identity: { role: "local_user", environment: "dev", app: "shell" },
    audit: { sink: "file", configured: false, path: undefined, maxBytes: undefined, maxFiles: undefined },
    stores: new Map([[store.name, store]]),
    refs: refs.map(([ref, match]) => refOf(ref, match, store)),
    policies: new Map([[POLICY.name, POLICY]]),
    broker: undefined,
  };
}

function refOf(name: string, match: string, store: SecretStore): SecretRef {
  const ref = {
    name,
    store: store.name,
    path: undefined,
    policy: POLICY.name,
    match,
    username: "aws",
    options: {},
    locked: false,
  };
  return { ...ref, revision: revisionOf(ref, store, POLICY) };
}
