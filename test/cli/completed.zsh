# What a tab makes of a line in an interactive zsh: arguments are the completion script, then the lines.
zmodload zsh/zpty
script=$1; shift
zpty typed zsh -f -i
zpty -w typed "unsetopt zle_bracketed_paste prompt_cr; PS1=; autoload -Uz compinit && compinit -u -D && source ${(q)script}; dump() { print -r -- \"<<\$BUFFER>>\"; BUFFER= }; zle -N dump; bindkey '^X' dump; print -r -- ready'!'"
zpty -r typed out '*ready!*'
for line in "$@"; do
  zpty -w -n typed "$line"$'\t\x18'
  zpty -r typed out '*<<*>>*'
  print -r -- "${${out##*<<}%%>>*}"
done
zpty -d typed
