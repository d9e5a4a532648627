// `keywright client`: machine clients of the broker whose data folder this is. A running broker does it itself, so it
// holds from its next request on. A secret is printed once, on standard output, and nowhere else.
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import type { AdminCommand, ShownClient } from "../broker/admin.ts";
import type { ShownKey } from "../broker/jwt/public-keys.ts";
import { KeywrightError } from "../errors.ts";
import { administered } from "./administer.ts";
import type { CliContext } from "./context.ts";
import { dataFolder } from "./data-folder.ts";

interface DataOption {
  readonly data?: string;
  readonly json?: boolean;
}

interface CreateOptions extends DataOption {
  readonly principal?: string;
  readonly menda?: boolean;
  readonly resource?: string;
  readonly publicKey?: string;
}

const EXAMPLES = `
Examples:
  keywright client create ci --principal ci            a client that acts as the principal ci
  keywright client create old --principal ci --menda   one that menda-keyring and menda-cli can use, too
  keywright client create index --resource packages    a registry that asks the broker about tokens
  keywright client create bot --principal ci --public-key bot.pem   one that signs with its own key, without a secret
  keywright client rotate ci
  keywright client revoke old`;

export function addClient(program: Command, context: CliContext): void {
  const client = program
    .command("client")
    .description("machine clients of the broker")
    .addHelpText("after", EXAMPLES);
  const verb = (usage: string, description: string): Command =>
    client
      .command(usage)
      .description(description)
      .option("--data <dir>", "the broker's data folder (default: ~/.local/share/keywright)")
      .option("--json", "print JSON");
  verb("create <name>", "make a client and show its secret, once")
    .option("--principal <principal>", "whom it acts as")
    .option("--menda", "it may send its secret in the query string, as menda-keyring and menda-cli do")
    .option("--resource <ref>", "it asks about tokens for this ref, and gets none without a principal")
    .option("--public-key <file>", "its public key (PEM, JWK or JWK set); it signs, and gets no secret")
    .addHelpText("after", EXAMPLES)
    .action((name: string, options: CreateOptions) => create(name, options, context));
  verb("list", "show the clients there are")
    .addHelpText("after", "\nExample:\n  keywright client list --json")
    .action((options: DataOption) => list(options, context));
  verb("revoke <name>", "end a client and every token it got")
    .addHelpText("after", "\nExample:\n  keywright client revoke ci")
    .action((name: string, options: DataOption) => revoke(name, options, context));
  verb("rotate <name>", "give a client a new secret; the old one is worthless at once")
    .addHelpText("after", "\nExample:\n  keywright client rotate ci")
    .action((name: string, options: DataOption) => rotate(name, options, context));
}

async function create(name: string, options: CreateOptions, context: CliContext): Promise<void> {
  const { principal, resource, menda = false, publicKey } = options;
  const jwks = publicKey === undefined ? undefined : await publicKeysIn(publicKey);
  const client = { name, principal, resource, queryCredentials: menda, jwks };
  const { secret } = await ask({ op: "client_create", client }, options, context);
  if (jwks === undefined) showSecret(name, secret as string, options, context);
  else await showKeys(name, jwks, options, context);
}

/** A private key, given by mistake, gets no further than this. */
async function publicKeysIn(file: string): Promise<string> {
  const { readPublicKeys } = await import("../broker/jwt/public-keys.ts");
  return readPublicKeys(textIn(file));
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new KeywrightError("usage", `the file ${file} cannot be read`, {
      hint: "Name a file with the public key: `openssl pkey -in private.pem -pubout -out public.pem` makes one.",
      cause,
    });
  }
}

async function rotate(name: string, options: DataOption, context: CliContext): Promise<void> {
  const { secret } = await ask({ op: "client_rotate", name }, options, context);
  showSecret(name, secret as string, options, context);
}

async function revoke(name: string, options: DataOption, context: CliContext): Promise<void> {
  await ask({ op: "client_revoke", name }, options, context);
  context.out(
    options.json === true ? `${JSON.stringify({ client_id: name, revoked: true })}\n` : `revoked ${name}\n`,
  );
}

async function list(options: DataOption, context: CliContext): Promise<void> {
  const clients = (await ask({ op: "client_list" }, options, context))["clients"] as readonly ShownClient[];
  const { shownKeys } = await import("../broker/jwt/public-keys.ts");
  const keyed = clients.map((one) => ({ ...one, keys: one.jwks === undefined ? [] : shownKeys(one.jwks) }));
  const lines = options.json === true ? [JSON.stringify(keyed.map(shown))] : keyed.map(line);
  context.out(lines.map((text) => `${text}\n`).join(""));
}

function ask(command: AdminCommand, options: DataOption, context: CliContext) {
  return administered(dataFolder(options.data, context), command, context);
}

function showSecret(name: string, secret: string, { json }: DataOption, context: CliContext): void {
  if (json === true) return context.out(`${JSON.stringify({ client_id: name, client_secret: secret })}\n`);
  context.out(`client_id      ${name}\nclient_secret  ${secret}\n`);
  context.err("The secret is shown this once; it is stored nowhere.\n");
}

async function showKeys(
  name: string,
  jwks: string,
  { json }: DataOption,
  context: CliContext,
): Promise<void> {
  const { shownKeys } = await import("../broker/jwt/public-keys.ts");
  const keys = shownKeys(jwks);
  if (json === true)
    return context.out(`${JSON.stringify({ client_id: name, public_keys: keys.map(shownKey) })}\n`);
  const lines = keys.map(({ alg, thumbprint }) => `public_key  ${alg} ${thumbprint}\n`);
  context.out(`client_id   ${name}\n${lines.join("")}`);
  context.err(
    "It has no secret. It signs a JWT for every token request (private_key_jwt, RFC 7523): iss and sub are its client_id, " +
      "aud is the broker's URL, exp is at most 5 minutes ahead, jti is new each time.\n",
  );
}

type KeyedClient = ShownClient & { readonly keys: readonly ShownKey[] };

function shownKey({ alg, kid, thumbprint }: ShownKey) {
  return { alg, kid: kid ?? null, thumbprint };
}

function shown({ name, principal, resource, queryCredentials, keys, createdAt }: KeyedClient) {
  return {
    client_id: name,
    principal: principal ?? null,
    resource: resource ?? null,
    query_credentials: queryCredentials,
    public_keys: keys.map(shownKey),
    created_at: new Date(createdAt * 1000).toISOString(),
  };
}

function line(client: KeyedClient): string {
  const { principal, resource, queryCredentials, name, keys } = client;
  const words = [
    principal === undefined ? "" : `principal ${principal}`,
    resource === undefined ? "" : `resource ${resource}`,
    queryCredentials ? "menda" : "",
    ...keys.map(({ alg, thumbprint }) => `signs ${alg} ${thumbprint}`),
  ];
  return `${name.padEnd(20)}  ${words.filter((word) => word !== "").join(", ")}`;
}
