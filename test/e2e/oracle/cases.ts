// The cases about accounts and addresses: environment, profiles, cached logins, files, hosts and services.
import { INDEX, MACHINE, MENDACFG, oracleCase, TOKENS, TRIO, type OracleCase } from "./case.ts";

const NOW = Math.floor(Date.now() / 1000);
const HOST = "host = {host}\n";
const USER = `[default]\n${HOST}auth_type = u2m\n`;
const LOGIN = `access_token = access.cached\nid_token = id.cached\n`;

function without(name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(TRIO).filter(([key]) => key !== name));
}

function environment(): readonly OracleCase[] {
  const profile = `[default]\n${HOST}${MACHINE}`;
  return [
    oracleCase("the environment's machine", { env: TRIO }),
    oracleCase("the environment's machine before a profile", {
      env: { ...TRIO, MENDA_PROFILE_ID: "x" },
      mendacfg: profile,
    }),
    ...Object.keys(TRIO).flatMap((name) => [
      oracleCase(`without ${name}`, { env: without(name), mendacfg: profile }),
      oracleCase(`${name} is empty`, { env: { ...TRIO, [name]: "" }, mendacfg: profile }),
      oracleCase(`without ${name} nor a file`, { env: without(name) }),
    ]),
    oracleCase("id and secret that must be escaped", {
      env: {
        ...TRIO,
        MENDA_CLIENT_ID: "a b+c/é&=%?#~!'()*-._",
        MENDA_CLIENT_SECRET: '\u{1f600}"\\<>[]{}|^`@:;,$ ',
      },
    }),
    oracleCase("MENDA_CONFIG_FILE is ignored", {
      env: { MENDA_CONFIG_FILE: "{home}/other" },
      mendacfg: profile,
      files: { other: { text: "[default]\nhost = http://127.0.0.1:{closed}\n" } },
    }),
    oracleCase("MENDA_CONFIG_FILE does not stand in for the file", {
      env: { MENDA_CONFIG_FILE: "{home}/other" },
      files: { other: { text: profile } },
    }),
    oracleCase("HOME ends with a slash", { env: { HOME: "{home}/" } }),
    oracleCase("a login under the client id", { env: TRIO, tokens: `[env-id]\n${LOGIN}` }),
    oracleCase("a login under the profile, which the environment's machine has not", {
      env: TRIO,
      tokens: `[default]\n${LOGIN}`,
    }),
    oracleCase("an expired login under the client id", {
      env: TRIO,
      tokens: `[env-id]\n${LOGIN}cached_at = ${NOW - 4000}\nexpires_in = 3600\n`,
    }),
    oracleCase("a login that cannot be read under the client id", {
      env: TRIO,
      tokens: "[env-id]\ncached_at=x\nexpires_in=1\n",
    }),
    oracleCase("netrc knows the host", {
      env: TRIO,
      files: { ".netrc": { text: "machine 127.0.0.1 login u password p\n", mode: 0o600 } },
    }),
    oracleCase("HTTP_PROXY is set, and the host is loopback", {
      env: { ...TRIO, HTTP_PROXY: "http://127.0.0.1:{port}" },
    }),
    oracleCase("http_proxy is set, with NO_PROXY for loopback", {
      env: { ...TRIO, http_proxy: "http://127.0.0.1:{closed}", NO_PROXY: "127.0.0.1" },
    }),
  ];
}

