// A healthy desk, what breaks one thing of it, and `doctor` run there with its answer read.
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { FindingId } from "../../src/doctor/finding.ts";
import { deskFor, INDEX, TOKEN, type Desk, type DeskOptions } from "../clients/desk.ts";

export const MENDACFG = `[default]\nhost = https://menda.example\nauth_type = m2m\nclient_id = c\nclient_secret = ${TOKEN}\n`;
export const UV = `keyring-provider = "subprocess"\n\n[[index]]\nname = "main"\nurl = "${INDEX}"\nauthenticate = "always"\n`;
export const PIP = `[global]\nkeyring-provider = subprocess\nindex-url = ${INDEX}\n`;

/** pip, uv, poetry and twine as they should be, keywright first on the PATH, a machine's profile. */
export function healthyDesk(t: TestContext): Desk {
  const desk = deskFor(t);
  desk.link("bin/keyring", "keywright");
  for (const name of ["pip", "uv", "poetry", "twine"]) desk.program(`venv/bin/${name}`);
  desk.environment("venv", [
    "pip-26.3",
    "uv-0.13.9",
    "poetry-2.5.1",
    "keyring-25.7.0",
    "keywright_keyring-0.1.0",
  ]);
  desk.plant({
    "home/.config/pip/pip.conf": PIP,
    "home/.config/uv/uv.toml": UV,
    "home/.menda/mendacfg": MENDACFG,
  });
  return desk;
}

export interface Row {
  readonly id: FindingId;
  readonly name: string;
  /** What the cause, the remedy or the place has to say. */
  readonly says: RegExp;
  readonly breaks: (desk: Desk) => DeskOptions | void;
  readonly argv?: readonly string[];
}

export const pipConf =
  (text: string) =>
  (desk: Desk): void =>
    desk.plant({ "home/.config/pip/pip.conf": text });
export const uvToml =
  (text: string) =>
  (desk: Desk): void =>
    desk.plant({ "home/.config/uv/uv.toml": text });
export const env = (values: Readonly<Record<string, string>>) => (): DeskOptions => ({ env: values });
export const config =
  (text: string) =>
  (desk: Desk): void =>
    desk.plant({ "home/.config/keywright/config.yaml": text });
export const venvKeyring = (desk: Desk): DeskOptions => {
  desk.program("project/.venv/bin/keyring");
  desk.plant({ "project/.venv/pyvenv.cfg": "home = /usr/bin\n" });
  const venv = join(desk.cwd, ".venv");
  return {
    env: { VIRTUAL_ENV: venv, PATH: [join(venv, "bin"), desk.bin, join(desk.root, "venv", "bin")].join(":") },
  };
};

export interface Told {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly id: string;
    readonly severity: string;
    readonly cause: string;
    readonly remedy: string;
    readonly where: string | null;
  }[];
}

export async function doctor(
  desk: Desk,
  argv: readonly string[],
  options: DeskOptions | void,
): Promise<Told & { readonly status: number; readonly text: string }> {
  const { status, out, err } = await desk.run(["doctor", "--json", ...argv], options ?? {});
  return { ...(JSON.parse(out) as Told), status, text: out + err };
}
