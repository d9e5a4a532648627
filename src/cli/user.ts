// `keywright user`: the people of the broker whose data folder this is. A running broker does it itself, so it holds from
// its next request on. The link of an invitation is printed once, on standard output, and nowhere else.
import type { Command } from "commander";
import type { AdminCommand } from "../broker/admin.ts";
import type { ShownSession, ShownUser } from "../broker/people/people-commands.ts";
import { KeywrightError } from "../errors.ts";
import { administered } from "./administer.ts";
import type { CliContext } from "./context.ts";
import { dataFolder } from "./data-folder.ts";

interface DataOption {
  readonly data?: string;
  readonly json?: boolean;
}

interface InviteOptions extends DataOption {
  readonly principal?: string;
  readonly email?: string;
  readonly url?: string;
  readonly replace?: boolean;
}

interface SessionsOptions extends DataOption {
  readonly end?: string;
  readonly all?: boolean;
}

const EXAMPLES = `
People log in with a passkey that they register with the link of an invitation, or through the OIDC provider that the
configuration names (users.provider); who comes by a provider is listed here after the first login.

Examples:
  keywright user invite alice --principal developer   a link with which alice registers a passkey
  keywright user list
  keywright user disable alice                        every login of alice ends at once
  keywright user sessions alice`;

export function addUser(program: Command, context: CliContext): void {
  const user = program
    .command("user")
    .description("people who log in to the broker")
    .addHelpText("after", EXAMPLES);
  const verb = (usage: string, description: string): Command =>
    user
      .command(usage)
      .description(description)
      .option("--data <dir>", "the broker's data folder (default: ~/.local/share/keywright)")
      .option("--json", "print JSON");
  verb("invite <name>", "print a link with which somebody registers a passkey, once")
    .option("--principal <principal>", "whom the user acts as; needed for a new one")
    .option("--email <address>", "the user's e-mail address, for lists and whoami")
    .option("--replace", "the passkeys that the user has are lost or stolen: they end now")
    .option("--url <url>", "where people reach the broker; needed only while it does not run")
    .addHelpText("after", INVITE_EXAMPLES)
    .action((name: string, options: InviteOptions) => invite(name, options, context));
  verb("list", "show the users there are")
    .addHelpText("after", "\nExample:\n  keywright user list --json")
    .action((options: DataOption) => list(options, context));
  verb("disable <name>", "end every login of a user at once, and let it in no more")
    .addHelpText("after", "\nExample:\n  keywright user disable alice")
    .action((name: string, options: DataOption) => disable(name, options, context));
  verb("enable <name>", "let a user that was disabled log in again")
    .addHelpText("after", "\nExample:\n  keywright user enable alice")
    .action((name: string, options: DataOption) => enable(name, options, context));
  verb("sessions [name]", "show who is logged in where, or end it")
    .option("--end <session>", "end the session of this name")
    .option("--all", "end all of them: those of the user, or everybody's")
    .addHelpText("after", SESSIONS_EXAMPLES)
    .action((name: string | undefined, options: SessionsOptions) => sessions(name, options, context));
}

const INVITE_EXAMPLES = `
The link is good for 24 hours, once. For a user that there is already, it adds another passkey.

Examples:
  keywright user invite alice --principal developer --email alice@team.example
  keywright user invite alice                       a passkey on another device
  keywright user invite alice --replace             the device with the passkey is lost`;

const SESSIONS_EXAMPLES = `
Examples:
  keywright user sessions
  keywright user sessions alice --json
  keywright user sessions --end SESSION
  keywright user sessions alice --all`;

async function invite(name: string, options: InviteOptions, context: CliContext): Promise<void> {
  const { principal, email, url, replace = false, json } = options;
  const invitation = { name, principal, email, replace };
  const answer = await ask({ op: "user_invite", invitation, url }, options, context);
  const expires = iso(answer["expiresAt"] as number);
  if (json === true) {
    const shown = { user: name, link: answer["link"], expires_at: expires, new: answer["isNew"] };
    return context.out(`${JSON.stringify(shown)}\n`);
  }
  context.out(`${String(answer["link"])}\n`);
  context.err(
    `For ${name}: good once, until ${expires}. Whoever opens it is ${name}: send it where nobody else reads.\n`,
  );
}

