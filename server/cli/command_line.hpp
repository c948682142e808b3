// The words of the command line: which of them mean which command.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "protocol/protocol.hpp"

namespace livyd {

/// Where a command goes.
struct destination {
  std::string profile;        ///< "" = the workspace's, else `local`
  std::string url;            ///< instead of a profile
  std::string auth;           ///< of the URL: none, basic, bearer or kerberos; "" = by LIVYD_TOKEN
  std::string user;           ///< of the URL, for Basic
  std::string profiles_file;  ///< instead of the user's profiles.json
  bool yes = false;           ///< do not ask where the profile says `confirm`
};

struct run_command {
  destination where;
  std::string file;                 ///< "-" = standard input; "" with `code`
  std::optional<std::string> code;  ///< -c
  std::string session;              ///< name or id; "" = the profile's
  std::optional<protocol::Language> language;
  bool once = false;
  bool json = false;
  std::vector<std::string> arguments;  ///< what follows --
};

struct sessions_command {
  destination where;
  bool json = false;
  bool mine = false;  ///< only those that livyd created for this user
  bool all = false;   ///< with `kills`: those of others too
  bool kills = false;
  std::vector<std::string> kill;  ///< names or ids
};

struct session_command {
  enum class action { show, start, attach, restart, stop, keep };

  destination where;
  action what = action::show;
  std::string session;  ///< name or id; "" = the workspace's
  bool json = false;
};

struct statements_command {
  destination where;
  std::string session;
  bool json = false;
  std::optional<std::int64_t> cancel;  ///< a statement's number; none = list
};

struct logs_command {
  destination where;
  std::string session;
  bool follow = false;
  bool json = false;
  std::optional<std::int64_t> tail;  ///< the last so many lines
  std::optional<std::int64_t> from;  ///< from this line on, counted from 0
};

struct runs_command {
  enum class action { list, show, search, clear };

  destination where;
  action what = action::list;
  std::string words;  ///< the run, or its id's beginning; or what is searched for
  bool code = false;  ///< show the code instead of the output
  bool json = false;
};

struct profiles_command {
  enum class action { list, show, import };

  destination where;
  action what = action::list;
  std::string words;  ///< the profile, or the file
  bool json = false;
};

struct hdfs_command {
  enum class action { list, get, put, remove, make_folder, print, move, measure };

  destination where;
  action what = action::list;
  std::vector<std::string> paths;  ///< in the order of the command's own help
  bool replaces = false;           ///< -f: an existing file
  bool recursive = false;          ///< -r: a folder with what is in it
  bool json = false;
};

struct batch_command {
  enum class action { list, submit, show, log, kill };

  destination where;
  action what = action::list;
  std::string file;                    ///< to submit: a path here, or an address of the cluster
  std::vector<std::string> arguments;  ///< what follows --
  bool standalone = false;             ///< the packages go with it, in one file
  bool waits = true;                   ///< submit: until it ends
  std::vector<std::string> ids;        ///< ids or names
  bool follows = false;
  std::optional<std::int64_t> tail;  ///< the last so many lines
  std::optional<std::int64_t> from;  ///< from this line on, counted from 0
  bool json = false;
};

struct deploy_command {
  enum class action { plan, send, list, remove };

  destination where;
  action what = action::send;
  std::string from;  ///< the file or folder from which the project is looked for; "" = here
  std::vector<std::string> targets;
  bool json = false;
};

struct reload_command {
  destination where;
  std::vector<std::string> modules;  ///< none: all that have changed
  std::string push;                  ///< a file whose module goes into the session
  bool json = false;
};

struct standalone_command {
  destination where;
  std::string script;
  std::string output;
  std::vector<std::string> arguments;  ///< what follows --
  bool json = false;
};

struct state_command {
  destination where;
};

struct doctor_command {
  destination where;
  bool json = false;
};

struct local_command {
  std::uint16_t port = 0;
  bool strict = false;
  std::string python;
  std::string state_file;
};

struct trust_command {
  std::string folder;
};

struct serve_command {};

/// Prints a text and is done: help, version, completion.
struct print_command {
  std::string text;
};

using command =
    std::variant<run_command, sessions_command, session_command, statements_command, logs_command,
                 runs_command, profiles_command, hdfs_command, batch_command, deploy_command,
                 reload_command, standalone_command, state_command, doctor_command, local_command,
                 trust_command, serve_command, print_command>;

/// The words are wrong; `what()` says which and what to do.
class usage_problem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Without a subcommand livyd serves when standard input is not a terminal, and prints its help
/// when it is. Throws usage_problem.
command parse_command_line(const std::vector<std::string>& arguments, bool input_is_terminal);

/// By the suffix of the file's name; Python unless it is known.
protocol::Language language_of(const std::string& file);

}  // namespace livyd