function profiles(): readonly OracleCase[] {
  const all = `# mine\n[default]\n${HOST}${MACHINE}[Prod]\nHOST: {host}\nAUTH_TYPE = m2m\nClient_ID=prod\nclient_secret = 50%%\n`;
  const failing: readonly (readonly [string, string])[] = [
    ["an empty file", ""],
    ["only another section", "[other]\nhost = {host}\n"],
    ["no host", "[default]\nauth_type = m2m\n"],
    ["an empty host", "[default]\nhost =\nauth_type = m2m\n"],
    ["a machine without client_id", `[default]\n${HOST}auth_type = m2m\nclient_secret = s\n`],
    ["a machine without client_secret", `[default]\n${HOST}auth_type = m2m\nclient_id = i\n`],
    ["a machine with an empty secret", `[default]\n${HOST}auth_type = m2m\nclient_id = i\nclient_secret =\n`],
    ["an auth_type in capitals", `[default]\n${HOST}${MACHINE.replace("m2m", "M2M")}`],
    ["an unknown auth_type", `[default]\n${HOST}${MACHINE.replace("m2m", "oidc")}`],
    ["no auth_type", `[default]\n${HOST}`],
    ["no section header", `host = {host}\n[default]\n`],
    ["the same section again", `[default]\n${HOST}[default]\n${MACHINE}`],
    ["the same key again", `[default]\n${HOST}HOST = {host}\n`],
    ["a line that is nothing", `[default]\n${HOST}client_secret\n`],
    ["a bare percent sign", `[default]\n${HOST}${MACHINE}note = 50%\n`],
    ["a reference to nothing", `[default]\nhost = %(nowhere)s\n`],
    ["references in a circle", `[default]\nhost = %(a)s\na = %(b)s\nb = %(a)s\n`],
  ];
  return [
    oracleCase("the default profile, a machine", { mendacfg: all }),
    oracleCase("MENDA_PROFILE_ID names one", { env: { MENDA_PROFILE_ID: "Prod" }, mendacfg: all }),
    ...["prod", "", " Prod", "DEFAULT", "it's", 'a "b"', "é\n"].map((name) =>
      oracleCase(`MENDA_PROFILE_ID is ${JSON.stringify(name)}`, {
        env: { MENDA_PROFILE_ID: name },
        mendacfg: all,
      }),
    ),
    oracleCase("everything comes from DEFAULT", { mendacfg: `[DEFAULT]\n${HOST}${MACHINE}[default]\n` }),
    oracleCase("DEFAULT itself is the profile", {
      env: { MENDA_PROFILE_ID: "DEFAULT" },
      mendacfg: `[DEFAULT]\n${HOST}${MACHINE}`,
    }),
    oracleCase("keys of other programs", { mendacfg: `[default]\n${HOST}${MACHINE}colour = blue\n` }),
    oracleCase("references to other keys", {
      mendacfg: `[DEFAULT]\nbase = {host}\n[default]\nhost = %(base)s/\n${MACHINE}`,
    }),
    oracleCase("lines end with CR LF", { mendacfg: `[default]\n${HOST}${MACHINE}`.replaceAll("\n", "\r\n") }),
    oracleCase("a secret of two lines", { mendacfg: `[default]\n${HOST}${MACHINE}  second\n` }),
    oracleCase("a broken section that is not the profile", {
      mendacfg: `[default]\n${HOST}${MACHINE}[b]\nx = %\n`,
    }),
    oracleCase("no file", {}),
    ...failing.map(([name, mendacfg]) => oracleCase(`mendacfg: ${name}`, { mendacfg })),
    oracleCase("mendacfg begins with a byte order mark", { mendacfg: `\ufeff[default]\n${HOST}${MACHINE}` }),
    oracleCase("mendacfg is not UTF-8", {
      files: { [MENDACFG]: { text: `[default]\n${HOST}${MACHINE}note = caf\u00e9\n`, latin1: true } },
    }),
    oracleCase("mendacfg is a folder", { files: { [MENDACFG]: "folder" } }),
    oracleCase("mendacfg can be written by everybody", {
      files: { [MENDACFG]: { text: `[default]\n${HOST}${MACHINE}`, mode: 0o666 } },
    }),
  ];
}

function logins(): readonly OracleCase[] {
  const states: readonly (readonly [string, string])[] = [
    ["both tokens", LOGIN],
    ["only the access token", "access_token = access.cached\n"],
    ["an empty id token", "access_token = access.cached\nid_token =\n"],
    ["no token", "expires_in = 3600\n"],
    ["empty tokens", "access_token =\nid_token =\n"],
    ["valid", `${LOGIN}cached_at = ${NOW - 10}.5\nexpires_in = 3600\n`],
    ["expired", `${LOGIN}cached_at = ${NOW - 3600}\nexpires_in = 3600\n`],
    ["in its last minute", `${LOGIN}cached_at = ${NOW - 3545}\nexpires_in = 3600\n`],
    ["no cached_at", `${LOGIN}expires_in = 1\n`],
    ["no expires_in", `${LOGIN}cached_at = 1\n`],
    ["empty times", `${LOGIN}cached_at =\nexpires_in =\n`],
    ["cached_at is no number", `${LOGIN}cached_at = today\nexpires_in = 3600\n`],
    ["expires_in is no number", `${LOGIN}cached_at = ${NOW}\nexpires_in = 0x10\n`],
    ["times as Python writes them", `${LOGIN}cached_at = ${NOW}\nexpires_in = 3_6e2\n`],
    ["it never expires", `${LOGIN}cached_at = ${NOW}\nexpires_in = inf\n`],
    ["it is not known when", `${LOGIN}cached_at = nan\nexpires_in = 1\n`],
    ["digits of another script", `${LOGIN}cached_at = ${NOW}\nexpires_in = ٣٦٠٠\n`],
    ["an escaped percent sign", "access_token = a%%b\n"],
    ["a bare percent sign in the token", "access_token = a%b\n"],
    ["a token of two lines", "access_token = one\n  two\n"],
    ["a token beyond ASCII", "access_token = caf\u00e9\n"],
    ["a token beyond Latin-1", "access_token = \u0142\n"],
  ];
  return [
    ...states.flatMap(([name, section]) => [
      oracleCase(`a person's login: ${name}`, {
        mendacfg: USER,
        tokens: `[other]\n${LOGIN}[default]\n${section}`,
      }),
      oracleCase(`a machine's login: ${name}`, {
        mendacfg: `[default]\n${HOST}${MACHINE}`,
        tokens: `[default]\n${section}`,
      }),
    ]),
    oracleCase("a login out of DEFAULT", { mendacfg: USER, tokens: `[DEFAULT]\n${LOGIN}[default]\n` }),
    oracleCase("a login in DEFAULT only, without a section", {
      mendacfg: USER,
      tokens: `[DEFAULT]\n${LOGIN}`,
    }),
    oracleCase("no login of this profile", { mendacfg: USER, tokens: `[other]\n${LOGIN}` }),
    oracleCase("no login file", { mendacfg: USER }),
    oracleCase("the login file is a folder", { mendacfg: USER, files: { [TOKENS]: "folder" } }),
    oracleCase("the login file is empty", { mendacfg: USER, tokens: "" }),
    oracleCase("the login file has no header", { mendacfg: USER, tokens: LOGIN }),
    oracleCase("the login file has a section twice", {
      mendacfg: USER,
      tokens: `[default]\n${LOGIN}[default]\n`,
    }),
    oracleCase("the login file begins with a byte order mark", {
      mendacfg: USER,
      tokens: `\ufeff[default]\n${LOGIN}`,
    }),
    oracleCase("the login file can be written by everybody", {
      mendacfg: USER,
      files: { [TOKENS]: { text: `[default]\n${LOGIN}`, mode: 0o666 } },
    }),
  ];
}

