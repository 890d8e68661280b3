/** Shells whose completion is known. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type ShellName = (typeof shells)[number]

/** What a shell reads to complete the words of `starcluster`: it asks the program itself at each Tab. */
export function completionScript(shell: ShellName): string {
  return { bash, zsh, fish }[shell]
}

// Bash breaks words at `=` and `:`, and COMPREPLY replaces only what is behind the last break.
const bash = `# starcluster completion for bash: eval "$(starcluster completion bash)"
_starcluster() {
  local line word files=
  local cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  [ "$cur" = "=" ] && cur=
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then files=1; continue; fi
    word=\${line%%$'\\t'*}
    case $COMP_WORDBREAKS in *=*) [[ $word == --*=* ]] && word=\${word#*=} ;; esac
    COMPREPLY+=("$word")
  done < <(starcluster __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
  fi
}
complete -F _starcluster starcluster
`

const zsh = `#compdef starcluster
# starcluster completion for zsh: eval "$(starcluster completion zsh)" behind compinit, or as _starcluster in $fpath
_starcluster() {
  local line files=
  local -a words_only described
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then files=1; continue; fi
    words_only+=("\${line%%$'\\t'*}")
    described+=("\${line/$'\\t'/  -- }")
  done < <(starcluster __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#words_only} )) && compadd -l -d described -a -- words_only
  [[ -n $files ]] && _files
  return 0
}
if [[ \${funcstack[1]} == _starcluster ]]; then _starcluster "$@"; else compdef _starcluster starcluster; fi
`

const fish = `# starcluster completion for fish: starcluster completion fish | source
function __starcluster_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (starcluster __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo -- $line
        end
    end
end
complete -c starcluster -f -a '(__starcluster_complete)'
`
