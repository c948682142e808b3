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
    add_session();
    add_statements();
    add_logs();
    add_runs();
    add_profiles();
    add_hdfs();
    add_batch();
    add_deploy();
    add_reload();
    add_standalone();
    add_destination(state, believed.where);
    add_destination(doctor, looked_at.where);
    doctor->add_flag("--json", looked_at.json);
    add_local();
    add_trust();
    serve->add_flag("--stdio", stdio);
    completion->add_option("SHELL", shell)
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void add_destination(CLI::App* to, destination& where) {
    auto* profile = to->add_option("--profile", where.profile);
    auto* url = to->add_option("--url", where.url)->excludes(profile);
    auto* auth = to->add_option("--auth", where.auth)
                     ->needs(url)
                     ->check(CLI::IsMember({"none", "basic", "bearer", "kerberos"}));
    to->add_option("--user", where.user)->needs(auth);
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
    auto* mine = sessions->add_flag("--mine", list.mine);
    sessions->add_flag("--all", list.all)->excludes(mine);
    sessions->require_subcommand(0, 1);
    auto* action = sessions->add_subcommand("list");
    action->fallthrough();
    kill->fallthrough();
    kill->add_option("ID", list.kill);
  }

  void add_session() {
    using action = session_command::action;
    add_destination(session, one.where);
    session->add_flag("--json", one.json);
    session->require_subcommand(0, 1);
    const std::pair<const char*, action> words[] = {
        {"show", action::show},       {"start", action::start}, {"attach", action::attach},
        {"restart", action::restart}, {"stop", action::stop},   {"keep", action::keep}};
    for (const auto& [name, what] : words) {
      auto* word = session->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, chosen = what] { one.what = chosen; });
      const bool names_one = what == action::show || what == action::attach;
      if (names_one) word->add_option("NAME", one.session);
    }
  }

  void add_statements() {
    add_destination(statements, sent.where);
    statements->add_flag("--json", sent.json);
    statements->add_option("--session", sent.session);
    statements->require_subcommand(0, 1);
    auto* cancel = statements->add_subcommand("cancel");
    cancel->fallthrough();
    cancel->add_option("N", sent.cancel)->required()->check(CLI::NonNegativeNumber);
  }

  void add_logs() {
    add_destination(logs, log.where);
    logs->add_flag("-f,--follow", log.follow);
    logs->add_flag("--json", log.json);
    logs->add_option("--session", log.session);
    auto* tail = logs->add_option("--tail", log.tail)->check(CLI::NonNegativeNumber);
    logs->add_option("--from", log.from)->check(CLI::NonNegativeNumber)->excludes(tail);
  }

  void add_runs() {
    using action = runs_command::action;
    add_destination(runs, past.where);
    runs->add_flag("--json", past.json);
    runs->require_subcommand(0, 1);
    const auto add = [this](const char* name, action what) {
      auto* word = runs->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, what] { past.what = what; });
      return word;
    };
    add("list", action::list);
    auto* show = add("show", action::show);
    show->add_option("RUN", past.words)->required();
    show->add_flag("--code", past.code);
    add("search", action::search)->add_option("TEXT", past.words)->required();
    add("clear", action::clear);
  }

  void add_profiles() {
    using action = profiles_command::action;
    profiles->add_option("--profiles", servers.where.profiles_file);
    profiles->add_flag("--json", servers.json);
    profiles->require_subcommand(0, 1);
    const auto add = [this](const char* name, action what) {
      auto* word = profiles->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, what] { servers.what = what; });
      return word;
    };
    add("list", action::list);
    add("show", action::show)->add_option("NAME", servers.words)->required();
    add("import", action::import)->add_option("FILE", servers.words)->required();
  }

  void add_hdfs() {
    using action = hdfs_command::action;
    hdfs->add_option("--profile", files.where.profile);
    hdfs->add_option("--profiles", files.where.profiles_file);
    hdfs->add_flag("-y,--yes", files.where.yes);
    hdfs->add_flag("--json", files.json);
    hdfs->require_subcommand(1);
    const auto add = [this](const char* name, action what, const char* operands, int least,
                            int most) {
      auto* word = hdfs->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, what] { files.what = what; });
      word->add_option(operands, files.paths)->expected(least, most);
      if (least > 0) word->get_option(operands)->required();
      return word;
    };
    constexpr int many = 1000000;
    add("ls", action::list, "PATH", 0, many);
    add("get", action::get, "PATH", 1, 2)->add_flag("-f,--force", files.replaces);
    add("put", action::put, "FILE", 1, 2)->add_flag("-f,--force", files.replaces);
    add("rm", action::remove, "PATH", 1, many)->add_flag("-r,--recursive", files.recursive);
    add("mkdir", action::make_folder, "PATH", 1, many);
    add("cat", action::print, "PATH", 1, many);
    add("mv", action::move, "PATH", 2, 2)->add_flag("-f,--force", files.replaces);
    add("du", action::measure, "PATH", 0, many);
  }

  void add_batch() {
    using action = batch_command::action;
    add_destination(batch, job.where);
    batch->add_flag("--json", job.json);
    batch->require_subcommand(0, 1);
    const auto add = [this](const char* name, action what) {
      auto* word = batch->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, what] { job.what = what; });
      return word;
    };
    add("list", action::list);
    submit = add("submit", action::submit);
    submit->add_option("FILE", job.file)->required();
    submit->add_flag("--standalone", job.standalone);
    submit->add_flag("!--no-wait", job.waits);
    add("show", action::show)->add_option("ID", job.ids)->required()->expected(1);
    auto* lines = add("log", action::log);
    lines->add_option("ID", job.ids)->required()->expected(1);
    lines->add_flag("-f,--follow", job.follows);
    auto* tail = lines->add_option("-n,--tail", job.tail)->check(CLI::NonNegativeNumber);
    lines->add_option("--from", job.from)->check(CLI::NonNegativeNumber)->excludes(tail);
    add("kill", action::kill)->add_option("ID", job.ids)->required();
  }

  void add_deploy() {
    using action = deploy_command::action;
    add_destination(deploy, project.where);
    deploy->add_flag("--json", project.json);
    deploy->add_option("--from", project.from);
    deploy->add_flag_callback("--dry-run", [this] { project.what = action::plan; });
    deploy->require_subcommand(0, 1);
    const auto add = [this](const char* name, action what) {
      auto* word = deploy->add_subcommand(name);
      word->fallthrough();
      word->final_callback([this, what] { project.what = what; });
      return word;
    };
    add("list", action::list);
    add("rm", action::remove)->add_option("TARGET", project.targets)->required();
  }

  void add_reload() {
    add_destination(reload, again.where);
    reload->add_flag("--json", again.json);
    auto* modules = reload->add_option("MODULE", again.modules);
    reload->add_option("--push", again.push)->excludes(modules);
  }

  void add_standalone() {
    add_destination(standalone, one_file.where);
    standalone->add_flag("--json", one_file.json);
    standalone->add_option("-o,--output", one_file.output);
    standalone->add_option("SCRIPT", one_file.script);
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
  CLI::App* session = app.add_subcommand("session");
  CLI::App* statements = app.add_subcommand("statements");
  CLI::App* logs = app.add_subcommand("logs");
  CLI::App* runs = app.add_subcommand("runs");
  CLI::App* profiles = app.add_subcommand("profiles");
  CLI::App* hdfs = app.add_subcommand("hdfs");
  CLI::App* batch = app.add_subcommand("batch");
  CLI::App* submit = nullptr;
  CLI::App* deploy = app.add_subcommand("deploy");
  CLI::App* reload = app.add_subcommand("reload");
  CLI::App* standalone = app.add_subcommand("standalone");
  CLI::App* state = app.add_subcommand("state");
  CLI::App* doctor = app.add_subcommand("doctor");
  CLI::App* local = app.add_subcommand("local");
  CLI::App* trust = app.add_subcommand("trust");
  CLI::App* serve = app.add_subcommand("serve");
  CLI::App* completion = app.add_subcommand("completion");
  CLI::App* version = app.add_subcommand("version");

  run_command run_it;
  sessions_command list;
  session_command one;
  statements_command sent;
  logs_command log;
  runs_command past;
  profiles_command servers;
  hdfs_command files;
  batch_command job;
  deploy_command project;
  reload_command again;
  standalone_command one_file;
  state_command believed;
  doctor_command looked_at;
  local_command endpoint;
  trust_command folder;
  std::string kind;
  std::string shell;
  bool stdio = false;
};

