// Says to a person what to do in which browser, opens it where that is wanted, and draws the QR code where it helps.
import type { DeviceCode } from "../account/login/login-answer.ts";
import type { Screen } from "./auth-screen.ts";
import { qrText } from "./qr.ts";

export interface Showing {
  readonly host: string;
  readonly screen: Screen;
  /** True: a browser is opened, where there is one. */
  readonly opens: boolean;
}

/** @param showing.qr undefined: only where no browser opens. */
export async function showCode(
  { userCode, page, complete }: DeviceCode,
  { host, screen, opens, qr }: Showing & { readonly qr: boolean | undefined },
): Promise<void> {
  const target = complete ?? page;
  const opened = opens && screen.browser !== undefined;
  screen.line(`To log in to ${host}, ${opened ? "look at the browser that opens, or go to" : "go to"}`);
  screen.line(`  ${target}`);
  const task =
    complete === undefined ? "and type this code there" : "and confirm this code if it is the same there";
  screen.line(`${task}: ${userCode}`);
  const drawn = screen.room === undefined || !(qr ?? !opened) ? undefined : await qrText(target, screen.room);
  if (drawn !== undefined) screen.line(`\n${drawn}`);
  if (opened) screen.open(target);
}

export function showPage(page: string, { host, screen, opens }: Showing): void {
  const opened = opens && screen.browser !== undefined;
  screen.line(
    `To log in to ${host}, ${opened ? "look at the browser that opens, or go to" : "open this in the browser of this machine:"}`,
  );
  screen.line(`  ${page}`);
  if (opened) screen.open(page);
}
