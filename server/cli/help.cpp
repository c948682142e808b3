#include "cli/help.hpp"

namespace livyd::help {

constexpr std::string_view all =
    R"(livyd runs your code on Apache Livy, from a terminal or from VS Code.

  livyd run job.py                                  on this machine, no cluster needed
  livyd run job.py --profile cluster -- --date 2026-11-21
  livyd logs -f --profile cluster | grep WARN       the driver's log as it grows

Commands (livyd COMMAND --help)
  run          run a file, code (-c) or standard input (-)
  runs         what was run in this folder: list, show RUN, search TEXT, clear
  session      this folder's session: show, start, attach, restart, stop, keep
  sessions     list a server's sessions, or kill some of them
  statements   what a session was asked to run; cancel N
  logs, state, doctor   the driver's log; what livyd believes; what is wrong on the way to a server
  batch        files that run by themselves: submit FILE, list, show ID, log ID, kill ID
  hdfs         the cluster's files: ls, get, put, rm, mkdir, cat, mv, du
  deploy, reload, standalone   this folder's packages: to the cluster, into the session, in one file
  profiles     the servers: list, show NAME, import FILE of sparkmagic or a console script
  local, trust the embedded Livy endpoint; let this workspace's .vscode/settings.json be used
  serve, completion, version   JSON-RPC with an editor; a completion script; the version

Profiles: ~/.config/livyd/profiles.json and, once trusted, the workspace's settings.
Passwords and tokens are asked for, or come from LIVYD_PASSWORD and LIVYD_TOKEN. LIVYD_LOG=debug
shows what happens. Exit codes: 0 done, 1 exception in your code, 2 wrong usage, 3 server not
reached or refused, 130 Ctrl-C.
)";

constexpr std::string_view run = R"(Run code on a Livy server and print its output.

  livyd run job.py                     a file, as a program
  livyd run job.py -- --date today     what follows -- is sys.argv[1:]
  livyd run -c 'print(1 + 1)'          code; variables stay for the next run
  generate | livyd run -               a program from standard input

  --profile NAME    the server to use; unless set the workspace's profile, else local
  --url URL         a server without a profile
  --auth TYPE       how to log in there: basic (with --user NAME), bearer, kerberos or none; unless
                    set bearer where LIVYD_TOKEN is, else none
  --profiles FILE   a JSON file of profiles instead of ~/.config/livyd/profiles.json
  --session ID      an existing session, by id or name, instead of the profile's own
  --once            a session only for this run, deleted afterwards
  --kind KIND       pyspark, spark, sql or sparkr; unless set by the file's name (.py .scala .sql .r)
  --json            one event a line on standard output instead of the output
  -y, --yes         do not ask, where the profile says "confirm"

LIVYD_PASSWORD, LIVYD_TOKEN, LIVYD_KEY_PASSPHRASE and LIVYD_PROXY_PASSWORD hold what is otherwise
asked for on the terminal. Standard output is your code's output and nothing else. Ctrl-C stops the
run and says what became of it; a second Ctrl-C leaves at once.
)";

constexpr std::string_view sessions =
    R"(List the sessions of a Livy server, or kill some of them.

  livyd sessions --profile cluster
  livyd sessions kill 12 livyd-me-cluster-3f2a91c4 --profile cluster
  livyd sessions kill --mine

  --mine            those that livyd started for you
  --all             all of them; before one that is not yours is killed, you are asked again
  --json            one session a line
  -y, --yes         do not ask, neither for others' sessions nor where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help
)";

constexpr std::string_view session =
    R"(Look at or change the session that this folder's runs use.

  livyd session                        what it is: ids, links, memory, configuration
  livyd session start                  after it was stopped, or before the first run
  livyd session attach [NAME]          use an existing one; the first usable one unless named
  livyd session restart | stop | keep  end it and start anew; end it; keep it from its idle end

  show [NAME]       the same for any session of the server, by id or name
  --json            the details, or one event a line, on standard output
  -y, --yes         do not ask, where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

Ctrl-C while it starts deletes what was begun.
)";

