// Set-ups where the settings of a client are broken, or a password lies about; and what `doctor` has to find.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { HOST, INDEX, TOKEN } from "../clients/desk.ts";
import { env, PIP, pipConf, UV, uvToml, type Row } from "./healthy.ts";

export const CLIENT_ROWS: readonly Row[] = [
  {
    id: "pip-provider",
    name: "pip is told nothing",
    says: /setup pip/,
    breaks: pipConf(`[global]\nindex-url = ${INDEX}\n`),
  },
  {
    id: "pip-provider",
    name: "the provider is disabled for one command",
    says: /pip\.conf:5/,
    breaks: pipConf(`${PIP}[install]\nkeyring_provider = disabled\n`),
  },
  {
    id: "pip-provider",
    name: "the variable says otherwise",
    says: /PIP_KEYRING_PROVIDER/,
    breaks: env({ PIP_KEYRING_PROVIDER: "import" }),
  },
  {
    id: "pip-username-missing",
    name: "an old pip, and no user name",
    says: /pip 25\.0 .*pip\.conf:3/,
    breaks: (desk) => {
      rmSync(join(desk.root, "venv/lib/python3.11/site-packages/pip-26.3.dist-info"), { recursive: true });
      desk.environment("venv", ["pip-25.0"]);
    },
  },
  {
    id: "uv-provider",
    name: "uv is told nothing",
    says: /setup uv/,
    breaks: uvToml(UV.replace(/^.*\n/, "")),
  },
  {
    id: "uv-authenticate-missing",
    name: "an index without authenticate or user name",
    says: /authenticate = "always"/,
    breaks: uvToml(UV.replace(/authenticate.*\n/, "")),
  },
  {
    id: "uv-stored-password",
    name: "uv auth login has a password",
    says: /uv auth logout/,
    breaks: (desk) =>
      desk.plant({
        "home/.local/share/uv/credentials/credentials.toml": `[[credential]]\nservice = "https://${HOST}/"\nusername = "aws"\nscheme = "basic"\npassword = "${TOKEN}"\n`,
      }),
  },
  {
    id: "poetry-keyring-off",
    name: "poetry's keyring is off",
    says: /config\.toml:2/,
    breaks: (desk) => desk.plant({ "home/.config/pypoetry/config.toml": "[keyring]\nenabled = false\n" }),
  },
  {
    id: "poetry-stored-password",
    name: "poetry has a stored password",
    says: /http-basic\.main/,
    breaks: (desk) =>
      desk.plant({
        "home/.config/pypoetry/auth.toml": `[http-basic.main]\nusername = "aws"\npassword = "${TOKEN}"\n`,
      }),
  },
  {
    id: "poetry-stored-password",
    name: "a password for poetry in a variable",
    says: /POETRY_HTTP_BASIC_MAIN_PASSWORD/,
    breaks: env({ POETRY_HTTP_BASIC_MAIN_USERNAME: "aws", POETRY_HTTP_BASIC_MAIN_PASSWORD: TOKEN }),
  },
  {
    id: "index-refused",
    name: "an index by plain http",
    says: /pip\.conf:3/,
    breaks: pipConf(PIP.replace("https", "http")),
  },
  {
    id: "extra-index",
    name: "extra-index-url",
    says: /stranger/,
    breaks: pipConf(`${PIP}extra-index-url = https://pypi.example/simple/\n`),
  },
  {
    id: "netrc-entry",
    name: "a stale netrc entry",
    says: /\.netrc:2/,
    breaks: (desk) =>
      desk.plant({
        "home/.netrc": `machine github.example login x password y\nmachine ${HOST}\n  login aws\n  password ${TOKEN}\n`,
      }),
  },
  {
    id: "netrc-default",
    name: "a netrc entry for every host",
    says: /every host/,
    breaks: (desk) => desk.plant({ "home/.netrc": `default login aws password ${TOKEN}\n` }),
  },
  {
    id: "token-in-pip-conf",
    name: "a token in pip.conf",
    says: /pip\.conf:3.*keywright migrate/s,
    breaks: pipConf(PIP.replace("https://", `https://aws:${TOKEN}@`)),
  },
  {
    id: "token-in-environment",
    name: "a token in an address of the environment",
    says: /UV_DEFAULT_INDEX/,
    breaks: env({ UV_DEFAULT_INDEX: `https://aws:${TOKEN}@${HOST}/pypi/main/simple/` }),
  },
  {
    id: "token-in-uv-toml",
    name: "a token in uv.toml",
    says: /uv\.toml:5/,
    breaks: uvToml(UV.replace("https://", `https://aws:${TOKEN}@`)),
  },
  {
    id: "token-in-pypirc",
    name: "a token in .pypirc",
    says: /\.pypirc:4/,
    breaks: (desk) =>
      desk.plant({
        "home/.pypirc": `[codeartifact]\nrepository: https://${HOST}/pypi/main/\nusername: aws\npassword: ${TOKEN}\n`,
      }),
  },
  {
    id: "token-in-npmrc",
    name: "a token in .npmrc",
    says: /\.npmrc:1/,
    breaks: (desk) => desk.plant({ "home/.npmrc": `//${HOST}/npm/main/:_authToken=${TOKEN}\n` }),
  },
  {
    id: "token-in-project",
    name: "a token in a lock file",
    says: /uv\.lock:2/,
    breaks: (desk) =>
      desk.plant({
        "project/uv.lock": `version = 1\nsource = { registry = "https://aws:${TOKEN}@${HOST}/pypi/main/simple/" }\n`,
      }),
  },
  {
    id: "proxy-unusable",
    name: "a proxy that cannot be used",
    says: /socks5/,
    breaks: env({ HTTPS_PROXY: "socks5://proxy.example:1080" }),
  },
  {
    id: "ca-unusable",
    name: "a CA file that is not there",
    says: /SSL_CERT_FILE/,
    breaks: env({ SSL_CERT_FILE: "/nonexistent/ca.pem" }),
  },
];