function hosts(): readonly OracleCase[] {
  const rows: readonly (readonly [string, string, Readonly<Record<string, string>>?])[] = [
    ["slashes at its end", "{host}///"],
    ["no scheme", "menda.example"],
    ["another scheme", "ftp://menda.example"],
    ["no host", "https://"],
    ["a query", "{host}?x=1"],
    ["a fragment", "{host}#x"],
    ["http to another machine", "http://menda.example/{side}", { HTTP_PROXY: "http://127.0.0.1:{port}" }],
    ["nobody listens", "http://127.0.0.1:{closed}"],
    ["https with an unknown authority", "{https}"],
    ["https with REQUESTS_CA_BUNDLE", "{https}", { REQUESTS_CA_BUNDLE: "{ca}" }],
    ["https with CURL_CA_BUNDLE", "{https}", { CURL_CA_BUNDLE: "{ca}" }],
    ["https with SSL_CERT_FILE", "{https}", { SSL_CERT_FILE: "{ca}" }],
  ];
  return rows.map(([name, host, env = {}]) =>
    oracleCase(`a host with ${name}`, { env: { ...TRIO, MENDA_HOST: host, ...env } }),
  );
}

const DOMAIN = "example-123456789012.d.codeartifact.eu-west-1.amazonaws.com";

/** The fourth proof has the corpus of hostile addresses; here are those that tell the two rules apart. */
function services(): readonly OracleCase[] {
  return [
    INDEX.replace("https://", "https://aws@"),
    DOMAIN,
    `${DOMAIN}:443`,
    `https://${DOMAIN}:443/`,
    `https://${DOMAIN}/maven/x/`,
    `https://x.d.codeartifact.us-east-1.amazonaws.com/`,
    "https://index.example/simple/",
    "index.example",
    "pdm-index",
    "",
    "d.codeartifact.eu-west-1.amazonaws.com",
    `http://${DOMAIN}/`,
    `https://${DOMAIN}:8443/`,
    `https://${DOMAIN}.evil.example/`,
    `https://${DOMAIN}.cn/`,
    `https://${DOMAIN}./`,
    `https://evil.example/${DOMAIN}/`,
    `https://evil.example/?x=${DOMAIN}`,
    `https://${DOMAIN}@evil.example/`,
    `https://aws:pass@${DOMAIN}/`,
    `https://evil.example\\@${DOMAIN}/`,
    `https://a.b.d.codeartifact.eu-west-1.amazonaws.com/`,
    `https://x.d.codeartifact.eu-west-1.amazonaws.com%2e.evil.example/`,
    `https://xn--x.d.codeartifact.eu-west-1.amazonaws.com/`,
    ` https://${DOMAIN}/`,
    `https://${DOMAIN}/\n`,
    `HTTPS://${DOMAIN}/`,
    `https://${DOMAIN.toUpperCase()}/`,
  ].map((service) => oracleCase(`asked for ${JSON.stringify(service)}`, { env: TRIO, service }));
}

export const accountCases: readonly OracleCase[] = [
  ...environment(),
  ...profiles(),
  ...logins(),
  ...hosts(),
  ...services(),
];
