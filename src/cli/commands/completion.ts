import { completionScript, type ShellName, shells } from '../completion/scripts.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .addArgument(command.createArgument('<shell>', 'the shell you use').choices(shells))
    .action((shell: ShellName) => cli.print(completionScript(shell).trimEnd()))
  examples(command, [
    ['eval "$(starcluster completion bash)"', 'in ~/.bashrc'],
    ['starcluster completion zsh > ~/.zfunc/_starcluster', 'with fpath+=~/.zfunc before compinit in ~/.zshrc'],
    ['starcluster completion fish | source', 'in ~/.config/fish/config.fish'],
  ])
}
