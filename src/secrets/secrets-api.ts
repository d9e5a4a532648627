// SecretsApi: what an application asks. It only translates: every question goes through the one resolver.
import { shown } from "../config/fault.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { systemClock, type Clock } from "../io/clock.ts";
import { homeIn, processEnvironment } from "../io/surroundings.ts";
import { isSecretName, type SecretAsk } from "../resolver/ask.ts";
import type { AuditLog } from "../resolver/audit-log.ts";
import type { Backend } from "../resolver/backend.ts";
import { explain, type Explanation } from "../resolver/explain.ts";
import { resolve } from "../resolver/resolve.ts";
import { Secret } from "../secret.ts";
import { auditFor, type AuditChoice } from "./audit.ts";
import { furnish, type Furnished } from "./house.ts";
import { identityOf, type AttestedIdentity } from "./identity.ts";
import { SecretRef } from "./models.ts";
import type { Answer, SecretName, SecretQuestion, SecretQuestionOr, SecretsConfigData } from "./names.ts";
import type { OriginOf } from "./plain-tree.ts";
import { SecretPolicyRegistry, SecretRefRegistry, SecretStoreRegistry, type Registry } from "./registries.ts";

export interface SecretsOptions {
  /** undefined: the usual file, `~/.local/state/keywright/audit.jsonl`, and a warning when it cannot be written. */
  readonly audit?: AuditChoice | undefined;
  /** Backends of your own, by the name that stores use; one with the name of ours takes its place. */
  readonly backends?: Readonly<Record<string, Backend>> | undefined;
  readonly clock?: Clock | undefined;
  /** For backends that start programs or read variables. Defaults to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The home folder; defaults to the one that the environment names. */
  readonly home?: string | undefined;
  /** Where a value of the data was written, for errors; undefined: they name entry and key only. */
  readonly originOf?: OriginOf | undefined;
  /** Hears what does not keep an answer from coming, one sentence. Defaults to a warning of the process. */
  readonly warn?: ((text: string) => void) | undefined;
}

export interface StoreState {
  readonly store: string;
  readonly backend: string;
  /** Why it cannot be used now; undefined: it can. */
  readonly problem: KeywrightError | undefined;
}

export interface SecretsApi<Name extends string = string> {
  /**
   * The value, wrapped so that it is not shown by accident: `reveal()` gives the text. Throws a KeywrightError: `unknown`
   * (no such name), `denied`, `not_found` (allowed, but there is no value and no `default`), `backend`, `locked`,
   * `timed_out` (it should be there and could not be had), `audit` (it could not be written down), `configuration` (the
   * identity is none).
   */
  getSecret<const Default extends string | null | undefined = undefined>(
    question: SecretQuestionOr<Name, Default>,
  ): Promise<Answer<Default>>;
  /** What `getSecret` would decide, and why. Asks no backend, writes nothing down. Throws `configuration`. */
  explain(question: SecretQuestion): Promise<Explanation>;
  /** True when every configured store can be used now. May start programs and ask the network. */
  checkReady(): Promise<boolean>;
  /** The same store by store, in the order of the configuration. */
  check(): Promise<readonly StoreState[]>;
  readonly secretRefRegistry: SecretRefRegistry<Name>;
  readonly secretStoreRegistry: SecretStoreRegistry;
  readonly secretPolicyRegistry: SecretPolicyRegistry;
}

export const SecretsApi = {
  /**
   * Checks everything that can be checked without asking a backend. Throws `configuration` for the first thing that is
   * wrong. A constant configuration narrows the names that `getSecret` takes.
   */
  fromConfigData<const Data extends SecretsConfigData>(
    data: Data,
    options: SecretsOptions = {},
  ): SecretsApi<SecretName<Data>> {
    const {
      env = processEnvironment(),
      clock = systemClock,
      backends = {},
      originOf,
      warn = warning,
    } = options;
    const home = options.home ?? homeIn(env);
    const audit = auditFor(options.audit, { home, clock, warn });
    return apiOf<SecretName<Data>>(furnish(data, { env, home, clock, audit, backends, originOf }));
  },
};

function apiOf<Name extends string>(furnished: Furnished): SecretsApi<Name> {
  const { house, refs, stores, policies } = furnished;
  const check = (): Promise<readonly StoreState[]> =>
    Promise.all(
      [...stores.values()].map(async (store) => {
        const state = { store: store.name, backend: store.backend };
        try {
          await house.backends[store.backend]?.check(store);
          return { ...state, problem: undefined };
        } catch (thrown) {
          return { ...state, problem: asKeywrightError(thrown) };
        }
      }),
    );
  return Object.freeze({
    getSecret: <Default extends string | null | undefined>(question: SecretQuestionOr<Name, Default>) =>
      getSecret(furnished, question) as Promise<Answer<Default>>,
    explain: async (question: SecretQuestion) =>
      explain(house, askOf(question), identityOf(question.identity)),
    checkReady: async () => (await check()).every(({ problem }) => problem === undefined),
    check,
    secretRefRegistry: SecretRefRegistry.of(refs) as Registry<SecretRef> as SecretRefRegistry<Name>,
    secretStoreRegistry: SecretStoreRegistry.of(stores.values()),
    secretPolicyRegistry: SecretPolicyRegistry.of(policies.values()),
  });
}

async function getSecret(
  { house, refs }: Furnished,
  question: SecretQuestionOr<string, string | null | undefined>,
): Promise<Secret | null> {
  const ask = askOf(question);
  let identity: AttestedIdentity;
  try {
    identity = identityOf(question.identity);
  } catch (thrown) {
    await noteNobody(ask, house.audit, thrown);
    throw thrown;
  }
  const secret = await resolve(house, ask, identity);
  if (secret !== undefined) return secret;
  if (question.default === null) return null;
  if (question.default !== undefined) return new Secret(question.default);
  const ref = refs.find(({ name }) => name === ask.name);
  const where = ref === undefined ? ask.name : SecretRef.qualifiedName(ref);
  throw new KeywrightError("not_found", `there is no value for ${where}`, {
    hint: "Put one into the store, or give `default` when it may be absent.",
  });
}

/** A text that no ref could be called is asked as it may be written down, which is no ref's name either. */
function askOf({ secretName, reason }: SecretQuestion): SecretAsk {
  const text = String(secretName);
  const name = isSecretName(secretName) ? text : shown(text);
  return { kind: "secret", name, reason: typeof reason === "string" ? reason : undefined };
}

async function noteNobody(ask: SecretAsk, audit: AuditLog, thrown: unknown): Promise<void> {
  const { message: reason } = asKeywrightError(thrown);
  const nobody = { principal: undefined, identity: {}, ref: undefined, rule: undefined };
  await audit.decision({ ...nobody, ask, outcome: "refused", reason });
}

function warning(text: string): void {
  process.emitWarning(text, { type: "KeywrightWarning" });
}