constexpr std::string_view statements =
    R"(List what a session was asked to run, by whomever, the newest first.

  livyd statements
  livyd statements cancel 12 --session livyd-me-cluster-3f2a91c4

  --session ID      a session by id or name instead of this folder's
  --json            one statement a line
  -y, --yes         do not ask, where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help
)";

constexpr std::string_view logs =
    R"(Print the driver's log of a session, as much of it as the server still has.

  livyd logs
  livyd logs -f | grep WARN            as it grows; each line once
  livyd logs --tail 20 --session 12

  -f, --follow      go on until the session or Ctrl-C ends it
  --tail N          only the last N lines
  --from N          only from line N on, counted from 0
  --session ID      a session by id or name instead of this folder's
  --json            the page, or with -f one event a line
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

Livy keeps 200 lines each of standard output and standard error; where lines may be missing, a
line that begins with "·" says so.
)";

constexpr std::string_view runs =
    R"(Look at what was run in this folder, also after its session is gone.

  livyd runs                           the newest first
  livyd runs show 3f2a91c4             the output again; --code shows the code
  livyd runs search 'rows written'     in outputs and code; exit code 1 when nothing is found
  livyd runs clear                     forget all finished runs and their outputs

  --json            one run, event or match a line
  --url URL         also runs on a server without a profile
)";

constexpr std::string_view profiles =
    R"(List the servers that are set up, look at one, or take them over from another program.

  livyd profiles                       name, address, authentication, what is wrong
  livyd profiles show cluster          as it is used: extended, with its variables replaced
  livyd profiles import ~/.sparkmagic/config.json

  import FILE       prints the profiles of a sparkmagic configuration or of a console script's
                    settings, for profiles.json or livyd.profiles; passwords are never taken over
  --json            one profile a line
  --profiles FILE   a JSON file of profiles instead of ~/.config/livyd/profiles.json

Secrets are in none of these, and none is shown.
)";

constexpr std::string_view hdfs =
    R"(Work on the files of a profile's HDFS, by the address in its "webhdfs".

  livyd hdfs ls /user/alice            one or more folders or files; unless named, your home folder
  livyd hdfs put job.py jobs/          a file, or - for standard input
  livyd hdfs get jobs/out.csv          into the current folder; or into FILE, or to - (standard output)
  livyd hdfs cat jobs/out.csv | head

  rm PATH...        asks first; a folder with -r, together with what is in it
  mkdir PATH...     with the folders above it
  mv FROM TO, du PATH...   rename; bytes, files and folders
  -f, --force       put, get, mv: replace an existing file
  --json            one entry or result a line
  -y, --yes         do not ask, neither before removing nor where the profile says "confirm"
  --profile NAME, --profiles FILE   the server, as in livyd run --help

A path without / at its beginning is below your home folder. A file appears under its name when all of
it is there; Ctrl-C leaves nothing behind. Without "auth" HADOOP_USER_NAME, else your name here, says
who you are.
)";

constexpr std::string_view batch =
    R"(Run a file on the cluster without a session, as a Livy batch; look at batches, or end them.

  livyd batch submit etl.py -- --date today      waits and prints its log; what follows -- is its
                                                 sys.argv[1:]
  livyd batch submit hdfs:///jobs/etl.py --no-wait     prints its id
  livyd batch log -f 12 | grep WARN              as it grows; each line once

  list              yours first; also without a word
  show ID           state, links, and why it failed
  log ID            -f until it ends, -n N only the last N lines, --from N from line N on
  kill ID...        end it; before one that is not yours is killed, you are asked
  --standalone      submit: the profile's packages go with it, in one file
  --no-wait         submit: do not wait for its end
  --json            one batch, page or event a line
  -y, --yes         do not ask, neither for others' batches nor where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

A file of this machine is put on the cluster first; one with an address (hdfs://, s3a://) is there.
Memory, cores, queue, conf, jars and packages are those of the profile's sessions. YARN makes one
attempt unless the profile sets spark.yarn.maxAppAttempts. Ctrl-C stops waiting; the batch goes on.
Exit codes of submit: 0 success, 1 failed or killed, 3 not known or not taken.
)";

