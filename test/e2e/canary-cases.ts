// Ways in which a question fails, each with secrets in the place where a careless program would show them. `canary.test.ts`
// runs every row and searches everything that it left.
import { response } from "../io/servers.ts";
import { asHtml, asJson, EXCHANGE, HOST_ROWS, mendaCloud, PROXY_ROWS, TOKEN } from "./canary-hosts.ts";
import { ADDRESS, LOGIN, SECRET, STDIN, URL_PASSWORD, type Place, type Row } from "./canary-planted.ts";

const profile = (text: string) => (): Record<string, string> => ({ ".menda/mendacfg": text });
const login =
  (fields: string) =>
  ({ host }: Place): Record<string, string> => ({
    ".menda/mendacfg": `[default]\nhost = ${host}\n`,
    ".menda/tokens/cache/.token": `[default]\n${fields}`,
  });
const config = (text: string) => (): Record<string, string> => ({ ".config/keywright/config.yaml": text });

const FILE_ROWS: readonly Row[] = [
  {
    name: "mendacfg: a broken line",
    files: profile(`[default]\nhost = x\n${SECRET.value.replaceAll("=", "")}\n`),
    says: /mendacfg:3:/,
  },
  { name: "mendacfg: no section", files: profile(`client_secret = ${SECRET.value}\n`), says: /mendacfg:1:/ },
  {
    name: "mendacfg: twice",
    files: profile(`[default]\nclient_secret = ${SECRET.value}\nclient_secret = ${SECRET.value}\n`),
    says: /mendacfg:3:/,
  },
  {
    name: "mendacfg: a lone %",
    files: profile(`[default]\nhost = x\nauth_type = m2m\nclient_id = c\nclient_secret = %${SECRET.value}\n`),
    says: /mendacfg:/,
  },
  {
    name: "mendacfg: %(…)s",
    files: profile(
      `[default]\nhost = x\nauth_type = m2m\nclient_id = c\nclient_secret = %(${SECRET.value})s\n`,
    ),
    says: /mendacfg:/,
  },
  {
    name: "mendacfg: no host",
    files: profile(`[default]\nclient_secret = ${SECRET.value}\n`),
    says: /has no host/,
  },
  {
    name: "mendacfg: no client id",
    files: profile(
      `[default]\nhost = http://127.0.0.1:9\nauth_type = m2m\nclient_secret = ${SECRET.value}\n`,
    ),
    says: /missing client_id/,
  },
  {
    name: "mendacfg: a host with a password",
    files: profile(
      `[default]\nhost = http://u:${URL_PASSWORD.value}@127.0.0.1:9\nauth_type = m2m\nclient_id = c\nclient_secret = ${SECRET.value}\n`,
    ),
    says: /not a plain https address/,
  },
  { name: "login: a broken line", files: login(`${LOGIN.value.replaceAll("=", "")}\n`), says: /\.token:2:/ },
  {
    name: "login: times that are none",
    files: login(`access_token = ${LOGIN.value}\ncached_at = ${LOGIN.value}\nexpires_in = 1\n`),
    says: /invalid cached_at/,
  },
  {
    name: "login: expired",
    files: login(`access_token = ${LOGIN.value}\ncached_at = 1\nexpires_in = 1\n`),
    says: /No valid cached token/,
  },
  {
    name: "login: a token that cannot be sent",
    files: login(`access_token = ${LOGIN.value}é\n`),
    says: /cannot be sent/,
  },
  {
    name: "login: not accepted",
    files: login(`access_token = ${LOGIN.value}\n`),
    cloud: mendaCloud({ [EXCHANGE]: (request) => response(401, request.lines.join(" ")) }),
    says: /HTTP 401/,
  },
  {
    name: "config: no YAML",
    files: config(
      `stores:\n  menda: { backend: menda, options: { client_secret: "${STDIN.value.replaceAll('"', "")}\n`,
    ),
    says: /config\.yaml/,
  },
  {
    name: "config: an unknown key",
    files: config(`client_secret: ${JSON.stringify(SECRET.value)}\n`),
    says: /config\.yaml:1/,
  },
  {
    name: "config: a wrong value",
    files: config(`stores: ${JSON.stringify(SECRET.value)}\n`),
    says: /config\.yaml:1/,
  },
  {
    name: "config: a wrong option",
    files: config(
      `stores: { menda: { backend: menda, options: { timeout: ${JSON.stringify(SECRET.value)} } } }\nrefs: { a: { store: menda, match: "127.0.0.1:8999", policy: p } }\npolicies: { p: { allowed_principals: [local_user] } }\n`,
    ),
    says: /timeout must be/,
  },
  {
    name: "config: denied",
    files: config(
      `stores: { menda: { backend: menda } }\nrefs: { a: { store: menda, match: "127.0.0.1:8999", policy: p } }\npolicies: { p: { allowed_principals: [nobody] } }\n`,
    ),
    says: /does not allow/,
  },
  {
    name: "audit: a file that cannot be",
    files: config(
      `audit: { sink: file, path: /proc/keywright/audit.jsonl }\nstores: { menda: { backend: menda } }\nrefs: { a: { store: menda, match: "127.0.0.1:8999", policy: p } }\npolicies: { p: { allowed_principals: [local_user] } }\n`,
    ),
    says: /audit entry could not be written/,
  },
  {
    name: "audit: a log that nobody runs",
    files: config(
      `audit: syslog\nstores: { menda: { backend: menda } }\nrefs: { a: { store: menda, match: "127.0.0.1:8999", policy: p } }\npolicies: { p: { allowed_principals: [local_user] } }\n`,
    ),
    says: /could not be written to syslog/,
  },
  {
    name: "TLS: nobody signed it",
    env: ({ untrusted }) => ({
      MENDA_HOST: untrusted,
      MENDA_CLIENT_ID: "c",
      MENDA_CLIENT_SECRET: SECRET.value,
    }),
    says: /TLS connection to .* failed/,
  },
];

