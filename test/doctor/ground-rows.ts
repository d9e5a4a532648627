// Set-ups whose ground is broken: home, configuration, PATH, environments, account; and what `doctor` has to find.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { config, env, uvToml, venvKeyring, type Row } from "./healthy.ts";

export const GROUND_ROWS: readonly Row[] = [
  {
    id: "home-unset",
    name: "HOME is not set",
    says: /HOME/,
    breaks: () => ({
      home: undefined,
      env: {
        HOME: undefined,
        MENDA_HOST: "https://menda.example",
        MENDA_CLIENT_ID: "c",
        MENDA_CLIENT_SECRET: "s",
        PIP_KEYRING_PROVIDER: "subprocess",
        UV_KEYRING_PROVIDER: "subprocess",
      },
    }),
  },
  {
    id: "config-invalid",
    name: "a configuration error, with file and line",
    says: /config\.yaml:2: /,
    breaks: config("stores: { menda: { backend: menda } }\nnonsense: 1\n"),
  },
  {
    id: "file-writable",
    name: "a configuration that others can write",
    says: /chmod go-w .*config\.yaml/,
    breaks: (desk) => {
      config("audit: none\n")(desk);
      chmodSync(join(desk.home, ".config/keywright/config.yaml"), 0o666);
    },
  },
  {
    id: "cache-not-ours",
    name: "a cache that others can write",
    says: /\.cache\/keywright/,
    breaks: (desk) => {
      mkdirSync(join(desk.home, ".cache/keywright"), { recursive: true, mode: 0o700 });
      chmodSync(join(desk.home, ".cache/keywright"), 0o777);
    },
  },
  {
    id: "secret-readable",
    name: "the key that logins are bound to",
    says: /dpop-key\.json holds a secret.*\nRun: chmod 600/,
    breaks: (desk) => {
      const file = ".local/state/keywright/dpop-key.json";
      desk.plant({ [`home/${file}`]: '{"v":1,"key":{"d":"x"}}' });
      chmodSync(join(desk.home, ".local/state/keywright"), 0o755);
      chmodSync(join(desk.home, file), 0o644);
    },
  },
  {
    id: "secret-readable",
    name: "a client secret that others can read",
    says: /chmod 600 .*mendacfg/,
    breaks: (desk) => {
      chmodSync(join(desk.home, ".menda"), 0o755);
      chmodSync(join(desk.home, ".menda/mendacfg"), 0o644);
    },
  },
  {
    id: "file-unreadable",
    name: "a uv.toml that is no TOML",
    says: /uv\.toml:1: is not valid TOML/,
    breaks: uvToml("keyring-provider = subprocess\n"),
    argv: ["pip"],
  },
  {
    id: "keyring-missing",
    name: "no keyring on the PATH",
    says: /setup uv/,
    breaks: (desk) => rmSync(join(desk.bin, "keyring")),
  },
  {
    id: "keyring-shadowed",
    name: "a virtual environment's own keyring in front",
    says: /virtual environment.*active/s,
    breaks: venvKeyring,
  },
  {
    id: "keyring-shadowed",
    name: "another keyring in the place of ours",
    says: /--replace-keyring/,
    breaks: (desk) => {
      rmSync(join(desk.bin, "keyring"));
      desk.program("bin/keyring");
    },
  },
  {
    id: "keyring-in-environment",
    name: "tox environments with a keyring",
    says: /\.tox\/py312\/bin\/keyring/,
    breaks: (desk) => void desk.program("project/.tox/py312/bin/keyring"),
  },
  {
    id: "shim-missing",
    name: "poetry without keywright-keyring",
    says: /pip install keywright-keyring/,
    argv: ["poetry"],
    breaks: (desk) =>
      rmSync(join(desk.root, "venv/lib/python3.11/site-packages/keywright_keyring-0.1.0.dist-info"), {
        recursive: true,
      }),
  },
  {
    id: "shim-missing",
    name: "PDM with the Python package keyring beside it",
    says: /pipx inject pdm keywright-keyring/,
    breaks: (desk) => {
      desk.program("home/.local/share/pipx/venvs/pdm/bin/pdm");
      desk.environment("home/.local/share/pipx/venvs/pdm", ["pdm-2.29.3", "keyring-25.7.0"]);
      desk.link("venv/bin/pdm", join(desk.home, ".local/share/pipx/venvs/pdm/bin/pdm"));
    },
  },
  {
    id: "keyring-backend-fixed",
    name: "PYTHON_KEYRING_BACKEND",
    says: /PYTHON_KEYRING_BACKEND/,
    breaks: env({ PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring" }),
  },
  {
    id: "keyring-backend-fixed",
    name: "a default-keyring in keyringrc.cfg",
    says: /keyringrc\.cfg:2/,
    breaks: (desk) =>
      desk.plant({
        "home/.config/python_keyring/keyringrc.cfg":
          "[backend]\ndefault-keyring=keyring.backends.SecretService.Keyring\n",
      }),
  },
  {
    id: "menda-keyring-beside",
    name: "menda-keyring in the same environment",
    says: /priority 10/,
    breaks: (desk) => desk.environment("venv", ["menda_keyring-0.0.2"]),
  },
  {
    id: "codeartifact-keyring-beside",
    name: "keyrings.codeartifact beside",
    says: /keyrings\.codeartifact 2\.1\.2/,
    breaks: (desk) => desk.environment("venv", ["keyrings.codeartifact-2.1.2"]),
  },
  {
    id: "menda-config-file",
    name: "MENDA_CONFIG_FILE",
    says: /menda obeys it, keyring/,
    breaks: env({ MENDA_CONFIG_FILE: "/tmp/other" }),
  },
  {
    id: "menda-environment-partial",
    name: "a part of the environment's machine",
    says: /MENDA_HOST/,
    breaks: env({ MENDA_CLIENT_ID: "c", MENDA_CLIENT_SECRET: "s" }),
  },
  {
    id: "menda-account",
    name: "no such profile",
    says: /No profile 'other'/,
    breaks: env({ MENDA_PROFILE_ID: "other" }),
  },
  {
    id: "menda-account",
    name: "nobody is logged in",
    says: /menda auth login/,
    breaks: (desk) =>
      desk.plant({ "home/.menda/mendacfg": "[default]\nhost = https://menda.example\nauth_type = u2m\n" }),
  },
];
