// The Python clients that `setup` and `doctor` know by name.

export const CLIENTS = [
  "pip",
  "uv",
  "poetry",
  "pdm",
  "hatch",
  "twine",
  "pipx",
  "tox",
  "build",
  "pipenv",
] as const;

export type Client = (typeof CLIENTS)[number];
