// A broker with one rule for one issuer, and tokens for it: what the tests of the exchange itself begin with.
import type { TestContext } from "node:test";
import type { BrokerOptions } from "../../../src/broker/start.ts";
import { entriesOf, type Entry } from "../entries.ts";
import type { Answer, Running } from "../broker.ts";
import { brokerFor, exchange, startIssuer, times, type Issuer } from "./issuer.ts";
import { GITHUB, GITLAB } from "./shapes.ts";

export interface Place {
  readonly issuer: Issuer;
  readonly broker: Running;
  readonly iss: string;
  /** A token that fits, with other claims; `undefined` takes one out. */
  token(claims?: object, header?: object): Promise<string>;
  send(claims?: object, header?: object): Promise<Answer>;
  /** What the audit says of exchanges. */
  audit(): readonly Entry[];
  /** The reason of the last one that was denied. */
  reason(): unknown;
}

export interface Wanted {
  readonly preset?: "github" | "gitlab";
  /** What else stands in the mapping of the issuer, such as `max_life: 60`. */
  readonly issuer?: string;
  /** What else the configuration says. */
  readonly more?: string;
  readonly options?: Partial<BrokerOptions>;
}

const RULES = {
  github: 'repository_id: "456789", repository_owner_id: "123456"',
  gitlab: 'project_id: "22", namespace_id: "72"',
} as const;

export async function place(t: TestContext, wanted: Wanted = {}): Promise<Place> {
  const { preset = "github", issuer: more = "private_network: true" } = wanted;
  const issuer = await startIssuer(t);
  const iss = `${issuer.origin}/${preset === "github" ? "_services/token" : "gitlab"}`;
  const text = `issuers:
  it: { preset: ${preset}, issuer: "${iss}", ${more} }
workloads:
  deploy: { issuer: it, principal: ci, claims: { ${RULES[preset]} } }
${wanted.more ?? ""}`;
  const broker = await brokerFor(t, issuer, text, wanted.options);
  let made = 0;
  const token = (others: object = {}, header: object = {}): Promise<string> => {
    const shape = preset === "github" ? GITHUB : GITLAB;
    const usual = { iss, aud: broker.url, ...shape, ...times(broker, `jti-${(made += 1)}`) };
    return issuer.sign({ ...usual, ...others }, header);
  };
  const audit = (): readonly Entry[] =>
    entriesOf(broker.data).filter(({ kind }) => kind === "token_exchange");
  return {
    issuer,
    broker,
    iss,
    token,
    audit,
    send: async (claims, header) => exchange(broker, await token(claims, header)),
    reason: () => audit().findLast(({ outcome }) => outcome === "denied")?.["reason"],
  };
}
