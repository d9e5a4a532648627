// Mints: credentials → perhaps a role's session → a token. The part of the backend that talks to AWS, loaded only when
// there is nothing in the cache.
import { AwsError } from "../aws/aws-errors.ts";
import type { CallSurroundings } from "../aws/call.ts";
import { getAuthorizationToken } from "../aws/codeartifact-token.ts";
import type { AwsCredentials, CredentialChain } from "../aws/credentials.ts";
import { assumeRole, type AssumedRole, type AssumeRoleWish } from "../aws/sts.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";
import { Secret } from "../secret.ts";
import { lifetimeOf, type Bounds } from "./codeartifact-lifetime.ts";

export interface MintOrder {
  readonly target: CodeArtifactTarget;
  readonly chain: CredentialChain;
  /** undefined: the token is asked for with the credentials themselves. */
  readonly role: AssumeRoleWish | undefined;
  readonly bounds: Omit<Bounds, "session">;
  readonly username: string;
  endpoint(service: "codeartifact" | "sts"): string;
  /** Seconds for what AWS is asked once the credentials are there: finding them has limits of its own. */
  readonly timeout: number;
  readonly around: Omit<CallSurroundings, "deadline">;
}

/** Throws what the chain and `awsCall` throw. */
export async function mint(order: MintOrder): Promise<Secret> {
  try {
    return await minted(order);
  } catch (thrown) {
    if (!(thrown instanceof AwsError) || thrown.kind !== "credentials") throw thrown;
    // Keys are rotated, and sessions revoked, under whoever remembers them: once, those of now.
    order.around.debug?.(`aws: ${thrown.awsCode ?? thrown.status}, the credentials are looked up once more`);
    order.chain.forget();
    return minted(order);
  }
}

async function minted({
  target,
  chain,
  role,
  bounds,
  username,
  endpoint,
  timeout,
  around: { clock, debug, ...others },
}: MintOrder): Promise<Secret> {
  const { region, domain, owner } = target;
  const own = await chain.credentials();
  const around = { ...others, clock, debug, deadline: clock.now() + timeout };
  const session =
    role === undefined
      ? undefined
      : await assumeRole({ ...around, endpoint: endpoint("sts"), region, credentials: own }, role);
  const credentials = session ?? own;
  const left = credentials.expiresAt === undefined ? undefined : credentials.expiresAt - clock.now();
  const life = lifetimeOf({ ...bounds, session: left });
  debug?.(`aws: a token for ${domain} of ${owner}, duration ${life.duration} (${life.decided} decides)`);
  const token = await getAuthorizationToken(
    { ...around, endpoint: endpoint("codeartifact"), region, credentials },
    { domain, owner, duration: life.duration },
  );
  const upstream = upstreamOf(credentials, session);
  return new Secret(token.reveal(), { expiresAt: token.expiresAt, username, upstream });
}

/** Whom AWS's own records name, for the audit. */
function upstreamOf({ accessKeyId, role }: AwsCredentials, session: AssumedRole | undefined): string {
  return [accessKeyId, session?.assumedRoleArn ?? role].filter((part) => part !== undefined).join(" ");
}
