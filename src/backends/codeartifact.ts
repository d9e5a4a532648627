// codeartifact: a registry token from AWS CodeArtifact itself, asked for with the AWS credentials of the environment or a
// profile, or with a role per principal. Who would ask it knows from local files; what talks to AWS is loaded when needed.
import { KeywrightError } from "../errors.ts";
import type { Backend, RetrieveContext } from "../resolver/backend.ts";
import { usernameFor } from "../resolver/codeartifact.ts";
import type { Location } from "../resolver/location.ts";
import type { Bounds } from "./codeartifact-lifetime.ts";
import { codeArtifactSettings, DEFAULT_DURATION, isDuration } from "./codeartifact-options.ts";
import { createQuestions, type CodeArtifactOptions, type Question } from "./codeartifact-question.ts";
import { roleFor, roleMark, roleWishOf } from "./codeartifact-role-wish.ts";

export function codeArtifactBackend(options: CodeArtifactOptions): Backend {
  const questions = createQuestions(options);
  const prepared = async (location: Location, context: RetrieveContext) => {
    const role = roleFor(codeArtifactSettings(location.store), location, context); // Without one nothing is looked at.
    return { role, question: await questions.about(location) };
  };

  return {
    async retrieve(location, context) {
      const { role, question } = await prepared(location, context);
      const { target, chain, http, settings, endpoint } = question;
      const { clock, debug, sleep, random } = options;
      const { mint } = await import("./codeartifact-mint.ts");
      return mint({
        target,
        chain,
        role: role && roleWishOf(role, target, context),
        bounds: boundsOf(question, context),
        username: usernameFor(target.format),
        endpoint,
        timeout: settings.timeout,
        around: { http, clock, debug, sleep, random, trace: context.trace },
      });
    },
    async check(store) {
      await questions.chainOf(store).principal();
    },
    async upstream(location, context) {
      const { role, question } = await prepared(location, context);
      const { target, chain, endpoint, settings, section } = question;
      const mark = role === undefined ? "" : ` as ${roleMark(role, target, context)}`;
      return {
        endpoint: endpoint("codeartifact"),
        principal: `${await chain.principal()}${mark}`,
        duration: settings.duration === undefined ? section?.duration : undefined,
      };
    },
    async describe(location, context) {
      const { describeQuestion } = await import("./codeartifact-describe.ts");
      const { role, question } = await prepared(location, context);
      return describeQuestion({ location, context, role, question, bounds: boundsOf(question, context) });
    },
  };
}

/** What the store says goes before what keyringrc.cfg says. Throws `invalid_ask` for a duration that AWS does not take. */
function boundsOf({ settings, section }: Question, { ask }: RetrieveContext): Omit<Bounds, "session"> {
  const request = ask.kind === "registry" ? ask.duration : undefined;
  if (request !== undefined && !isDuration(request)) {
    throw new KeywrightError("invalid_ask", "the duration is neither 0 nor 900 to 43200 seconds", {
      hint: "0 asks for a token that lives as long as the session of the AWS credentials.",
    });
  }
  return { policy: settings.duration ?? section?.duration ?? DEFAULT_DURATION, request };
}
