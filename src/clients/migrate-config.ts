// The configuration that does for exactly these hosts what was done before: one ref a host, no wildcard. It is text only;
// whether a backend of that name is there is the configuration's own business.
import { domainOf, sectionsFor, type CodeArtifactSection } from "./keyringrc.ts";

export interface ConfigWish {
  readonly hosts: readonly string[];
  readonly store: "menda" | "aws";
  readonly sections: readonly CodeArtifactSection[];
}

interface Store {
  readonly name: string;
  readonly text: string;
}

interface Ref {
  readonly match: string;
  readonly store: Store;
}

export function configText({ hosts, store, sections }: ConfigWish): string {
  const stores = new Map<string, Store>();
  const refs = hosts.flatMap((host) =>
    store === "menda"
      ? [{ match: host, store: storeFor(stores, "menda", "backend: menda") }]
      : awsRefs(host, sections, stores),
  );
  const names = new Map<string, number>();
  const lines = refs.map(
    ({ match, store: { name } }) =>
      `  ${refName(match, names)}: { store: ${name}, match: "${match}", username: aws, policy: registries }`,
  );
  return [
    "# Written by `keywright migrate`: the hosts that were answered for before, each one by its name.",
    "stores:",
    ...[...stores.values()].map(({ name, text }) => `  ${name}: { ${text} }`),
    "refs:",
    ...lines,
    "policies:",
    "  registries: { allowed_principals: [local_user], actions: [read, publish] }",
    "",
  ].join("\n");
}

/** A section for one repository becomes a ref of its own: the more exact `match` wins. */
function awsRefs(
  host: string,
  sections: readonly CodeArtifactSection[],
  stores: Map<string, Store>,
): readonly Ref[] {
  const domain = domainOf(host);
  const fitting = domain === undefined ? [] : sectionsFor(domain, sections);
  const whole = fitting.find(({ name }) => name === undefined);
  const named = fitting.filter(
    ({ name }, at) =>
      name !== undefined &&
      /^[A-Za-z0-9._-]+$/.test(name) &&
      fitting.findIndex((one) => one.name === name) === at,
  );
  return [
    { match: host, store: awsStore(whole, stores) },
    ...named.map((section) => ({ match: `${host}/pypi/${section.name}`, store: awsStore(section, stores) })),
  ];
}

function awsStore(section: CodeArtifactSection | undefined, stores: Map<string, Store>): Store {
  const options = [
    ...(section?.profile === undefined ? [] : [`profile: ${JSON.stringify(section.profile)}`]),
    ...(section?.duration === undefined || !isDuration(section.duration)
      ? []
      : [`duration: ${section.duration}`]),
  ];
  return storeFor(
    stores,
    "aws",
    `backend: codeartifact${options.length === 0 ? "" : `, options: { ${options.join(", ")} }`}`,
  );
}

/** What CodeArtifact takes. */
export function isDuration(seconds: number): boolean {
  return seconds === 0 || (seconds >= 900 && seconds <= 43_200);
}

function storeFor(stores: Map<string, Store>, name: string, text: string): Store {
  const known = stores.get(text) ?? { name: stores.size === 0 ? name : `${name}_${stores.size + 1}`, text };
  stores.set(text, known);
  return known;
}

function refName(match: string, taken: Map<string, number>): string {
  const [host = "", , repository] =
    match.split("/").length > 2 ? match.split("/") : [match.split("/")[0] ?? ""];
  const words = [domainOf(host)?.domain ?? host, ...(repository === undefined ? [] : [repository])].join("_");
  const name =
    words
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^[^a-z]+|_+$/g, "") || "registry";
  const count = (taken.get(name) ?? 0) + 1;
  taken.set(name, count);
  return count === 1 ? name : `${name}_${count}`;
}
