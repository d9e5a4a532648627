// Finding: one thing that stops keywright from working, or will. Its id is stable (docs/doctor.md has the table); the words
// are not. It never holds a value that could be a secret.

export interface Finding {
  readonly id: FindingId;
  /** `error`: it does not work so. `warning`: it works, but not as safely or as surely as it should. */
  readonly severity: "error" | "warning";
  /** What is wrong, and where: one sentence without a full stop. */
  readonly cause: string;
  /** What to do about it, one sentence or a command. */
  readonly remedy: string;
  /** The file (with the line where one is known), variable or program that it is about; undefined: none in particular. */
  readonly where: string | undefined;
}

export const FINDING_IDS = [
  "home-unset",
  "file-unreadable",
  "config-invalid",
  "cache-not-ours",
  "file-writable",
  "secret-readable",
  "keyring-missing",
  "keyring-shadowed",
  "keyring-in-environment",
  "shim-missing",
  "keyring-backend-fixed",
  "menda-keyring-beside",
  "codeartifact-keyring-beside",
  "menda-config-file",
  "menda-environment-partial",
  "menda-account",
  "pip-provider",
  "pip-username-missing",
  "uv-provider",
  "uv-authenticate-missing",
  "uv-stored-password",
  "poetry-keyring-off",
  "poetry-stored-password",
  "index-refused",
  "extra-index",
  "netrc-entry",
  "netrc-default",
  "token-in-pip-conf",
  "token-in-environment",
  "token-in-uv-toml",
  "token-in-pypirc",
  "token-in-npmrc",
  "token-in-project",
  "proxy-unusable",
  "ca-unusable",
  "host-unreachable",
  "proxy-refuses",
  "tls-untrusted",
  "clock-skew",
] as const;

export type FindingId = (typeof FINDING_IDS)[number];