const withPassword = (host: string): string => `https://me:${URL_PASSWORD.value}@${host}/simple/`;
const WORD_ROWS: readonly Row[] = [
  {
    name: "get: a foreign address with a password",
    argv: ["get", withPassword("foreign.example"), "me"],
    says: /foreign/,
  },
  {
    name: "get: our address with a password",
    argv: ["get", withPassword("127.0.0.1:8999"), "me"],
    says: /refused/,
  },
  {
    name: "get: a look-alike with a password",
    argv: ["get", withPassword("127.0.0.1:8999.evil.example"), "me"],
    says: /./,
  },
  {
    name: "set: ours",
    argv: ["set", ADDRESS, "me"],
    input: `${STDIN.value}\n`,
    code: 0,
    says: /nothing is stored/,
  },
  {
    name: "del: ours",
    argv: ["del", ADDRESS, "me"],
    input: `${STDIN.value}\n`,
    code: 0,
    says: /nothing is stored or deleted/,
  },
  {
    name: "set: a foreign address with a password",
    argv: ["set", withPassword("foreign.example"), "me"],
    input: `${STDIN.value}\n`,
    says: /holds a password/,
  },
  {
    name: "set: foreign, and nobody else",
    argv: ["set", "foreign", "me"],
    input: `${STDIN.value}\n`,
    says: /nothing was stored/,
  },
  {
    name: "too many words",
    argv: ["get", withPassword("a.example"), "me", withPassword("b.example")],
    code: 2,
    says: /unrecognized arguments/,
  },
  { name: "no operation", argv: [withPassword("a.example")], code: 2, says: /invalid choice/ },
  {
    name: "menda whoami: 401",
    program: "menda",
    argv: ["-v", "auth", "whoami"],
    cloud: mendaCloud({ "GET /api/v1/auth/whoami": asJson(401) }),
    code: 2,
    says: /401/,
  },
  {
    name: "menda whoami: wrong secret",
    program: "menda",
    argv: ["-v", "auth", "whoami"],
    cloud: mendaCloud({ [TOKEN]: asHtml(401) }),
    code: 2,
    says: /401/,
  },
  {
    name: "menda configure: a broken file",
    program: "menda",
    argv: ["auth", "configure", "--auth-type", "m2m", "--host", "https://menda.example"],
    input: `c\n${STDIN.value}\n`,
    files: profile(`${SECRET.value}\n`),
    code: 3,
    says: /mendacfg/,
  },
  {
    name: "keywright config show",
    program: "keywright",
    argv: ["--log-level", "debug", "config", "show", "--origin"],
    files: config(`refs: ${JSON.stringify(SECRET.value)}\n`),
    code: 3,
    says: /config\.yaml:1/,
  },
];

export const ROWS: readonly Row[] = [...HOST_ROWS, ...PROXY_ROWS, ...FILE_ROWS, ...WORD_ROWS];
