// Which identity this job or machine has by itself, in a fixed order: the first that is here counts, and if it cannot work,
// that is an error and not the turn of the next one. Looking changes nothing and asks nobody.
import { KeywrightError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { azureDevops } from "./ambient-azure.ts";
import { assertFor, claimsOf } from "./ambient-claims.ts";
import { forgejo, github } from "./ambient-github.ts";
import { google } from "./ambient-google.ts";
import { buildkite, spiffe } from "./ambient-programs.ts";
import { setting, type AmbientPlace, type AmbientSource, type Presence } from "./ambient-source.ts";
import { bitbucket, circleci, file, gitlab, kubernetes, variable } from "./ambient-variables.ts";

export interface Ambient {
  /** `github`, `gitlab`, …: what KEYWRIGHT_AMBIENT calls it. */
  readonly name: string;
  /** For people: `GitHub Actions`. */
  readonly title: string;
  /** `machine`: a person may be at work here, too. */
  readonly kind: AmbientSource["kind"];
  /** KEYWRIGHT_ID_TOKEN_AUDIENCE; undefined: the broker's address is the audience. */
  readonly audience: string | undefined;
  /**
   * A token for that audience and for nobody else, that has not ended. Throws `configuration`, `authentication`, `backend`,
   * `network` or `timed_out`, and says how the audience is set.
   */
  token(audience: string): Promise<Secret>;
}

export interface AmbientOptions extends AmbientPlace {
  /** Further sources of machines, after the ones that this file knows: those that rooms above this one have. */
  readonly more?: readonly AmbientSource[] | undefined;
  /** True: a person sits here, so an identity of the machine counts only when KEYWRIGHT_AMBIENT names it. */
  readonly attended?: boolean | undefined;
}

/** What a person said, then what belongs to this run alone, then what the whole machine has. */
const ORDER: readonly AmbientSource[] = [
  variable,
  file,
  forgejo,
  github,
  gitlab,
  circleci,
  buildkite,
  azureDevops,
  bitbucket,
  kubernetes,
  spiffe,
  google,
];

/** undefined: there is none, or KEYWRIGHT_AMBIENT is `none`. Throws `configuration` for one that is here and cannot work. */
export async function findAmbient(options: AmbientOptions): Promise<Ambient | undefined> {
  const { env, attended = false, more = [] } = options;
  const sources = [...ORDER, ...more];
  const wanted = setting(env, "KEYWRIGHT_AMBIENT");
  if (wanted === "none") return undefined;
  if (wanted !== undefined) {
    const source = sources.find(({ name }) => name === wanted);
    const presence = source?.detect(options, true);
    if (source !== undefined && presence !== undefined) return ambient(source, presence, options);
    throw notHere(wanted, source, sources);
  }
  for (const source of sources) {
    if (attended && source.kind === "machine") continue;
    const presence = source.detect(options, false);
    if (presence !== undefined) return ambient(source, presence, options);
  }
  return undefined;
}

function ambient({ name, kind }: AmbientSource, presence: Presence, { env, clock }: AmbientPlace): Ambient {
  const { title } = presence;
  return {
    name,
    title,
    kind,
    audience: setting(env, "KEYWRIGHT_ID_TOKEN_AUDIENCE"),
    async token(audience) {
      const token = await presence.obtain(audience);
      assertFor(claimsOf(token, title), audience, clock.now(), presence);
      return token;
    },
  };
}

function notHere(
  wanted: string,
  source: AmbientSource | undefined,
  sources: readonly AmbientSource[],
): KeywrightError {
  const names = sources.map(({ name }) => name).join(", ");
  return new KeywrightError(
    "configuration",
    source === undefined
      ? "KEYWRIGHT_AMBIENT names no identity that keywright knows"
      : `KEYWRIGHT_AMBIENT is ${wanted}, which is not here`,
    { hint: `It is one of ${names}, or none; leave it unset to have the first that is here found.` },
  );
}
