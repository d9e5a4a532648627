// The version, here so that the executable needs no package.json. A test holds it to package.json.
export const VERSION = "0.1.0";
