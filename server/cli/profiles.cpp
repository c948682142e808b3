// `livyd profiles`: which servers there are, how one is reached, and profiles of other programs.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"
#include "cli/terminal.hpp"
#include "cli/workspace.hpp"
#include "service/profile.hpp"
#include "service/profile_import.hpp"

namespace livyd {
namespace {

using nlohmann::json;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

profile_set read_profiles(const profiles_command& asked, terminal& screen) {
  std::error_code error;
  const auto workspace = workspace_of(std::filesystem::current_path(error));
  const auto choice = profiles_for(workspace, asked.where.profiles_file);
  for (const auto& remark : choice.remarks) screen.say(concat("· ", remark));
  return profile_set(choice.profiles, true, process_variables(workspace.string()));
}

std::string authentication_of(const profile& where) {
  if (where.local()) return "-";
  switch (where.auth.kind) {
    case authentication_kind::basic:
      return concat("basic (", where.auth.user, ")");
    case authentication_kind::bearer:
      return where.auth.token_command.empty() ? "bearer" : "bearer (command)";
    case authentication_kind::kerberos:
      return where.auth.kerberos.principal.empty()
                 ? std::string("kerberos")
                 : concat("kerberos (", where.auth.kerberos.principal, ")");
    default:
      return "none";
  }
}

int list(const profiles_command& asked, terminal& screen) {
  const auto all = read_profiles(asked, screen);
  std::vector<std::vector<std::string>> rows{{"NAME", "URL", "AUTH", "PROBLEM"}};
  for (const auto& row : all.summaries()) {
    const auto* where = all.find(row.name);
    if (asked.json) {
      print(json_line(row));
    } else {
      rows.push_back({row.name, where == nullptr ? "-" : row.url.value_or("local"),
                      where == nullptr ? "-" : authentication_of(*where),
                      row.problem.value_or("-")});
    }
  }
  if (!asked.json) print(aligned(rows));
  return exit_code::ok;
}

/// Headers may hold what came from the environment.
json without_secrets(json resolved) {
  const auto headers = resolved.find("headers");
  if (headers != resolved.end() && headers->is_object()) {
    for (auto& value : *headers) value = "(hidden)";
  }
  return resolved;
}

int show(const profiles_command& asked, terminal& screen) {
  const auto all = read_profiles(asked, screen);
  all.at(asked.words);
  const auto text = without_secrets(*all.resolved(asked.words))
                        .dump(2, ' ', false, json::error_handler_t::replace);
  print(concat(text, "\n"));
  return exit_code::ok;
}

int import(const profiles_command& asked, terminal& screen) {
  const std::filesystem::path file = asked.words;
  const auto found = import_profiles(read_file(file), file.stem().string());
  print(concat(json(found.profiles).dump(2, ' ', false, json::error_handler_t::replace), "\n"));
  for (const auto& remark : found.remarks) screen.say(concat("· ", remark));
  return exit_code::ok;
}

}  // namespace

int perform(const profiles_command& asked) {
  using action = profiles_command::action;
  terminal screen;
  if (asked.what == action::show) return show(asked, screen);
  return asked.what == action::import ? import(asked, screen) : list(asked, screen);
}

}  // namespace livyd
