#include "cli/completion.hpp"

namespace livyd {
namespace {

constexpr std::string_view bash_completion = R"(# bash completion for livyd
_livyd() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  case $before in
    --auth) COMPREPLY=($(compgen -W "none basic bearer kerberos" -- "$word")); return ;;
    --kind) COMPREPLY=($(compgen -W "pyspark spark sql sparkr" -- "$word")); return ;;
    --profiles|--python|--push|--output|-o) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --profile|--url|--user|--session|--port|--tail|--from|-c) return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "run runs session sessions statements logs profiles batch hdfs deploy reload standalone state doctor local trust serve completion version --help" -- "$word"))
    return
  fi
  local words
  case $command in
    run) words="-c --profile --url --auth --user --profiles --session --once --kind --json --yes --help" ;;
    runs) words="show search clear --code --json --help" ;;
    session) words="show start attach restart stop keep --profile --url --auth --user --profiles --json --yes --help" ;;
    sessions) words="kill --mine --all --profile --url --auth --user --profiles --json --yes --help" ;;
    statements) words="cancel --session --profile --url --auth --user --profiles --json --yes --help" ;;
    logs) words="--follow --tail --from --session --profile --url --auth --user --profiles --json --help" ;;
    profiles) words="list show import --profiles --json --help" ;;
    batch) words="submit list show log kill --standalone --no-wait --follow --tail --from --profile --url --auth --user --profiles --json --yes --help" ;;
    hdfs) words="ls get put rm mkdir cat mv du --force --recursive --profile --profiles --json --yes --help" ;;
    deploy) words="list rm --dry-run --from --profile --url --auth --user --profiles --json --yes --help" ;;
    reload) words="--push --profile --url --auth --user --profiles --json --yes --help" ;;
    standalone) words="--output --profile --profiles --json --help" ;;
    state) words="--profile --url --auth --user --profiles --help" ;;
    doctor) words="--profile --url --auth --user --profiles --json --help" ;;
    local) words="--port --python --strict --help" ;;
    serve) words="--stdio --help" ;;
    completion) words="bash zsh fish" ;;
    *) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case $command in run|trust|profiles|batch|hdfs|standalone) COMPREPLY+=($(compgen -f -- "$word")) ;; esac
}
complete -o filenames -F _livyd livyd
)";

constexpr std::string_view zsh_completion = R"(#compdef livyd
_livyd() {
  local -a commands=(
    'run:run a file, code or standard input' 'runs:what was run in this folder'
    'session:the session of this folder' 'sessions:list or kill sessions'
    'statements:what a session was asked to run' "logs:the driver's log"
    'profiles:the servers that are set up' 'batch:files that run by themselves'
    "hdfs:the cluster's files"
    "deploy:this folder's packages on the cluster" 'reload:load changed modules again'
    'standalone:one file with the packages inside' 'state:what livyd believes'
    'doctor:what is wrong on the way to a server'
    'local:the embedded Livy endpoint' 'trust:use the profiles of a workspace'
    'serve:speak JSON-RPC with an editor' 'completion:print a completion script'
    'version:print the version')
  local -a where=('--profile[the server to use]:name:' '--url[a server without a profile]:url:'
    '--auth[how to log in at the url]:type:(none basic bearer kerberos)' '--user[the name to log in with]:user:'
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
    runs) _arguments '--json[one run a line]' '--code[the code]' \
      '1:action:(show search clear)' '*:words:' ;;
    session) _arguments $where '1:action:(show start attach restart stop keep)' '*:session:' ;;
    sessions) _arguments $where '--mine[yours]' '--all[all of them]' '1:action:(kill)' '*:session:' ;;
    statements) _arguments $where '--session[id or name]:session:' '1:action:(cancel)' '*:number:' ;;
    logs) _arguments $where '(-f --follow)'{-f,--follow}'[as it grows]' '--tail[last lines]:lines:' \
      '--from[first line]:line:' '--session[id or name]:session:' ;;
    profiles) _arguments '--profiles[a file of profiles]:file:_files' '--json[one profile a line]' \
      '1:action:(list show import)' '*:file:_files' ;;
    batch) _arguments $where '--standalone[with the packages, in one file]' '--no-wait[do not wait for its end]' \
      '(-f --follow)'{-f,--follow}'[as it grows]' '(-n --tail)'{-n,--tail}'[last lines]:lines:' '--from[first line]:line:' \
      '1:action:(submit list show log kill)' '*:file:_files' ;;
    hdfs) _arguments '--profile[the server to use]:name:' '--profiles[a file of profiles]:file:_files' \
      '(-f --force)'{-f,--force}'[replace a file]' '(-r --recursive)'{-r,--recursive}'[a folder with its content]' \
      '--json[one entry a line]' '--yes[do not ask]' '1:action:(ls get put rm mkdir cat mv du)' '*:file:_files' ;;
    deploy) _arguments $where '--dry-run[what would be sent]' '--from[where the project is]:path:_files' \
      '1:action:(list rm)' '*:target:' ;;
    reload) _arguments $where '--push[a file that was never deployed]:file:_files' '*:module:' ;;
    standalone) _arguments $where '(-o --output)'{-o,--output}'[the file]:file:_files' '1:script:_files' ;;
    state|doctor) _arguments $where ;;
    local) _arguments '--port[port]:port:' '--python[interpreter]:file:_files' '--strict[as bad as Livy]' ;;
    trust) _files -/ ;;
    serve) _arguments '--stdio[standard input and output]' ;;
    completion) _values shell bash zsh fish ;;
  esac
}
_livyd "$@"
)";

