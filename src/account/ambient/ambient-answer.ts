// The identity token out of what a service, a file or a program of this machine gave. It looks into no token.
import type { HttpReply } from "../../io/http.ts";
import { findProgram } from "../../io/programs.ts";
import { spawnCapture } from "../../io/spawn.ts";
import { Secret } from "../../secret.ts";
import { broken, failed, type AmbientPlace } from "./ambient-source.ts";

/** The field of a JSON object; undefined: the whole answer is the token. Nothing of an answer is shown. */
export function answeredToken({ status, body }: HttpReply, field: string | undefined, title: string): Secret {
  if (status !== 200) {
    const code = status === 401 || status === 403 ? "authentication" : "backend";
    throw failed(
      code,
      `${title} answered HTTP ${status} when it was asked for an identity token`,
      "Check that the job or machine may have one; its request token may have expired with the step it was made for.",
    );
  }
  const value = field === undefined ? body.trim() : textOf(body, field);
  if (value === undefined || value === "") {
    throw failed(
      "backend",
      `the answer of ${title} has no identity token`,
      "Check that no proxy or login page answers in its place.",
    );
  }
  return new Secret(value);
}

function textOf(body: string, field: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    const value = (answer as Readonly<Record<string, unknown>> | null)?.[field];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds for one program. */
const LIMIT = 30;

/** What a program of the runner printed. What it says on failure is not shown: it may hold the token. */
export async function printed(
  program: string,
  argv: readonly string[],
  place: AmbientPlace,
  title: string,
): Promise<string> {
  const file = findProgram(program, place.env);
  if (file === undefined)
    throw broken(
      `${title} is here, and its program ${program} is not on the PATH`,
      `Put ${program} on the PATH`,
    );
  const left = place.deadline === undefined ? LIMIT : place.deadline - place.clock.now();
  const limit = Math.max(0.001, Math.min(LIMIT, left));
  const { code, stdout } = await spawnCapture(file, argv, { env: place.env, limit, together: true });
  if (code === 0) return stdout.toString("utf8");
  const shown = argv.slice(0, 3).join(" ");
  throw failed(
    "authentication",
    `${program} ${shown} failed with exit code ${code}`,
    "Run it by hand to see what it says: keywright does not show what it prints, which may be a token.",
  );
}