std::string_view help_of(const grammar& words) {
  if (words.run->parsed()) return help::run;
  if (words.sessions->parsed()) return help::sessions;
  if (words.session->parsed()) return help::session;
  if (words.statements->parsed()) return help::statements;
  if (words.logs->parsed()) return help::logs;
  if (words.runs->parsed()) return help::runs;
  if (words.profiles->parsed()) return help::profiles;
  if (words.hdfs->parsed()) return help::hdfs;
  if (words.batch->parsed()) return help::batch;
  if (words.deploy->parsed()) return help::deploy;
  if (words.reload->parsed()) return help::reload;
  if (words.standalone->parsed()) return help::standalone;
  if (words.state->parsed()) return help::state;
  if (words.doctor->parsed()) return help::doctor;
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

sessions_command checked_sessions(grammar& words) {
  auto list = std::move(words.list);
  list.kills = words.kill->parsed();
  const bool named = !list.kill.empty();
  const bool chosen = list.mine || list.all;
  if (list.kills && named == chosen) {
    throw usage_problem(
        "Say which sessions to kill: by ID or name, or --mine, or --all. See livyd sessions "
        "--help.");
  }
  return list;
}

command chosen(grammar& words, bool input_is_terminal) {
  if (words.run->parsed()) return checked_run(words);
  if (words.sessions->parsed()) return checked_sessions(words);
  if (words.session->parsed()) return std::move(words.one);
  if (words.statements->parsed()) return std::move(words.sent);
  if (words.logs->parsed()) return std::move(words.log);
  if (words.runs->parsed()) return std::move(words.past);
  if (words.profiles->parsed()) return std::move(words.servers);
  if (words.hdfs->parsed()) return std::move(words.files);
  if (words.batch->parsed()) return std::move(words.job);
  if (words.deploy->parsed()) return std::move(words.project);
  if (words.reload->parsed()) return std::move(words.again);
  if (words.standalone->parsed()) return std::move(words.one_file);
  if (words.state->parsed()) return std::move(words.believed);
  if (words.doctor->parsed()) return std::move(words.looked_at);
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
  if (dashes != arguments.end()) {
    words.run_it.arguments.assign(dashes + 1, arguments.end());
    words.job.arguments = words.run_it.arguments;
    words.one_file.arguments = words.run_it.arguments;
  }
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
  const bool takes_arguments =
      words.run->parsed() || words.standalone->parsed() || words.submit->parsed();
  if (dashes != arguments.end() && !takes_arguments) {
    throw usage_problem(
        "Arguments after -- belong to livyd run, livyd standalone or livyd batch submit. See livyd "
        "--help.");
  }
  return chosen(words, input_is_terminal);
}

}  // namespace livyd
