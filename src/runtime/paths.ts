// The folders of an application (`mxm_paths`): four, all named by the configuration. It makes none of them.
import { fieldsOf } from "../config/fields.ts";
import { inHome } from "../config/store/load.ts";
import type { MapTree } from "../config/tree.ts";

export interface RuntimePaths {
  readonly dataRoot: string;
  readonly artifactRoot: string;
  readonly exportRoot: string;
  readonly logRoot: string;
}

/** `~/` is the home folder; a relative path stays relative. Throws `configuration` with the place of what is wrong. */
export function runtimePaths(section: MapTree, home: string | undefined): RuntimePaths {
  const fields = fieldsOf(section, "mxm_paths", ["data_root", "artifact_root", "export_root", "log_root"]);
  const folder = (key: string): string => inHome(fields.requiredText(key), home);
  return Object.freeze({
    dataRoot: folder("data_root"),
    artifactRoot: folder("artifact_root"),
    exportRoot: folder("export_root"),
    logRoot: folder("log_root"),
  });
}