async function list(options: DataOption, context: CliContext): Promise<void> {
  const users = (await ask({ op: "user_list" }, options, context))["users"] as readonly ShownUser[];
  const lines = options.json === true ? [JSON.stringify(users.map(userJson))] : users.map(userLine);
  context.out(lines.map((text) => `${text}\n`).join(""));
}

async function disable(name: string, options: DataOption, context: CliContext): Promise<void> {
  const { sessions: ended } = await ask({ op: "user_disable", name }, options, context);
  const shown = { user: name, disabled: true, sessions_ended: ended };
  context.out(
    options.json === true
      ? `${JSON.stringify(shown)}\n`
      : `disabled ${name}, sessions ended: ${String(ended)}\n`,
  );
}

async function enable(name: string, options: DataOption, context: CliContext): Promise<void> {
  await ask({ op: "user_enable", name }, options, context);
  const shown = { user: name, disabled: false };
  context.out(options.json === true ? `${JSON.stringify(shown)}\n` : `enabled ${name}\n`);
}

async function sessions(
  name: string | undefined,
  options: SessionsOptions,
  context: CliContext,
): Promise<void> {
  const { end: session, all = false, json } = options;
  if (session !== undefined && all)
    throw new KeywrightError("usage", "--end and --all exclude each other", { hint: "Give one of them." });
  if (session !== undefined || all) {
    const { ended } = await ask({ op: "user_sessions_end", name, session }, options, context);
    return context.out(
      json === true ? `${JSON.stringify({ ended })}\n` : `sessions ended: ${String(ended)}\n`,
    );
  }
  const answer = await ask({ op: "user_sessions", name }, options, context);
  const living = answer["sessions"] as readonly ShownSession[];
  const lines = json === true ? [JSON.stringify(living.map(sessionJson))] : living.map(sessionLine);
  context.out(lines.map((text) => `${text}\n`).join(""));
}

function ask(command: AdminCommand, options: DataOption, context: CliContext) {
  return administered(dataFolder(options.data, context), command, context);
}

function userJson({
  name,
  principal,
  issuer,
  email,
  createdAt,
  disabledAt,
  passkeys,
  sessions: living,
}: ShownUser) {
  return {
    user: name,
    principal: principal ?? null,
    provider: issuer ?? null,
    email: email === "" ? null : email,
    passkeys,
    sessions: living,
    created_at: iso(createdAt),
    disabled_at: disabledAt === undefined ? null : iso(disabledAt),
  };
}

function userLine({ name, principal, issuer, disabledAt, passkeys, sessions: living }: ShownUser): string {
  const words = [
    disabledAt === undefined ? "" : "disabled",
    principal === undefined ? "" : `principal ${principal}`,
    issuer === undefined ? `passkeys ${passkeys}` : `known by ${issuer}`,
    `sessions ${living}`,
  ];
  return `${name.padEnd(20)}  ${words.filter((word) => word !== "").join(", ")}`;
}

function sessionJson(session: ShownSession) {
  const { name, userName, principal, client, face, scope, address, agent, bound } = session;
  return {
    session: name,
    user: userName,
    principal,
    client,
    face,
    scope,
    address: address ?? null,
    agent: agent ?? null,
    bound,
    created_at: iso(session.createdAt),
    used_at: iso(session.usedAt),
    checked_at: iso(session.checkedAt),
    expires_at: iso(session.expiresAt),
  };
}

function sessionLine({
  name,
  userName,
  principal,
  client,
  address,
  usedAt,
  expiresAt,
}: ShownSession): string {
  const from = address === undefined ? "" : ` from ${address}`;
  return `${name}  ${userName} as ${principal}, ${client}${from}, used ${iso(usedAt)}, until ${iso(expiresAt)}`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
