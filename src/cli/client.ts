// `keywright client`: machine clients of the broker whose data folder this is. A running broker does it itself, so it
// holds from its next request on. A secret is printed once, on standard output, and nowhere else.
import type { Command } from "commander";
import type { AdminCommand, ShownClient } from "../broker/admin.ts";
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
}

const EXAMPLES = `
Examples:
  keywright client create ci --principal ci            a client that acts as the principal ci
  keywright client create old --principal ci --menda   one that menda-keyring and menda-cli can use, too
  keywright client create index --resource packages    a registry that asks the broker about tokens
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
  const { principal, resource, menda = false } = options;
  const client = { name, principal, resource, queryCredentials: menda };
  const { secret } = await ask({ op: "client_create", client }, options, context);
  showSecret(name, secret as string, options, context);
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
  const lines = options.json === true ? [JSON.stringify(clients.map(shown))] : clients.map(line);
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

function shown({ name, principal, resource, queryCredentials, createdAt }: ShownClient) {
  return {
    client_id: name,
    principal: principal ?? null,
    resource: resource ?? null,
    query_credentials: queryCredentials,
    created_at: new Date(createdAt * 1000).toISOString(),
  };
}

function line(client: ShownClient): string {
  const { principal, resource, queryCredentials, name } = client;
  const words = [
    principal === undefined ? "" : `principal ${principal}`,
    resource === undefined ? "" : `resource ${resource}`,
    queryCredentials ? "menda" : "",
  ];
  return `${name.padEnd(20)}  ${words.filter((word) => word !== "").join(", ")}`;
}
