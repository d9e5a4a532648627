// Identity tokens that are simply there: in a variable that a person named or a pipeline sets, or in a file that somebody
// renews. The audience of these was chosen when they were made.
import { Secret } from "../../secret.ts";
import { printed } from "./ambient-answer.ts";
import {
  broken,
  isTrue,
  setting,
  type AmbientPlace,
  type AmbientSource,
  type Presence,
} from "./ambient-source.ts";
import { claimsOf } from "./ambient-claims.ts";
import { readOwnFile } from "../own-file.ts";

const TOKEN = "KEYWRIGHT_ID_TOKEN";
const TOKEN_FILE = "KEYWRIGHT_ID_TOKEN_FILE";
/** Where docs/ tells people to mount a projected token. */
const KUBERNETES_FILE = "/var/run/secrets/tokens/keywright";
const LARGEST = 64 * 1024;

/** Whoever set it chose it, so it goes before everything that is found. */
export const variable: AmbientSource = {
  name: "variable",
  kind: "said",
  detect: ({ env }, named) => {
    const value = isTrue(env, "GITLAB_CI") && !named ? undefined : setting(env, TOKEN);
    if (value === undefined) {
      if (named) throw broken(`KEYWRIGHT_AMBIENT is variable, and ${TOKEN} is not set`, `Set ${TOKEN}`);
      return undefined;
    }
    const remedy = (audience: string): string =>
      `Ask for the token in ${TOKEN} with the audience ${audience}.`;
    return fixed(`the variable ${TOKEN}`, value, remedy);
  },
};

export const file: AmbientSource = {
  name: "file",
  kind: "said",
  detect: ({ env }, named) => {
    const path = setting(env, TOKEN_FILE);
    if (path !== undefined) return inFile(path, "the token file");
    if (named) throw broken(`KEYWRIGHT_AMBIENT is file, and ${TOKEN_FILE} is not set`, `Set ${TOKEN_FILE}`);
    return undefined;
  },
};

export const kubernetes: AmbientSource = {
  name: "kubernetes",
  kind: "machine",
  detect: ({ read = readToken }, named) => {
    if (!named && read(KUBERNETES_FILE) === undefined) return undefined;
    return inFile(KUBERNETES_FILE, "the Kubernetes service account token", read);
  },
};

export const gitlab: AmbientSource = {
  name: "gitlab",
  kind: "job",
  detect: ({ env }, named) => {
    if (!isTrue(env, "GITLAB_CI") && !named) return undefined;
    const value = setting(env, TOKEN);
    const declare = (audience: string): string =>
      `Write into the job: id_tokens: { ${TOKEN}: { aud: "${audience}" } }`;
    if (value === undefined) throw broken(gitlabFault(env), declare("the address of the broker"));
    return fixed("GitLab CI/CD", value, (audience) => `${declare(audience)}.`);
  },
};

/** Which of several tokens is meant cannot be known, so none is taken that does not say so by its name. */
function gitlabFault(env: AmbientPlace["env"]): string {
  const others = Object.keys(env).filter((name) => /^[A-Z0-9_]+_ID_TOKEN$/.test(name) && name !== TOKEN);
  const rest = others.length === 0 ? "" : ` (${others.sort().join(", ")} may be for somebody else)`;
  return `GitLab CI/CD gives this job no identity for keywright: ${TOKEN} is not set${rest}`;
}

export const bitbucket: AmbientSource = {
  name: "bitbucket",
  kind: "job",
  detect: ({ env }, named) => {
    const here = named || setting(env, "BITBUCKET_PIPELINE_UUID") !== undefined;
    const value = setting(env, "BITBUCKET_STEP_OIDC_TOKEN");
    if (value === undefined) {
      if (!here) return undefined;
      throw broken(
        "Bitbucket Pipelines gives this step no identity: BITBUCKET_STEP_OIDC_TOKEN is not set",
        "Add `oidc: true` to the step",
      );
    }
    return fixed(
      "Bitbucket Pipelines",
      value,
      () => "Its audience is the workspace's own, ari:cloud:bitbucket::workspace/UUID.",
    );
  },
};

/** A token for another audience than the organization's is asked of the runner's own program. */
export const circleci: AmbientSource = {
  name: "circleci",
  kind: "job",
  detect: (place, named) => {
    const { env } = place;
    const value = setting(env, "CIRCLE_OIDC_TOKEN_V2");
    if (value === undefined) {
      if (!named && !isTrue(env, "CIRCLECI")) return undefined;
      throw broken(
        "CircleCI gives this job no identity: CIRCLE_OIDC_TOKEN_V2 is not set",
        "Run the job on CircleCI's own platform, not from a local copy of it",
      );
    }
    const title = "CircleCI";
    return {
      title,
      obtain: async (audience) => {
        const given = new Secret(value);
        if (claimsOf(given, title)["aud"] === audience) return given;
        const argv = ["run", "oidc", "get", "--claims", JSON.stringify({ aud: audience })];
        return new Secret((await printed("circleci", argv, place, title)).trim());
      },
      remedy: () => "The program circleci answered with another audience than it was asked for.",
    };
  },
};

function fixed(title: string, value: string, remedy: Presence["remedy"]): Presence {
  const token = new Secret(value);
  return { title, obtain: async () => token, remedy };
}

/** Read anew each time, since whoever renews the token replaces the file. */
function inFile(
  path: string,
  what: string,
  read: (path: string) => string | undefined = readToken,
): Presence {
  const title = `${what} ${path}`;
  return {
    title,
    obtain: async () => {
      const text = read(path)?.trim();
      if (text === undefined) throw broken(`${title} is not there`, "Check how the token is mounted");
      if (text === "") throw broken(`${title} is empty`, "Check what writes it");
      return new Secret(text);
    },
    remedy: (audience) =>
      `Have the token made for ${audience} (in Kubernetes: the audience of the projected serviceAccountToken).`,
  };
}

/** undefined: there is no such file. Throws `configuration` for one that cannot be read, or that others can write. */
function readToken(path: string): string | undefined {
  const found = readOwnFile(path, LARGEST);
  if (found.state === "missing") return undefined;
  if (found.state === "read") return found.text;
  throw broken(
    `the token file ${path} cannot be read (${found.reason})`,
    "Give this user the right to read it",
  );
}
