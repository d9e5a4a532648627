// The identity of a job at Azure DevOps. Its audience is Entra's own and cannot be chosen.
import { isLoopback } from "../../loopback.ts";
import { Secret } from "../../secret.ts";
import { answeredToken } from "./ambient-answer.ts";
import { broken, isTrue, setting, type AmbientSource } from "./ambient-source.ts";

const ADDRESS = "SYSTEM_OIDCREQUESTURI";
const ACCESS = "SYSTEM_ACCESSTOKEN";
const TITLE = "Azure DevOps";

export const azureDevops: AmbientSource = {
  name: "azure-devops",
  kind: "job",
  detect: ({ env, http, deadline }, named) => {
    const address = setting(env, ADDRESS);
    const access = setting(env, ACCESS);
    if (address === undefined && access === undefined && !named && !isTrue(env, "TF_BUILD")) return undefined;
    if (address === undefined || access === undefined) {
      const missing = address === undefined ? ADDRESS : ACCESS;
      throw broken(
        `${TITLE} gives this job no identity: ${missing} is not set`,
        `Map it in the step: env: { ${ACCESS}: $(System.AccessToken) }`,
      );
    }
    const url = checked(address);
    const token = new Secret(access);
    return {
      title: TITLE,
      obtain: async () =>
        answeredToken(
          await http.request({
            method: "POST",
            url: url.href,
            headers: {
              Authorization: `Bearer ${token.reveal()}`,
              Accept: "application/json",
              // Else a refusal is a redirect to a login page.
              "X-TFS-FedAuthRedirect": "Suppress",
            },
            deadline,
          }),
          "oidcToken",
          TITLE,
        ),
      remedy: () =>
        "Its audience is always api://AzureADTokenExchange, so whoever gets the token could use it at Entra.",
    };
  },
};

function checked(address: string): URL {
  const url = URL.parse(address);
  const web = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === null || !web || `${url.username}${url.password}${url.hash}` !== "") {
    throw broken(
      `${ADDRESS} is no plain https address, so ${ACCESS} is not sent there`,
      "Leave it as the agent sets it",
    );
  }
  url.searchParams.set("api-version", "7.1");
  return url;
}
