// One case of the comparison with menda-keyring 0.0.2: everything that a lookup depends on, as data. In every text,
// {host} stands for the address of the recording server for this case, {home} for its home folder, {port} for its port,
// {https} for the server's TLS side, {ca} for the file of its authority, {closed} for a port where nobody listens.

export interface OracleCase {
  readonly name: string;
  /** What the installer asks for; a CodeArtifact index unless the case is about addresses. */
  readonly service: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path below the home folder → what is there. */
  readonly files: Readonly<Record<string, OracleFile>>;
  /** What the server answers at oauth2/token and registry/token. */
  readonly token: Reply;
  readonly registry: Reply;
  /** Seconds for one request, on both sides; undefined: as they are. */
  readonly timeLimit?: number | undefined;
}

export type OracleFile =
  | { readonly text: string; readonly latin1?: boolean | undefined; readonly mode?: number | undefined }
  | "folder";

/** A whole answer. In its body {query} stands for the query string that came, {bearer} for the token that came. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: readonly string[] | undefined;
  readonly latin1?: boolean | undefined;
  /** `silence`: nothing comes. `hang up`: the connection ends in the middle of the body. */
  readonly fault?: "silence" | "hang up" | undefined;
}

export type Result =
  | { readonly answer: string }
  /** "Not mine": the keyring has nothing to say. */
  | { readonly nothing: true }
  | { readonly error: string; readonly message: string; readonly status: number | null };

export interface Outcome {
  readonly result: Result;
  /** What the server saw, one line a request; the question for metadata, which the original does not know, is left out. */
  readonly requests: readonly string[];
}

export const INDEX = "https://example-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/main/simple/";
export const MENDACFG = ".menda/mendacfg";
export const TOKENS = ".menda/tokens/cache/.token";
export const MACHINE = "auth_type = m2m\nclient_id = profile-id\nclient_secret = profile-secret\n";
export const TRIO = { MENDA_CLIENT_ID: "env-id", MENDA_CLIENT_SECRET: "env-secret", MENDA_HOST: "{host}" };

type Parts = Partial<Omit<OracleCase, "name" | "token" | "registry" | "files">> & {
  readonly mendacfg?: string;
  readonly tokens?: string;
  readonly files?: OracleCase["files"];
  readonly token?: Partial<Reply>;
  readonly registry?: Partial<Reply>;
};

/** A case where everything that is not said is as it should be. */
export function oracleCase(name: string, parts: Parts): OracleCase {
  const { mendacfg, tokens, files = {}, token, registry, ...rest } = parts;
  return {
    name,
    service: INDEX,
    env: {},
    ...rest,
    files: {
      ...(mendacfg === undefined ? {} : { [MENDACFG]: { text: mendacfg } }),
      ...(tokens === undefined ? {} : { [TOKENS]: { text: tokens } }),
      ...files,
    },
    token: { status: 200, body: '{"access_token":"access.token-1"}', ...token },
    registry: { status: 200, body: '{"token":"registry.token-1"}', ...registry },
  };
}

/** A case of the environment's machine, about what the server answers. */
export function answered(name: string, replies: Pick<Parts, "token" | "registry" | "timeLimit">): OracleCase {
  return oracleCase(name, { env: TRIO, ...replies });
}
