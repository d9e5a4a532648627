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
export { digestOf } from "./config/store/digest.ts";
export { ConfigStoreError, type ConfigStoreFault } from "./config/store/fault.ts";
export {
  loadStoreConfig as loadConfig,
  provenanceOf,
  type Provenance,
  type StoreConfigOptions,
} from "./config/store/load.ts";
export { makeSubconfig, makeView, toConfigData, type MXMConfig } from "./config/store/view.ts";
export { discoverMachine, discoverSubstrate, type Sights } from "./identity/discover.ts";
export {
  buildRuntimeContext,
  type RuntimeContext,
  type RuntimeContextOptions,
  type RuntimeMetadata,
} from "./runtime/context.ts";
export type { Database, DbConfigs } from "./runtime/databases.ts";
export {
  attestRuntimeIdentity,
  buildRuntimeIdentity,
  RuntimeIdentityAttestationError,
  RuntimeIdentityError,
  validateRuntimeIdentityShape,
} from "./runtime/identity.ts";
export type { RuntimePaths } from "./runtime/paths.ts";
export { Secret, type SecretOptions } from "./secret.ts";
export type { Action, Ask, RegistryAsk, SecretAsk } from "./resolver/ask.ts";
export type { AuditLog, DecisionEntry, IssuedEntry } from "./resolver/audit-log.ts";
export type { Backend, RetrieveContext, Upstream } from "./resolver/backend.ts";
export type { Explanation } from "./resolver/explain.ts";
export type { Attestation, Known } from "./resolver/identity.ts";
export type { Location } from "./resolver/location.ts";
export type { Rule } from "./resolver/policy.ts";
export type { AuditChoice, AuditEntry } from "./secrets/audit.ts";
export type { AttestedIdentity, RuntimeIdentity } from "./secrets/identity.ts";
export { Principal, ResolvedSecretLocation, SecretPolicy, SecretRef, SecretStore } from "./secrets/models.ts";
export type {
  Answer,
  SecretName,
  SecretQuestion,
  SecretQuestionOr,
  SecretsConfigData,
} from "./secrets/names.ts";
export {
  SecretPolicyRegistry,
  SecretRefRegistry,
  SecretStoreRegistry,
  type Registry,
} from "./secrets/registries.ts";
export { SecretsApi, type SecretsOptions, type StoreState } from "./secrets/secrets-api.ts";
