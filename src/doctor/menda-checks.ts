// Checks of who we are towards a menda cloud: the environment's machine, the profile, the login. They ask no network.
import { mendaAccount, type MendaAccount } from "../account/account.ts";
import { loginStore } from "../account/login/login-store.ts";
import { KeywrightError } from "../errors.ts";
import { isAboutRights, type Check, type Patient } from "./patient.ts";

const TRIO = ["MENDA_CLIENT_ID", "MENDA_CLIENT_SECRET", "MENDA_HOST"] as const;

export const mendaConfigFile: Check = ({ machine: { env } }) =>
  (env["MENDA_CONFIG_FILE"] ?? "") === ""
    ? []
    : [
        {
          id: "menda-config-file",
          severity: "warning",
          cause:
            "MENDA_CONFIG_FILE is set: menda obeys it, keyring reads ~/.menda/mendacfg all the same (as menda-keyring did)",
          remedy: "Put the profile that keyring needs into ~/.menda/mendacfg.",
          where: "MENDA_CONFIG_FILE",
        },
      ];

export const mendaPartial: Check = ({ machine: { env } }) => {
  const set = TRIO.filter((name) => (env[name] ?? "") !== "");
  if (set.length === 0 || set.length === TRIO.length) return [];
  const missing = TRIO.filter((name) => !set.includes(name));
  return [
    {
      id: "menda-environment-partial",
      severity: "error",
      cause: `${set.join(" and ")} set, ${missing.join(" and ")} not: without all three none of them counts`,
      remedy: `Set ${missing.join(" and ")} as well, or unset the others.`,
      where: missing[0],
    },
  ];
};

/** Who a store with this profile would ask as; undefined: the environment's profile, or the default one. Throws KeywrightError. */
export function accountOf(
  { machine: { env, home }, now }: Pick<Patient, "machine" | "now">,
  profile: string | undefined,
): MendaAccount {
  const logins = home === undefined ? undefined : loginStore({ home, env, clock: { now: () => now } });
  return mendaAccount({ env, home, now, logins, ...(profile === undefined ? {} : { profile }) });
}

/** One finding a profile that cannot be used. */
export const mendaAccounts: Check = (patient) =>
  profilesOf(patient).flatMap((profile) => {
    try {
      accountOf(patient, profile);
      return [];
    } catch (thrown) {
      if (!(thrown instanceof KeywrightError)) throw thrown;
      if (isAboutRights(thrown.message)) return [];
      const { message, hint = "Run 'keywright auth login'." } = thrown;
      return [
        {
          id: "menda-account",
          severity: "error",
          cause: message.replace(/\.$/, ""),
          remedy: hint,
          where: profile ?? "default",
        },
      ];
    }
  });

/** The profiles of the menda stores that some ref uses; undefined among them: the environment's, or the default one. */
function profilesOf({ config }: Patient): readonly (string | undefined)[] {
  const used = new Set(config?.refs.map(({ store }) => store));
  const stores = [...(config?.stores.values() ?? [])].filter(
    ({ name, backend }) => backend === "menda" && used.has(name),
  );
  return [...new Set(stores.map(({ options }) => options["profile"]))].map((profile) =>
    typeof profile === "string" ? profile : undefined,
  );
}
