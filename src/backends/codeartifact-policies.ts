// Session policies for exactly one repository of CodeArtifact: whatever the role allows besides, a token minted under one
// of them is good for nothing else. Source: "Identity and access management" of the CodeArtifact user guide.
import { KeywrightError } from "../errors.ts";
import type { Action } from "../resolver/ask.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";

/** Characters that STS takes in a session policy. */
export const LONGEST_POLICY = 2048;

/** An IAM policy as JSON. Publishing reads, too: clients look for what is there already. Throws `denied` without a repository. */
export function sessionPolicyFor(action: Action, target: CodeArtifactTarget): string {
  const { domain, owner, region, partition, format, repository } = target;
  if (repository === undefined || format === undefined) {
    throw new KeywrightError(
      "denied",
      `the session policy '${action}' is for one repository, and the question names none of ${domain}`,
      { hint: "Ask with the address of the repository, or write the session_policy of the role out." },
    );
  }
  const arn = (kind: string, path: string): string =>
    `arn:${partition}:codeartifact:${region}:${owner}:${kind}/${domain}${path}`;
  const mint = {
    ...allow("sts:GetServiceBearerToken", "*"),
    Condition: { StringEquals: { "sts:AWSServiceName": "codeartifact.amazonaws.com" } },
  };
  const publish = allow(
    ["codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"],
    arn("package", `/${repository}/${format}/*`),
  );
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      allow("codeartifact:GetAuthorizationToken", arn("domain", "")),
      mint,
      allow("codeartifact:ReadFromRepository", arn("repository", `/${repository}`)),
      ...(action === "publish" ? [publish] : []),
    ],
  });
}

function allow(Action: string | readonly string[], Resource: string): object {
  return { Effect: "Allow", Action, Resource };
}
