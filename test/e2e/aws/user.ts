// Somebody with AWS credentials and nothing else, and the real programs that such a user publishes with. It asserts nothing.
import { delimiter, join } from "node:path";
import { toolPath } from "../../../scripts/tools.ts";
import { CHECKOUT, runAs, SETTINGS, type Ran, type User } from "../installers.ts";
import { plant } from "../programs.ts";
import { HOST, type StandIn } from "./stand-in.ts";
import { DEV_ENV, REGION } from "./world.ts";

export const INDEX_URL = `https://aws@${HOST}/pypi/repo/simple/`;
/** Where twine and uv publish to; nothing in the path says read. */
export const PUBLISH_URL = `https://${HOST}/pypi/repo/`;

/** IMDS and the container endpoint are never asked by accident: nothing listens there. */
const NOWHERE = { AWS_EC2_METADATA_DISABLED: "true" };

export interface UserWishes {
  /** The folder of `keyring`; the checkout's when it is not said. */
  readonly keyring?: string;
  /** Instead of the keys of the user `dev`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Below HOME. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A new home without any configuration, on the way to the stand-in at the real names. */
export function awsUser(standIn: StandIn, name: string, wishes: UserWishes = {}): User {
  const home = standIn.folder(`home-${name}`);
  plant(home, wishes.files ?? {});
  const env = {
    PATH: [wishes.keyring ?? CHECKOUT, "/usr/bin", "/bin"].join(delimiter),
    HOME: home,
    TMPDIR: standIn.folder("tmp"),
    ...SETTINGS,
    ...standIn.env,
    PIP_CERT: standIn.authority,
    ...NOWHERE,
    ...(wishes.env ?? { ...DEV_ENV, AWS_REGION: REGION }),
  };
  return { home, env };
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export type Publish = (user: User, file: string, login?: Login) => Promise<Ran>;

/** Without a login, both ask `keyring`: twine through a backend in its own process, uv by itself. */
export const PUBLISHERS = { twine, "uv publish": uvPublish } as const satisfies Readonly<
  Record<string, Publish>
>;

function twine({ home, env }: User, file: string, login?: Login): Promise<Ran> {
  const given =
    login === undefined
      ? { PYTHON_KEYRING_BACKEND: "keyring_command.Command", PYTHONPATH: join(import.meta.dirname, "shim") }
      : { TWINE_USERNAME: login.username, TWINE_PASSWORD: login.password };
  const user = { home, env: { ...env, ...given, PYTHONDONTWRITEBYTECODE: "1" } };
  const options = ["--non-interactive", "--disable-progress-bar", "--repository-url", PUBLISH_URL];
  return runAs(user, toolPath("twine", "twine"), ["upload", ...options, file]);
}

function uvPublish({ home, env }: User, file: string, login?: Login): Promise<Ran> {
  const password = login === undefined ? {} : { UV_PUBLISH_PASSWORD: login.password };
  const user = { home, env: { ...env, ...password, UV_PUBLISH_USERNAME: login?.username ?? "aws" } };
  const options = ["publish", "--publish-url", PUBLISH_URL, "--trusted-publishing", "never", file];
  return runAs(user, toolPath("installers", "uv"), options);
}

/** The wheel that the index of a stand-in serves, to be published again. */
export function wheelOf(standIn: StandIn): string {
  return join(standIn.folder("wheel"), "keywright_demo_package-1.0-py3-none-any.whl");
}
