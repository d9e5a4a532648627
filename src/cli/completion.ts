// `keywright completion`: prints a script that completes keywright's commands and options in a shell. The script is
// made of the commands there are, and starts no program when it completes.
import { Argument, type Command } from "commander";
import type { CliContext } from "./context.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
type Shell = (typeof SHELLS)[number];

const EXAMPLES = `
Examples:
  keywright completion bash > ~/.local/share/bash-completion/completions/keywright
  keywright completion zsh > "\${fpath[1]}/_keywright"
  keywright completion fish > ~/.config/fish/completions/keywright.fish
  keywright completion powershell >> $PROFILE`;

/** Add it last: it completes the commands that `program` has. */
export function addCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell that reads it").choices(SHELLS))
    .addHelpText("after", EXAMPLES)
    .action(async (shell: Shell) => {
      const { completionPlaces } = await import("./completion-places.ts");
      const { bashScript, fishScript, powershellScript, zshScript } = await import("./completion-scripts.ts");
      const write = { bash: bashScript, zsh: zshScript, fish: fishScript, powershell: powershellScript }[
        shell
      ];
      context.out(write(completionPlaces(program)));
    });
}
