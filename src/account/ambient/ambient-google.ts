// The identity of a machine or service at Google Cloud, asked of its metadata server. Whether this is one is read from the
// firmware's name or from what Cloud Run and App Engine set: no request is made to find out.
import { answeredToken } from "./ambient-answer.ts";
import { failed, setting, type AmbientSource } from "./ambient-source.ts";
import { readOwnFile } from "../own-file.ts";

const FIRMWARE = "/sys/class/dmi/id/product_name";
/** Of Cloud Run jobs and App Engine. K_SERVICE is none: every Knative service has it. */
const MARKS = ["CLOUD_RUN_JOB", "GAE_SERVICE"] as const;
const TITLE = "Google Cloud";
/** Its number: of metadata.google.internal a name server could say anything. */
const SERVER = "169.254.169.254";

export const google: AmbientSource = {
  name: "google",
  kind: "machine",
  detect: ({ env, http, deadline, read = readText }, named) => {
    const firmware = read(FIRMWARE)?.trim() ?? "";
    const marked = MARKS.some((name) => setting(env, name) !== undefined);
    if (!named && !marked && !/^Google(?: Compute Engine)?$/.test(firmware)) return undefined;
    const server = setting(env, "GCE_METADATA_HOST") ?? SERVER;
    return {
      title: TITLE,
      obtain: async (audience) => {
        const question = new URLSearchParams({ audience, format: "full" });
        const path = "/computeMetadata/v1/instance/service-accounts/default/identity";
        const reply = await http.request({
          method: "GET",
          url: `http://${server}${path}?${question}`,
          headers: { "Metadata-Flavor": "Google" },
          metadata: true,
          deadline,
        });
        if (reply.headers["metadata-flavor"] !== "Google") {
          throw failed(
            "backend",
            `what answers at ${server} is not the metadata server of ${TITLE}`,
            "Set KEYWRIGHT_AMBIENT to the identity that counts here, or to none.",
          );
        }
        return answeredToken(reply, undefined, TITLE);
      },
      remedy: () => "The metadata server answered with another audience than it was asked for.",
    };
  },
};

function readText(path: string): string | undefined {
  const found = readOwnFile(path, 4096);
  return found.state === "read" ? found.text : undefined;
}
