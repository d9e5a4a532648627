// What the pages do with logins: find one that waits for a person, and say what the person decided. A door only.
export type { PendingLogin } from "./login-records.ts";
export { approve, approveNow, deny, findByUserCode, findPending } from "./waiting-logins.ts";
export { beginCodeLogin, codeRedirect, deniedRedirect, type BegunCodeLogin } from "./code-login.ts";
