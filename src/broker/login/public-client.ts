// The one public client of a person's login, and what its logins may do. Names only.

/** Its `client_id`. It has no secret and is in no table. */
export const PUBLIC_CLIENT = "keywright";

/** What a login over the menda face may do: ask for the registry's token, and who it is. */
export const MENDA_SCOPE = "menda";

export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** Seconds that a login waits for its person, and between two polls (RFC 8628 section 3.2). */
export const LOGIN_LIFE = 600;
export const PACE = 5;