constexpr std::string_view fish_completion = R"(# fish completion for livyd
set -l commands run runs session sessions statements logs profiles batch hdfs deploy reload standalone state doctor local trust serve completion version
complete -c livyd -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c livyd -n "__fish_seen_subcommand_from run" -F
complete -c livyd -n "__fish_seen_subcommand_from run" -s c -x -d "code"
complete -c livyd -n "__fish_seen_subcommand_from run statements logs" -l session -x -d "an existing session"
complete -c livyd -n "__fish_seen_subcommand_from run" -l once -d "delete the session afterwards"
complete -c livyd -n "__fish_seen_subcommand_from run" -l kind -x -a "pyspark spark sql sparkr"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements logs batch deploy reload standalone state doctor" -l profile -x -d "the server to use"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements logs batch deploy reload standalone state doctor" -l url -x -d "a server without a profile"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements logs profiles batch deploy reload standalone state doctor" -l profiles -r -d "a file of profiles"
complete -c livyd -n "__fish_seen_subcommand_from run runs session sessions statements logs profiles batch deploy reload standalone doctor" -l json -d "one event a line"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements batch" -s y -l yes -d "do not ask"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements logs batch deploy reload standalone state doctor" -l auth -x -a "none basic bearer kerberos"
complete -c livyd -n "__fish_seen_subcommand_from run session sessions statements logs batch deploy reload standalone state doctor" -l user -x -d "the name to log in with"
complete -c livyd -n "__fish_seen_subcommand_from profiles" -a "list show import"
complete -c livyd -n "__fish_seen_subcommand_from batch" -a "submit list show log kill" -l standalone -d "with the packages, in one file"
complete -c livyd -n "__fish_seen_subcommand_from batch" -l no-wait -d "do not wait for its end"
complete -c livyd -n "__fish_seen_subcommand_from batch" -s f -l follow -d "as it grows"
complete -c livyd -n "__fish_seen_subcommand_from batch" -s n -l tail -x -d "the last lines"
complete -c livyd -n "__fish_seen_subcommand_from batch" -l from -x -d "the first line"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -a "ls get put rm mkdir cat mv du" -s f -l force -d "replace a file"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -s r -l recursive -d "a folder with its content"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -l profile -x -d "the server to use"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -l profiles -r -d "a file of profiles"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -l json -d "one entry a line"
complete -c livyd -n "__fish_seen_subcommand_from hdfs" -s y -l yes -d "do not ask"
complete -c livyd -n "__fish_seen_subcommand_from deploy" -f -a "list rm" -l dry-run -d "what would be sent"
complete -c livyd -n "__fish_seen_subcommand_from deploy" -l from -r -d "where the project is"
complete -c livyd -n "__fish_seen_subcommand_from reload" -f -l push -r -d "a file that was never deployed"
complete -c livyd -n "__fish_seen_subcommand_from standalone" -F -s o -l output -r -d "the file"
complete -c livyd -n "__fish_seen_subcommand_from runs" -f -a "show search clear" -l code
complete -c livyd -n "__fish_seen_subcommand_from session" -f -a "show start attach restart stop keep"
complete -c livyd -n "__fish_seen_subcommand_from sessions" -f -a kill -l mine
complete -c livyd -n "__fish_seen_subcommand_from sessions" -l all
complete -c livyd -n "__fish_seen_subcommand_from statements" -f -a cancel
complete -c livyd -n "__fish_seen_subcommand_from logs" -f -s f -l follow -d "as it grows"
complete -c livyd -n "__fish_seen_subcommand_from logs" -l tail -x -d "the last lines"
complete -c livyd -n "__fish_seen_subcommand_from logs" -l from -x -d "the first line"
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
