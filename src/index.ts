// The door for programs.
export { openKeywright, type Keywright, type KeywrightOptions } from "./keywright.ts";
export {
  asKeywrightError,
  InvalidCachedTokenError,
  KeywrightError,
  M2MProfileWithoutClientCredentialsError,
  MendaCloudAPIError,
  MendaKeyRingError,
  NoCachedLoginError,
  ProfileNotFoundError,
  ProfileWithoutHostError,
  type ErrorCode,
} from "./errors.ts";
export { Secret, type SecretOptions } from "./secret.ts";
export type { Action, Ask, RegistryAsk, SecretAsk } from "./resolver/ask.ts";
export type { AuditLog, DecisionEntry, IssuedEntry } from "./resolver/audit-log.ts";
export type { Backend, RetrieveContext, Upstream } from "./resolver/backend.ts";
export type { Attestation, Known, RuntimeIdentity } from "./resolver/identity.ts";
export type { Location } from "./resolver/location.ts";
export type { SecretPolicy, Rule } from "./resolver/policy.ts";
export type { SecretRef } from "./resolver/ref.ts";
export type { SecretStore } from "./resolver/store.ts";
