// The pages in the OpenAPI document: what they answer, and the calls of the passkey script. Data only.
import {
  ANYWHERE,
  answer,
  FORBIDDEN,
  NOT_FOUND,
  object,
  something,
  text,
  type Answer,
} from "../openapi-parts.ts";
import { ASSETS } from "./assets.ts";

type Json = Readonly<Record<string, unknown>>;

interface PageOperation {
  readonly summary: string;
  readonly tag: "operation";
  readonly query?: Readonly<Record<string, Json>>;
  readonly body?: Json;
  readonly answers: Readonly<Record<number, Answer>>;
}

const PAGE = { "text/html": { schema: text } };

function page(description: string): Answer {
  return { description, content: PAGE };
}

/** What may also come as JSON from in front of the pages: limits, faults of the process. */
function pageOrJson(status: number): Answer {
  const anywhere = ANYWHERE[status];
  return {
    ...anywhere,
    description: anywhere?.description ?? "",
    content: { ...PAGE, ...anywhere?.content },
  };
}

const FAULTS = Object.fromEntries([400, 429, 500, 503].map((status) => [status, pageOrJson(status)]));
const ON: Answer = {
  description: "Go on there",
  headers: { Location: { description: "Where to.", required: true, schema: text } },
};

function paged(summary: string, answers: Readonly<Record<number, Answer>>, more: object = {}): PageOperation {
  return { summary, tag: "operation", ...more, answers: { ...FAULTS, ...answers } };
}

const SHOWN = { 200: page("The page") };
const NOT_OURS = { 403: page("It was not sent from a page that this browser has open") };
const GONE = { 404: page("Nothing that this browser may approve") };

function form(names: readonly string[], optional: readonly string[] = []): object {
  const properties = Object.fromEntries(["csrf", ...names, ...optional].map((name) => [name, text]));
  return {
    body: {
      required: true,
      content: { "application/x-www-form-urlencoded": { schema: object(properties, optional) } },
    },
  };
}

function scripted(summary: string, properties: Readonly<Record<string, Json>>, result: Json): PageOperation {
  const schema = { type: "object", properties: { csrf: text, ...properties }, required: ["csrf"] };
  const body = { required: true, content: { "application/json": { schema } } };
  const answers = { 200: answer("It holds", result), 403: FORBIDDEN, 404: NOT_FOUND };
  return { summary, tag: "operation", body, answers };
}

const OPTIONS = object({ publicKey: { type: "object", description: "For the browser's passkey call." } });
const WENT = object({ to: { type: "string", description: "A path to go on to." } });

const asset = { summary: "A part of the pages", tag: "operation" } as const;

export const PAGE_PATHS: Readonly<Record<string, Readonly<Partial<Record<"get" | "post", PageOperation>>>>> =
  {
    "/device": {
      get: paged("Enter the code of a terminal", { ...SHOWN, 303: ON }, { query: { user_code: text } }),
      post: paged("The code that was entered", { 303: ON, ...NOT_OURS }, form(["user_code"])),
    },
    "/approve": {
      get: paged(
        "Who asks, from where and for what",
        { ...SHOWN, 303: ON, ...GONE },
        { query: { login: text } },
      ),
      post: paged(
        "Yes or no",
        { 200: page("What came of it"), 303: ON, ...NOT_OURS, ...GONE },
        form(["login", "decision"], ["passkey"]),
      ),
    },
    "/approve/passkey/options": {
      post: scripted("A challenge for a passkey that says yes to this one login", { login: text }, OPTIONS),
    },
    "/oauth2/authorize": {
      get: paged(
        "Begin a login by the browser (RFC 6749 4.1.1, RFC 8252)",
        { 303: ON },
        {
          query: {
            response_type: { const: "code" },
            client_id: text,
            redirect_uri: text,
            code_challenge: text,
            code_challenge_method: { const: "S256" },
            state: text,
            scope: text,
            dpop_jkt: text,
          },
        },
      ),
    },
    "/login": { get: paged("Sign in", { ...SHOWN, 303: ON }, { query: { to: text } }) },
    "/login/start": {
      get: paged("Go to the provider", { 303: ON, 404: page("There is none") }, { query: { to: text } }),
    },
    "/login/callback": {
      get: paged(
        "Come back from the provider",
        { 303: ON, 403: page("Not signed in"), 404: page("There is no provider") },
        { query: { code: text, state: text, iss: text, error: text } },
      ),
    },
    "/login/passkey/options": { post: scripted("A challenge for a passkey", { to: text }, OPTIONS) },
    "/login/passkey": { post: scripted("What the passkey said", {}, WENT) },
    "/invite": {
      get: paged("Accept an invitation; its token is in the fragment", SHOWN),
      post: scripted("A new passkey", { invite: something }, WENT),
    },
    "/invite/options": {
      post: scripted("Whose invitation it is, and a challenge", { invite: something }, OPTIONS),
    },
    "/logout": { post: paged("Sign out", { 303: ON, ...NOT_OURS }, form(["to"])) },
    ...Object.fromEntries(
      ASSETS.map(({ path, type }) => {
        const content = { [type.split(";")[0] ?? type]: { schema: text } };
        return [path, { get: { ...asset, answers: { 200: { description: "The part", content } } } }];
      }),
    ),
  };
