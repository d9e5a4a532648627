// SecretStore: a place that a backend can fetch from, with the root that no location may leave.

export type OptionValue =
  | string
  | number
  | boolean
  | null
  | readonly OptionValue[]
  | { readonly [key: string]: OptionValue };

export interface SecretStore {
  readonly name: string;
  /** The name of the backend, a key of the table of backends. */
  readonly backend: string;
  /** The folder inside the backend that every path is relative to; "" when there is none. */
  readonly root: string;
  /** Seconds that a kept token must still live to be handed out again; undefined: a minute, or a tenth of its life. */
  readonly minLife?: number | undefined;
  readonly options: { readonly [key: string]: OptionValue };
}
