// Identities that a program of the runner hands out: the agent of Buildkite, and that of SPIRE for any SPIFFE workload.
import { Secret } from "../../secret.ts";
import { printed } from "./ambient-answer.ts";
import { broken, failed, isTrue, setting, type AmbientSource } from "./ambient-source.ts";

export const buildkite: AmbientSource = {
  name: "buildkite",
  kind: "job",
  detect: (place, named) => {
    if (!named && !isTrue(place.env, "BUILDKITE")) return undefined;
    const title = "Buildkite";
    // Without these claims a token names the pipeline only by words that can be given to another one.
    const claims = ["--claim", "organization_id,pipeline_id"];
    return {
      title,
      obtain: async (audience) => {
        const argv = ["oidc", "request-token", "--audience", audience, ...claims];
        return new Secret((await printed("buildkite-agent", argv, place, title)).trim());
      },
      remedy: () => "The program buildkite-agent answered with another audience than it was asked for.",
    };
  },
};

export const spiffe: AmbientSource = {
  name: "spiffe",
  kind: "machine",
  detect: (place, named) => {
    const socket = setting(place.env, "SPIFFE_ENDPOINT_SOCKET");
    if (socket === undefined && !named) return undefined;
    const path = /^unix:(?:\/\/)?(\/[^\0]+)$/.exec(socket ?? "")?.[1];
    if (path === undefined)
      throw broken("SPIFFE_ENDPOINT_SOCKET is not unix:///…", "Set it to the socket of the Workload API");
    const title = "SPIFFE";
    return {
      title,
      obtain: async (audience) => {
        const argv = ["api", "fetch", "jwt", "-audience", audience, "-socketPath", path, "-output", "json"];
        return onlySvid(await printed("spire-agent", argv, place, title));
      },
      remedy: () => "The program spire-agent answered with another audience than it was asked for.",
    };
  },
};

/** `[{"svids": [{"spiffe_id": …, "svid": …}]}, {"bundles": …}]`, as spire-agent 1.x prints it. */
function onlySvid(text: string): Secret {
  const svids = parsed(text).flatMap((part) => {
    const list = (part as { readonly svids?: unknown } | null)?.svids;
    return Array.isArray(list) ? (list as unknown[]) : [];
  });
  const [first, second] = svids.map((svid) => (svid as { readonly svid?: unknown } | null)?.svid);
  if (second !== undefined) {
    throw failed(
      "configuration",
      "this workload has several SPIFFE identities, and which one counts is not said",
      "Register the workload with one identity, or put the token into a file and name it in KEYWRIGHT_ID_TOKEN_FILE.",
    );
  }
  if (typeof first === "string") return new Secret(first);
  throw failed(
    "backend",
    "spire-agent printed no identity token",
    "Check that the workload is registered: spire-agent api fetch jwt.",
  );
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