constexpr std::string_view deploy =
    R"(Send this folder's scripts, packages and files to the cluster: what has changed, and no more.

  livyd deploy --dry-run               what would be sent, and where to
  livyd deploy
  livyd deploy list                    what is there, since when, in which sessions, and what is stale
  livyd deploy rm TARGET...            remove it from there

  --from PATH       look for "scripts" and "modules" from this file or folder; unless set from here
  --json            one line of JSON
  -y, --yes         do not ask, where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

What is deployed says "deploy" in the profile (docs/profiles.md); without it, "scripts" with .py files
and "modules" with packages, here and above. With "deploy" each new session gets it by itself.
)";

constexpr std::string_view reload =
    R"(Load modules again in this folder's running session, without a restart.

  livyd reload                         all that have changed since the session got them
  livyd reload etl.load report         these, whether they changed or not
  livyd reload --push helpers.py       a module that was never deployed

  --json            what was loaded, what stayed the old one and why, as one line of JSON
  -y, --yes         do not ask, where the profile says "confirm"
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

It runs behind what the session executes. docs/reload.md says what becomes of objects that exist.
Exit code 1 when a module stayed the old one.
)";

constexpr std::string_view standalone =
    R"(Make one Python file that carries the packages inside and needs nothing beside it.

  livyd standalone job.py              job-standalone.py, for python3, spark-submit or a batch
  livyd standalone job.py -o job-full.py -- --date today
  livyd standalone                     only the packages, to be run before other code

  -o, --output FILE
  --json            one line of JSON
  --profile NAME, --profiles FILE      whose "deploy" says which packages, as in livyd run --help

What follows -- is sys.argv[1:], unless the program is given other arguments.
)";

constexpr std::string_view state =
    R"(Print what livyd believes: profile, session, runs, where it keeps them. No secrets in it.

  livyd state

  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help
)";

constexpr std::string_view doctor =
    R"(Look at each link on the way to a server, and say which one is broken and what to do.

  livyd doctor --profile cluster
  livyd doctor --url https://gw.example.com:8443/gateway/default/livy --auth kerberos

  --json            the checks and the report as one line of JSON
  --profile NAME, --url URL, --profiles FILE   the server, as in livyd run --help

In order: profile, name look-up, proxy, TCP, TLS, authentication, Livy, WebHDFS. What stands behind a
broken link is not tried. Nothing is changed on the server; with "webhdfs" in the profile one small
file is written and deleted. The report holds no secrets: paste it into a ticket as it is. Exit code
0 when every link holds, 1 when one is broken.
)";

constexpr std::string_view local =
    R"(Serve Livy's REST over the Python of this machine. A workbench, not a production server.

  livyd local --port 8998

  --port N          listen on 127.0.0.1:N instead of any free port
  --python PATH     the sessions' interpreter instead of $LIVYD_PYTHON, $PYSPARK_PYTHON, python3
  --strict          behave as badly as a real Livy, for tests

The first line on standard output is {"url": …, "token": …}; without the token it answers 401.
livyd run starts one by itself for the profile local.
)";

constexpr std::string_view trust =
    R"(Use the livyd settings of a folder's .vscode/settings.json, as they are now.

  livyd trust [FOLDER]

A folder from elsewhere could send your credentials to a server of its own; so its profiles are not
used before you have read and trusted them, and not any more when they change.
)";

constexpr std::string_view serve =
    R"(Speak JSON-RPC 2.0 with an editor on standard input and output.

  livyd serve --stdio

Also without a subcommand when standard input is not a terminal. protocol/protocol.ts has the
messages.
)";

constexpr std::string_view completion = R"(Print a completion script.

  livyd completion bash > ~/.local/share/bash-completion/completions/livyd
  livyd completion zsh > "${fpath[1]}/_livyd"
  livyd completion fish > ~/.config/fish/completions/livyd.fish
)";

}  // namespace livyd::help
