export const shellNames = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shellNames)[number];

/*
 * Each asks the program itself: `flux-chatops __complete -- LINE` prints a word and its help per line, with
 * a tab between, and `:files` where names of files fit. Whatever goes wrong prints nothing.
 */

const bash = `# Completion of flux-chatops for bash.
# In this shell: source <(flux-chatops completion bash)
_flux_chatops() {
  local line="\${COMP_LINE:0:COMP_POINT}" program="\${COMP_WORDS[0]/#\\~/$HOME}"
  local word="\${line##*[[:space:]]}" reply text strip='' at
  COMPREPLY=()
  while IFS= read -r reply; do
    text="\${reply%%$'\\t'*}"
    if [[ $text == :files ]]; then
      compopt -o filenames 2>/dev/null
      local value="\${word#*=}"
      while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$value")
    elif [[ -n $text ]]; then
      COMPREPLY+=("$text")
    fi
  done < <("$program" __complete -- "$line" 2>/dev/null)
  # bash sees a word end at some signs, such as = and @, and adds what we say behind the last of them
  for ((at = 0; at < \${#word}; at++)); do
    if [[ $COMP_WORDBREAKS == *"\${word:at:1}"* ]]; then strip="\${word:0:at+1}"; fi
  done
  if [[ -n $strip ]]; then
    for at in "\${!COMPREPLY[@]}"; do COMPREPLY[at]="\${COMPREPLY[at]#"$strip"}"; done
  fi
}
complete -F _flux_chatops flux-chatops flux-chatops.js
`;

const zsh = `#compdef flux-chatops flux-chatops.js
# Completion of flux-chatops for zsh: a file _flux-chatops in a folder of $fpath, before compinit;
# or in this shell: source <(flux-chatops completion zsh)
_flux_chatops() {
  local line reply program=\${words[1]/#\\~/$HOME}
  local -a texts shown
  line="\${(j: :)\${(@)words[1,CURRENT-1]}} $PREFIX"
  while IFS= read -r reply; do
    if [[ $reply == :files ]]; then
      [[ $PREFIX == --*=* ]] && compset -P '*='
      _files
    elif [[ -n $reply ]]; then
      texts+=("\${reply%%$'\\t'*}")
      shown+=("\${reply/$'\\t'/  -- }")
    fi
  done < <("$program" __complete -- "$line" 2>/dev/null)
  (( \${#texts} )) && compadd -l -d shown -a texts
}
if [[ \${funcstack[1]-} == _flux-chatops ]]; then
  _flux_chatops "$@"
elif (( $+functions[compdef] )); then
  compdef _flux_chatops flux-chatops flux-chatops.js
fi
`;

const fish = `# Completion of flux-chatops for fish: ~/.config/fish/completions/flux-chatops.fish
function __flux_chatops_complete
    set -l program (commandline -opc)[1]
    set -l line (commandline -cp)
    for reply in ($program __complete -- "$line" 2>/dev/null)
        if test "$reply" = ":files"
            __fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' '')
        else
            echo $reply
        end
    end
end
complete -c flux-chatops -f -a '(__flux_chatops_complete)'
complete -c flux-chatops.js -f -a '(__flux_chatops_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
