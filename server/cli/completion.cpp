#include "cli/completion.hpp"

namespace livyd {
namespace {

constexpr std::string_view bash_completion = R"(# bash completion for livyd
_livyd() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  case $before in
    --kind) COMPREPLY=($(compgen -W "pyspark spark sql sparkr" -- "$word")); return ;;
    --profiles|--python) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --profile|--url|--session|--port|-c) return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "run sessions local trust serve completion version --help" -- "$word"))
    return
  fi
  local words
  case $command in
    run) words="-c --profile --url --profiles --session --once --kind --json --yes --help" ;;
    sessions) words="kill --profile --url --profiles --json --yes --help" ;;
    local) words="--port --python --strict --help" ;;
    serve) words="--stdio --help" ;;
    completion) words="bash zsh fish" ;;
    *) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case $command in run|trust) COMPREPLY+=($(compgen -f -- "$word")) ;; esac
}
complete -o filenames -F _livyd livyd
)";

constexpr std::string_view zsh_completion = R"(#compdef livyd
_livyd() {
  local -a commands=(
    'run:run a file, code or standard input' 'sessions:list or kill sessions'
    'local:the embedded Livy endpoint' 'trust:use the profiles of a workspace'
    'serve:speak JSON-RPC with an editor' 'completion:print a completion script'
    'version:print the version')
  local -a where=('--profile[the server to use]:name:' '--url[a server without a profile]:url:'
    '--profiles[a file of profiles]:file:_files' '--json[one event a line]' '--yes[do not ask]')
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    run) _arguments $where '-c[code]:code:' '--session[id or name]:session:' \
      '--once[delete the session afterwards]' '--kind[language]:kind:(pyspark spark sql sparkr)' \
      '*:file:_files' ;;
    sessions) _arguments $where '1:action:(kill)' '*:session:' ;;
    local) _arguments '--port[port]:port:' '--python[interpreter]:file:_files' '--strict[as bad as Livy]' ;;
    trust) _files -/ ;;
    serve) _arguments '--stdio[standard input and output]' ;;
    completion) _values shell bash zsh fish ;;
  esac
}
_livyd "$@"
)";

constexpr std::string_view fish_completion = R"(# fish completion for livyd
set -l commands run sessions local trust serve completion version
complete -c livyd -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c livyd -n "__fish_seen_subcommand_from run" -F
complete -c livyd -n "__fish_seen_subcommand_from run" -s c -x -d "code"
complete -c livyd -n "__fish_seen_subcommand_from run" -l session -x -d "an existing session"
complete -c livyd -n "__fish_seen_subcommand_from run" -l once -d "delete the session afterwards"
complete -c livyd -n "__fish_seen_subcommand_from run" -l kind -x -a "pyspark spark sql sparkr"
complete -c livyd -n "__fish_seen_subcommand_from run sessions" -l profile -x -d "the server to use"
complete -c livyd -n "__fish_seen_subcommand_from run sessions" -l url -x -d "a server without a profile"
complete -c livyd -n "__fish_seen_subcommand_from run sessions" -l profiles -r -d "a file of profiles"
complete -c livyd -n "__fish_seen_subcommand_from run sessions" -l json -d "one event a line"
complete -c livyd -n "__fish_seen_subcommand_from run sessions" -s y -l yes -d "do not ask"
complete -c livyd -n "__fish_seen_subcommand_from sessions" -f -a kill
complete -c livyd -n "__fish_seen_subcommand_from local" -l port -x
complete -c livyd -n "__fish_seen_subcommand_from local" -l python -r
complete -c livyd -n "__fish_seen_subcommand_from local" -l strict
complete -c livyd -n "__fish_seen_subcommand_from serve" -f -l stdio
complete -c livyd -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
)";

}  // namespace

std::string_view completion_script(const std::string& shell) {
  if (shell == "bash") return bash_completion;
  return shell == "zsh" ? zsh_completion : fish_completion;
}

}  // namespace livyd
