// What is known of the issuers of workload identity: how each is called, which claims say for ever who a workload is, and
// which of its tokens nobody wants by accident. workload-issuers.ts and workload-rules.ts hold a configuration to it.
import { HOUR, NOTHING_MORE, type Preset, type PresetName } from "./workload-preset.ts";
import { CI_PRESETS } from "./workload-presets-ci.ts";
import { CLOUD_PRESETS } from "./workload-presets-cloud.ts";

/** What it takes for granted is nothing: the configuration says which claims are immutable. */
const GENERIC: Preset = {
  ...NOTHING_MORE,
  form: /^https?:\/\/[^/]+(?:\/[A-Za-z0-9._~/-]*)?$/,
  example: "https://issuer.example",
  algorithms: [],
  maxLife: HOUR,
  needed: [],
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  ...CI_PRESETS,
  ...CLOUD_PRESETS,
  generic: GENERIC,
};

/** Those of which one knows an issuer by its host alone. */
const BY_HOST = ["github", "circleci", "buildkite", "google", "aws", "azure_devops", "entra"] as const;

/** Which preset an issuer belongs to, so that nobody makes less of it; undefined: none that its host tells. */
export function presetOfHost(issuer: string): PresetName | undefined {
  if (issuer === PRESETS.gitlab.issuer) return "gitlab";
  return BY_HOST.find((name) => PRESETS[name].form.test(issuer));
}

/** The tenant's id in an issuer of this preset; undefined: it has none. */
export function tenantOf({ form }: Preset, issuer: string): string | undefined {
  return form
    .exec(issuer)
    ?.slice(1)
    .find((group) => group !== undefined);
}
