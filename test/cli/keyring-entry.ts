// The keyring executable with a resolver that knows one host: what the tests put on the PATH as keywright's `keyring`.
import { writeSync } from "node:fs";
import { runKeyring } from "../../src/cli/keyring.ts";
import { KeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { Secret } from "../../src/secret.ts";

const [self = "", ...argv] = process.argv.slice(2);

function classify(service: string): "ours" | "refused" | "foreign" {
  if (service.includes("broken.example"))
    throw new KeywrightError("configuration", "the configuration is broken");
  if (/^(https:\/\/)?(user@)?(ours|denied)\.example(\/|$)/.test(service)) return "ours";
  return service.includes("ours.example") ? "refused" : "foreign";
}

process.exitCode = await runKeyring(
  argv,
  {
    env: process.env,
    home: process.env["HOME"],
    clock: systemClock,
    out: (text) => void writeSync(1, text),
    err: (text) => void writeSync(2, text),
  },
  {
    async resolve({ url }) {
      const whose = classify(url);
      if (whose === "foreign") throw new KeywrightError("unknown", "nobody knows it");
      if (whose === "refused") throw new KeywrightError("refused", "a look-alike", { hint: "Do not." });
      if (url.includes("denied"))
        throw new KeywrightError("denied", "not for you", { hint: "Ask somebody." });
      if (url.endsWith("/nothing/")) return undefined;
      if (url.endsWith("/defect/")) throw new TypeError("a defect");
      return new Secret(url.endsWith("/lines/") ? "a\nb" : "token", { username: "aws" });
    },
    classify: async (service) => classify(service),
    self,
  },
);
