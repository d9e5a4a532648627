// Desks as keywright's predecessors leave them.
import { join } from "node:path";
import type { TestContext } from "node:test";
import { deskFor, HOST, TOKEN, type Desk } from "./desk.ts";

/** What `uv tool install keyring --with menda-keyring` leaves, with an index of the user's. */
export function mendaDesk(t: TestContext): Desk {
  const desk = deskFor(t);
  const tool = "home/.local/share/uv/tools/keyring";
  desk.program(`${tool}/bin/keyring`);
  desk.environment(tool, ["keyring-25.7.0", "menda_keyring-0.0.2"]);
  desk.link("bin/keyring", join(desk.root, tool, "bin/keyring"));
  desk.program("venv/bin/uv");
  desk.plant({
    "home/.config/uv/uv.toml": `[[index]]\nname = "main"\nurl = "https://${HOST}/pypi/main/simple/"\nauthenticate = "always"\n`,
  });
  return desk;
}

/** What `aws codeartifact login --tool pip`, `--tool twine` and `--tool npm` write. */
export function loginDesk(t: TestContext): Desk {
  const desk = deskFor(t);
  desk.plant({
    "home/.config/pip/pip.conf": `[global]\nindex-url = https://aws:${TOKEN}@${HOST}/pypi/main/simple/\n# mine\ntimeout = 60\n`,
    "home/.pypirc": `[distutils]\nindex-servers=\n\tcodeartifact\n\n[codeartifact]\nrepository: https://${HOST}/pypi/main/\nusername: aws\npassword: ${TOKEN}\n`,
    "home/.npmrc": `registry=https://${HOST}/npm/main/\n//${HOST}/npm/main/:_authToken=${TOKEN}\n`,
  });
  return desk;
}
