// The identity of a job at GitHub Actions, and of one at Forgejo, which uses the same variables and is another issuer.
// The request token goes to the address that the runner names, provided that it is one of the server's.
import { asKeywrightError } from "../../errors.ts";
import type { HttpReply } from "../../io/http.ts";
import { sleep as reallySleep } from "../../io/wait.ts";
import { isLoopback } from "../../loopback.ts";
import { Secret } from "../../secret.ts";
import { answeredToken } from "./ambient-answer.ts";
import {
  broken,
  isTrue,
  setting,
  type AmbientPlace,
  type AmbientSource,
  type Presence,
} from "./ambient-source.ts";

const URL_NAME = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_NAME = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const ATTEMPTS = 4;

export const github: AmbientSource = {
  name: "github",
  kind: "job",
  detect: (place, named) => {
    if (isForgejo(place)) return undefined;
    const remedy =
      "Add `permissions: id-token: write` to the job (a pull request from a fork cannot have it)";
    return detected(place, named || isTrue(place.env, "GITHUB_ACTIONS"), { title: "GitHub Actions", remedy });
  },
};

export const forgejo: AmbientSource = {
  name: "forgejo",
  kind: "job",
  detect: (place, named) => {
    if (!isForgejo(place) && !named) return undefined;
    const remedy = "Add `enable-openid-connect: true` to the job";
    return detected(place, true, { title: "Forgejo Actions", remedy });
  },
};

/** By what only its runner sets, or by the address, which is `/api/actions/…` of the instance. */
function isForgejo({ env }: AmbientPlace): boolean {
  if (isTrue(env, "FORGEJO_ACTIONS") || isTrue(env, "GITEA_ACTIONS")) return true;
  const path = URL.parse(setting(env, URL_NAME) ?? "")?.pathname ?? "";
  return path.includes("/api/actions/_apis/");
}

interface Service {
  readonly title: string;
  /** How a job gets the two variables, a sentence without its end. */
  readonly remedy: string;
}

function detected(place: AmbientPlace, here: boolean, { title, remedy }: Service): Presence | undefined {
  const { env } = place;
  const address = setting(env, URL_NAME);
  const bearer = setting(env, TOKEN_NAME);
  if (address === undefined && bearer === undefined) {
    if (!here) return undefined;
    throw broken(`${title} gives this job no identity: ${URL_NAME} is not set`, remedy);
  }
  if (address === undefined || bearer === undefined) {
    const missing = address === undefined ? URL_NAME : TOKEN_NAME;
    throw broken(
      `${title} gives this job half of an identity: ${missing} is not set`,
      `${remedy}; both variables are needed`,
    );
  }
  const url = checked(address, place, title);
  return {
    title,
    obtain: (audience) => requested(url, new Secret(bearer), audience, place, title),
    remedy: () => `${title} answered with another audience than it was asked for; check ${URL_NAME}.`,
  };
}

function checked(address: string, { env }: AmbientPlace, title: string): URL {
  const url = URL.parse(address);
  const wrong = (fault: string): Error =>
    broken(
      `${URL_NAME} ${fault}, so the request token of ${title} is not sent there`,
      "Leave both variables as the runner sets them",
    );
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "")
    throw wrong("is not a plain address");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw wrong("is not https");
  // An enterprise server answers under its own name, which only the runner knows.
  const server = URL.parse(setting(env, "GITHUB_SERVER_URL") ?? "https://github.com")?.hostname;
  if (server === "github.com" && !url.hostname.endsWith(".actions.githubusercontent.com"))
    throw wrong("is no address of GitHub Actions");
  return url;
}

async function requested(
  address: URL,
  bearer: Secret,
  audience: string,
  place: AmbientPlace,
  title: string,
): Promise<Secret> {
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const reply = await patiently(place, () =>
    place.http.request({
      method: "GET",
      url: url.href,
      headers: {
        Authorization: `Bearer ${bearer.reveal()}`,
        Accept: "application/json; api-version=2.0",
      },
      deadline: place.deadline,
    }),
  );
  return answeredToken(reply, "value", title);
}

/** The service is known to be busy at times. */
async function patiently(
  { sleep = reallySleep, debug }: AmbientPlace,
  ask: () => Promise<HttpReply>,
): Promise<HttpReply> {
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt === ATTEMPTS;
    const reply = await ask().catch((thrown: unknown) => {
      const error = asKeywrightError(thrown);
      if (last || (error.code !== "network" && error.code !== "timed_out")) throw error;
      return undefined;
    });
    if (reply !== undefined && (last || !(reply.status === 429 || reply.status >= 500))) return reply;
    debug?.(`ambient: ${reply?.status ?? "no answer"}, again in ${2 ** (attempt - 1)} s`);
    await sleep(2 ** (attempt - 1));
  }
}
