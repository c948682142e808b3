#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/version.hpp"

namespace livyd {
namespace {

using protocol::Language;

const std::map<std::string, Language>& languages() {
  static const std::map<std::string, Language> words{{"pyspark", Language::python},
                                                     {"python", Language::python},
                                                     {"spark", Language::scala},
                                                     {"scala", Language::scala},
                                                     {"sql", Language::sql},
                                                     {"sparkr", Language::r},
                                                     {"r", Language::r}};
  return words;
}

/// The parser, and what it fills.
struct grammar {
  grammar() {
    app.set_help_flag("-h,--help");
    app.set_version_flag("--version", std::string(program_version));
    app.require_subcommand(0, 1);
    add_run();
    add_sessions();
    add_local();
    add_trust();
    serve->add_flag("--stdio", stdio);
    completion->add_option("SHELL", shell)
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void add_destination(CLI::App* to, destination& where) {
    auto* profile = to->add_option("--profile", where.profile);
    to->add_option("--url", where.url)->excludes(profile);
    to->add_option("--profiles", where.profiles_file);
    to->add_flag("-y,--yes", where.yes);
  }

  void add_run() {
    add_destination(run, run_it.where);
    auto* file = run->add_option("FILE", run_it.file);
    run->add_option("-c", run_it.code)->excludes(file);
    run->add_option("--session", run_it.session);
    run->add_option("--kind", kind);
    run->add_flag("--once", run_it.once);
    run->add_flag("--json", run_it.json);
  }

  void add_sessions() {
    add_destination(sessions, list.where);
    sessions->add_flag("--json", list.json);
    sessions->require_subcommand(0, 1);
    auto* action = sessions->add_subcommand("list");
    action->fallthrough();
    kill->fallthrough();
    kill->add_option("ID", list.kill)->required();
  }

  void add_local() {
    local->add_option("--port", endpoint.port);
    local->add_flag("--strict", endpoint.strict);
    local->add_option("--python", endpoint.python);
    local->add_option("--state-file", endpoint.state_file);
  }

  void add_trust() { trust->add_option("FOLDER", folder.folder); }

  CLI::App app{"livyd"};
  CLI::App* run = app.add_subcommand("run");
  CLI::App* sessions = app.add_subcommand("sessions");
  CLI::App* kill = sessions->add_subcommand("kill");
  CLI::App* local = app.add_subcommand("local");
  CLI::App* trust = app.add_subcommand("trust");
  CLI::App* serve = app.add_subcommand("serve");
  CLI::App* completion = app.add_subcommand("completion");
  CLI::App* version = app.add_subcommand("version");

  run_command run_it;
  sessions_command list;
  local_command endpoint;
  trust_command folder;
  std::string kind;
  std::string shell;
  bool stdio = false;
};

std::string_view help_of(const grammar& words) {
  if (words.run->parsed()) return help::run;
  if (words.sessions->parsed()) return help::sessions;
  if (words.local->parsed()) return help::local;
  if (words.trust->parsed()) return help::trust;
  if (words.serve->parsed()) return help::serve;
  if (words.completion->parsed()) return help::completion;
  return help::all;
}

std::string name_of_command(const grammar& words) {
  const auto parsed = words.app.get_subcommands();
  return parsed.empty() ? "livyd" : concat("livyd ", parsed.front()->get_name());
}

run_command checked_run(grammar& words) {
  auto run = std::move(words.run_it);
  if (!run.code && run.file.empty()) {
    throw usage_problem(
        "There is nothing to run: name a file, or give code with -c. See livyd run --help.");
  }
  if (run.once && !run.session.empty()) {
    throw usage_problem(
        "--once deletes its session afterwards, so it cannot be an existing one: leave out --once "
        "or --session.");
  }
  if (!words.kind.empty()) {
    const auto known = languages().find(lower_case(words.kind));
    if (known == languages().end()) {
      throw usage_problem(
          concat("The kind \"", words.kind, "\" is not known. Use pyspark, spark, sql or sparkr."));
    }
    run.language = known->second;
  }
  return run;
}

command chosen(grammar& words, bool input_is_terminal) {
  if (words.run->parsed()) return checked_run(words);
  if (words.sessions->parsed()) return std::move(words.list);
  if (words.local->parsed()) return std::move(words.endpoint);
  if (words.trust->parsed()) return std::move(words.folder);
  if (words.completion->parsed()) return print_command{std::string(completion_script(words.shell))};
  if (words.version->parsed()) return print_command{concat("livyd ", program_version, "\n")};
  if (words.serve->parsed() && !words.stdio) {
    throw usage_problem("livyd serves on standard input and output only: use livyd serve --stdio.");
  }
  if (words.serve->parsed() || !input_is_terminal) return serve_command{};
  return print_command{std::string(help::all)};
}

}  // namespace

protocol::Language language_of(const std::string& file) {
  static const std::map<std::string, Language> suffixes{{".scala", Language::scala},
                                                        {".sc", Language::scala},
                                                        {".sql", Language::sql},
                                                        {".r", Language::r}};
  const auto known = suffixes.find(lower_case(std::filesystem::path(file).extension().string()));
  return known == suffixes.end() ? Language::python : known->second;
}

command parse_command_line(const std::vector<std::string>& arguments, bool input_is_terminal) {
  // What follows -- belongs to the program that is run.
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> ours(arguments.begin(), dashes);
  grammar words;
  if (dashes != arguments.end()) words.run_it.arguments.assign(dashes + 1, arguments.end());
  std::reverse(ours.begin(), ours.end());  // as CLI11 wants it
  try {
    words.app.parse(std::move(ours));
  } catch (const CLI::CallForHelp&) {
    return print_command{std::string(help_of(words))};
  } catch (const CLI::CallForVersion&) {
    return print_command{concat("livyd ", program_version, "\n")};
  } catch (const CLI::ParseError& reason) {
    throw usage_problem(concat(reason.what(), ". See ", name_of_command(words), " --help."));
  }
  if (dashes != arguments.end() && !words.run->parsed()) {
    throw usage_problem("Arguments after -- belong to livyd run. See livyd --help.");
  }
  return chosen(words, input_is_terminal);
}

}  // namespace livyd
