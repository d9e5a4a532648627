// The cases about what the menda cloud answers: statuses, bodies that are not what they should be, redirects, silence.
import { answered, oracleCase, type OracleCase, type Reply, TRIO } from "./case.ts";

const CALLS = ["token", "registry"] as const;
const STATUSES = [
  201, 203, 206, 300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 429, 500, 501, 502, 503, 504,
  599, 600, 999,
];
const UTF8 = ["Content-Type: application/json; charset=utf-8"];

/** For both calls. */
function each(name: string, reply: Partial<Reply>, timeLimit?: number): readonly OracleCase[] {
  return CALLS.map((call) => answered(`${call}: ${name}`, { [call]: reply, timeLimit }));
}

/** The field that the call must answer, with this as its value in JSON. */
function field(name: string, value: string): readonly OracleCase[] {
  const bodies = { token: `{"access_token": ${value}}`, registry: `{"token": ${value}}` };
  return CALLS.map((call) => answered(`${call}: ${name}`, { [call]: { body: bodies[call] } }));
}

export const replyCases: readonly OracleCase[] = [
  ...CALLS.flatMap((call) =>
    STATUSES.map((status) => {
      const body = status < 300 ? {} : { body: status === 304 ? "" : '{"detail":"because"}' };
      return answered(`${call}: status ${status}`, { [call]: { status, ...body } });
    }),
  ),
  ...each("status 500 without a body", { status: 500, body: "" }),
  ...each("status 400 with a long body", { status: 400, body: "x".repeat(900) }),
  ...each("status 400 with a long body beyond ASCII", {
    status: 400,
    headers: UTF8,
    body: `${"é\u{1f600}".repeat(399)}abcdef`,
  }),
  ...each("status 400 with line ends", { status: 400, body: "one\r\ntwo\n\tthree\n" }),
  ...each("status 502 with a page", {
    status: 502,
    headers: ["Content-Type: text/html"],
    body: "<h1>Bad Gateway</h1>",
  }),
  ...each("status 400 in Latin-1, as announced", {
    status: 400,
    headers: ["Content-Type: text/plain; charset=iso-8859-1"],
    body: "refus\u00e9",
    latin1: true,
  }),
  answered("token: status 401 that repeats the query", { token: { status: 401, body: "no: {query}" } }),
  answered("registry: status 401 that repeats the token", {
    registry: { status: 401, body: "no: {bearer}" },
  }),
  ...each("no body", { body: "" }),
  ...each("status 204", { status: 204, body: "" }),
  ...each("a page", { headers: ["Content-Type: text/html"], body: "<html>log in</html>" }),
  ...each("half an object", { body: '{"access_token": "a", "token": "t"' }),
  ...each("two objects", { body: '{"access_token": "a", "token": "t"} {}' }),
  ...each("JSON as only Python reads it", { body: '{"access_token": "a", "token": "t", "x": NaN}' }),
  ...each("an array", { body: "[1]" }),
  ...each("a string", { body: '"token"' }),
  ...each("null", { body: "null" }),
  ...each("an object without the field", { body: "{}" }),
  ...field("the field is null", "null"),
  ...field("the field is a number", "17"),
  ...field("the field is empty", '""'),
  ...field("the field twice", '"first", "access_token": "second", "token": "second"'),
  ...field("more fields", '"t", "expires_in": 10, "x": {"y": [null]}'),
  ...field("an escaped field", '"a\\u002eb"'),
  ...each("a huge answer", { body: `{"access_token": "a", "token": "t", "x": "${"x".repeat(1_200_000)}"}` }),
  ...[301, 302, 303, 307, 308].flatMap((status) =>
    each(`status ${status} with a new address`, { status, headers: ["Location: {host}/moved"], body: "" }),
  ),
  ...each("the connection ends early", { fault: "hang up" }),
  ...each("silence", { fault: "silence" }, 0.4),
  oracleCase("a token of the registry with spaces around it", {
    env: TRIO,
    registry: { body: '{"token": " t "}' },
  }),
];
