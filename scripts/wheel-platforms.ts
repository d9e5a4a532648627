// The platforms that get a wheel with the executable inside: how Bun and how Python call each. Every other one gets the
// wheel that wants Node. Tests measure whether the tags are true.

export interface Platform {
  readonly name: string;
  /** The platform part of the wheel's tag. The glibc floor, musl and the least macOS are those of Bun's runtime. */
  readonly tag: string;
  /** Bun's package for it, of which package-lock.json has the hash; also its name of the target, without the `@oven/`. */
  readonly runtime: string;
}

export const PLATFORMS: readonly Platform[] = [
  {
    name: "linux-x64",
    tag: "manylinux_2_17_x86_64.manylinux2014_x86_64",
    runtime: "@oven/bun-linux-x64",
  },
  {
    name: "linux-arm64",
    tag: "manylinux_2_17_aarch64.manylinux2014_aarch64",
    runtime: "@oven/bun-linux-aarch64",
  },
  {
    name: "linux-x64-musl",
    tag: "musllinux_1_2_x86_64",
    runtime: "@oven/bun-linux-x64-musl",
  },
  {
    name: "linux-arm64-musl",
    tag: "musllinux_1_2_aarch64",
    runtime: "@oven/bun-linux-aarch64-musl",
  },
  {
    name: "macos-arm64",
    tag: "macosx_13_0_arm64",
    runtime: "@oven/bun-darwin-aarch64",
  },
  { name: "macos-x64", tag: "macosx_13_0_x86_64", runtime: "@oven/bun-darwin-x64" },
  { name: "windows-x64", tag: "win_amd64", runtime: "@oven/bun-windows-x64" },
];

/** The platform that this machine is; undefined: none of those above. */
export function ownPlatform(): Platform | undefined {
  const musl = process.platform === "linux" && glibcOf() === undefined ? "-musl" : "";
  const system = { linux: "linux", darwin: "macos", win32: "windows" }[process.platform as string];
  return PLATFORMS.find(({ name }) => name === `${system}-${process.arch}${musl}`);
}

function glibcOf(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}
