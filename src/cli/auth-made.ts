// Makes a login: by the identity that a job has, or by a person in one of the ways of auth-way.ts, who is shown what to do.
// It keeps nothing.
import { againFor } from "../account/account.ts";
import { findAmbient } from "../account/ambient/ambient.ts";
import { browserLogin, type BrowserLoginOptions } from "../account/login/browser-login.ts";
import { deviceLogin, type Person } from "../account/login/device-login.ts";
import type { Granted } from "../account/login/login-answer.ts";
import { mendaLogin } from "../account/login/login-menda.ts";
import { nameIn } from "../account/login/login-name.ts";
import { CLIENT_ID, loginOf, scopeFor } from "../account/login/login-result.ts";
import type { Login } from "../account/login/login-store.ts";
import { loginWhoami } from "../account/login/login-whoami.ts";
import { whoami } from "../account/whoami.ts";
import { workloadLogin } from "../account/login/workload-login.ts";
import { awsAmbient } from "../aws/ambient-identity.ts";
import { KeywrightError } from "../errors.ts";
import type { HostMetadata } from "../account/host-metadata.ts";
import type { AuthPlace } from "./auth-place.ts";
import { countedDown, type Screen } from "./auth-screen.ts";
import { showCode, showPage } from "./auth-show.ts";
import type { Target } from "./auth-target.ts";
import { type Way, type WayWanted, wayTo } from "./auth-way.ts";

export interface Made {
  readonly login: Login;
  /** undefined: no person logged in. */
  readonly granted?: Granted;
  /** Whose identity it is, for people. */
  readonly title?: string;
  /** Asks the host what it calls us; undefined: it does not say. */
  readonly ask?: (() => Promise<string | undefined>) | undefined;
}

export interface MadeHow extends WayWanted {
  readonly qr?: boolean;
}

/** undefined: there is no such identity, or the person wants to log in. Throws for one that is there and does not work. */
export async function ambientLogin(
  target: Target,
  { device, browser, shareWithMenda }: MadeHow,
  place: AuthPlace,
  screen: Screen,
): Promise<Made | undefined> {
  if (device === true || browser === true) return undefined;
  const ambient = await findAmbient({
    ...place,
    debug: place.log?.debug,
    more: [awsAmbient],
    attended: screen.attended,
  });
  if (ambient === undefined) return undefined;
  screen.line(`found the identity of ${ambient.title}, logging in with it`);
  if (shareWithMenda === true) {
    throw new KeywrightError("usage", "the login of a job cannot be shared with menda-keyring", {
      hint: "Leave --share-with-menda out; add --device if a person shall log in here.",
    });
  }
  const { host, profile } = target;
  const metadata = await place.metadata(host);
  const dpop = metadata?.dpop === true ? place.key() : undefined;
  const { http, clock } = place;
  const made = await workloadLogin(ambient, {
    host,
    profile,
    metadata,
    http,
    clock,
    dpop,
    deadline: undefined,
  });
  return { login: made, title: ambient.title, ask: asks(made, metadata, place) };
}

export async function personLogin(
  target: Target,
  how: MadeHow,
  place: AuthPlace,
  screen: Screen,
): Promise<Made> {
  const { host, profile } = target;
  const metadata = await place.metadata(host);
  const way = wayTo(host, metadata, how, screen.browser);
  const release = screen.endable();
  try {
    const asked = place.clock.now();
    const { granted, ...facts } = await performed(way, { target, metadata, how, place, screen });
    const source = way.kind === "browser" ? "browser" : "device";
    const login = loginOf(granted, {
      host,
      profile,
      source,
      now: Math.max(asked, place.clock.now()),
      ...facts,
    });
    return { login, granted, ask: asks(login, metadata, place) };
  } finally {
    screen.done();
    release();
  }
}

interface Asking {
  readonly target: Target;
  readonly metadata: HostMetadata | undefined;
  readonly how: MadeHow;
  readonly place: AuthPlace;
  readonly screen: Screen;
}

type Result = { readonly granted: Granted } & Pick<Login, "tokenEndpoint" | "clientId" | "shared"> & {
    readonly proven: boolean;
  };

async function performed(way: Way, asking: Asking): Promise<Result> {
  const { target, metadata, place } = asking;
  const { host } = target;
  const again = againFor(target.profile);
  const { http, clock } = place;
  if (way.kind === "menda") {
    const granted = await mendaLogin({ host, http, again, ...personOf(asking) });
    return {
      granted,
      tokenEndpoint: undefined,
      clientId: granted.clientId,
      shared: way.shared,
      proven: false,
    };
  }
  const dpop = metadata?.dpop === true ? place.key() : undefined;
  const { tokenEndpoint } = way;
  const common = {
    host,
    http,
    clock,
    tokenEndpoint,
    clientId: CLIENT_ID,
    scope: scopeFor(metadata?.scopes),
    dpop,
    again,
  };
  const facts = { tokenEndpoint, clientId: CLIENT_ID, shared: false, proven: dpop !== undefined };
  if (way.kind === "device")
    return {
      ...facts,
      granted: await deviceLogin({ ...common, ...personOf(asking), deviceEndpoint: way.deviceEndpoint }),
    };
  const { authorizationEndpoint } = way;
  const saysIssuer = metadata?.saysIssuer === true;
  return {
    ...facts,
    granted: await browserLogin({ ...common, authorizationEndpoint, saysIssuer, ...browserOf(asking) }),
  };
}

function personOf({ target, how, place: { clock }, screen }: Asking): Person {
  let until = 0;
  return {
    clock,
    async show(code, expiresAt) {
      until = expiresAt;
      await showCode(code, {
        host: target.host,
        qr: how.qr,
        opens: how.device !== true && how.browser !== false,
        screen,
      });
    },
    wait: (seconds) => countedDown(seconds, { screen, left: () => until - clock.now() }),
  };
}

function browserOf({
  target,
  how,
  place: { clock },
  screen,
}: Asking): Pick<BrowserLoginOptions, "open" | "wait"> {
  return {
    open: (page) => showPage(page, { host: target.host, opens: how.browser !== false, screen }),
    wait(seconds, signal) {
      const until = clock.now() + seconds;
      return countedDown(seconds, { screen, left: () => until - clock.now(), signal });
    },
  };
}

/** How to find out what the host calls us; undefined: it has no such question. */
function asks(login: Login, metadata: HostMetadata | undefined, place: AuthPlace): Made["ask"] {
  const { http, memory, clock } = place;
  const { host, profile, accessToken } = login;
  if (metadata === undefined || login.shared) {
    const account = { kind: "user", host, profile, cached: accessToken } as const;
    const now = clock.now();
    const options = { http, memory, protocol: "menda", now, deadline: now + 5 } as const;
    return async () => nameIn(await whoami(account, options));
  }
  const { whoamiEndpoint: endpoint } = metadata;
  if (endpoint === undefined) return undefined;
  const dpop = login.bound ? place.key() : undefined;
  return async () => nameIn(await loginWhoami(login, { http, endpoint, dpop, again: againFor(profile) }));
}
