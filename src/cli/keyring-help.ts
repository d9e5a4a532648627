// What the `keyring` executable says about itself: the help text and the places of `diagnose`. Loaded only when asked for.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { KEYRING_USAGE } from "../fronts/keyring.ts";

export const KEYRING_HELP = `${KEYRING_USAGE}
This is keywright speaking for \`keyring\`: it answers pip, uv and PDM for the registries of its configuration with
short-lived tokens. Everything else goes to the next keyring on the PATH, if there is one.

positional arguments:
  {get,set,del,diagnose}
  service               the address of the registry, or any name that the next keyring knows
  username

options:
  -h, --help            show this help message and exit
  -p, --keyring-path KEYRING_PATH
                        Path to the keyring backend (for the next keyring)
  -b, --keyring-backend KEYRING_BACKEND
                        'keywright': ask nobody else; any other name: ask the next keyring only
  --list-backends       List keyring backends and exit
  --disable             Disable the next keyring and exit
  --mode {password,creds}
                        Mode for 'get' operation. 'password' requires a username and will return only the password.
                        'creds' does not require a username and will return both the username and password
                        separated by a newline. Default is 'password'
  --output {plain,json}
                        Output format for 'get' operation. Default is 'plain'
  --print-completion {bash,zsh,tcsh}
                        print shell completion script (of the next keyring)

examples:
  keyring get https://packages.example/simple/ aws
  keyring --mode creds --output json get https://packages.example/simple/
  keyring diagnose

exit codes: 0 answered, 1 no answer, 2 the command line cannot be understood
`;

/** Our lines of \`diagnose\`, in keyring's form. */
export function keyringPlaces(home: string | undefined): string {
  if (home === undefined) return "config path: none (there is no home folder)\ndata root: none\n";
  const config = join(home, ".config", "keywright", "config.yaml");
  const absent = existsSync(config) ? "" : " (absent)";
  return `config path: ${config}${absent}\ndata root: ${join(home, ".local", "state", "keywright")}\n`;
}
