#include "service/module_reload.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "base/files.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "service/session_modules.hpp"

namespace livyd {
namespace {

using nlohmann::json;

/// Files up to this go with the request itself.
constexpr std::uint64_t inline_limit = 512_KiB;

/// What is to be sent.
struct difference {
  std::vector<deploy::bundle_file> changed;
  std::vector<std::string> deleted;
  file_hashes here;
};

bool is_python_bundle(const deploy::bundle& one) {
  return one.kind == deploy::bundle_kind::py_files && one.packed;
}

difference compared(const std::vector<deploy::bundle>& all, const file_hashes& there) {
  difference out;
  std::set<std::string> tops;
  for (const auto& one : all) {
    if (!is_python_bundle(one)) continue;
    tops.insert(one.top_modules.begin(), one.top_modules.end());
    for (const auto& file : one.files) {
      out.here[file.path] = file.hash;
      const auto found = there.find(file.path);
      if (found == there.end() || found->second != file.hash) out.changed.push_back(file);
    }
  }
  for (const auto& [path, hash] : there) {
    auto top = path.substr(0, path.find('/'));
    if (top == path && top.ends_with(".py")) top.resize(top.size() - 3);
    if (!out.here.contains(path) && tops.contains(top)) out.deleted.push_back(path);
  }
  return out;
}

bool belongs_to(const std::string& path, const std::string& module) {
  auto stem = module;
  std::replace(stem.begin(), stem.end(), '.', '/');
  return path == concat(stem, ".py") || path.starts_with(concat(stem, "/"));
}

/// The rule for a document that no bundle has: its outermost package, or the file alone.
deploy::bundle_rule rule_for(const std::filesystem::path& file) {
  deploy::bundle_rule out;
  auto folder = file.parent_path();
  std::filesystem::path package;
  while (path_exists(folder / "__init__.py") && folder.has_relative_path()) {
    package = folder;
    folder = folder.parent_path();
  }
  out.name = package.empty() ? file.stem().string() : package.filename().string();
  out.folder = folder;
  out.include = {package.empty() ? file.filename().string()
                                 : concat(package.filename().string(), "/**")};
  return out;
}

/// Read and hashed at one moment: what is sent is what is remembered.
task<std::string> content_of(deploy::bundle_file file) {
  auto work = [source = file.source] { return read_file(source); };
  co_return co_await off_thread(std::move(work));
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  std::string out;
  for (std::size_t at = 0; at < std::min(most, names.size()); ++at) {
    out += concat(at == 0 ? "" : ", ", names[at]);
  }
  if (names.size() > most) out += concat(" and ", names.size() - most, " more");
  return out;
}

std::string files_of(std::int64_t count) {
  return concat(count, count == 1 ? " file" : " files");
}

/// What happened, as a sentence or two.
std::string in_words(const protocol::ModuleReloadResult& result, const std::string& stale) {
  std::string out = concat("Sent ", files_of(result.files), ". ");
  out += result.reloaded.empty() ? std::string("Nothing was loaded again")
                                 : concat("Loaded again: ", listed(result.reloaded));
  out += ".";
  for (const auto& one : result.kept) {
    out += concat(" ", one.module, " stays the old one: ", one.reason, ".");
  }
  if (result.executors == protocol::ExecutorState::stale) {
    out += concat(" Spark's executors keep the old modules",
                  stale.empty() ? std::string() : concat(" (", stale, ")"),
                  ". Restart the session to change them.");
  }
  return out;
}

protocol::ExecutorState executors_in(const std::string& word) {
  if (word == "fresh") return protocol::ExecutorState::fresh;
  return word == "stale" ? protocol::ExecutorState::stale : protocol::ExecutorState::none;
}

}  // namespace

task<std::vector<deploy::bundle>> module_reload::bundles_for(
    const protocol::ModuleReloadParams& params) {
  auto all = co_await deployment_.bundles();
  const std::filesystem::path document(params.file.value_or(""));
  const bool alone = params.push && params.modules.empty() && !document.empty() &&
                     deploy::module_of(all, document).empty();
  if (!alone) co_return all;
  auto work = [rule = rule_for(document)](std::stop_token stop) {
    return deploy::collect({rule}, {}, std::move(stop));
  };
  co_return co_await stoppable_off_thread(std::move(work));
}

std::vector<std::string> module_reload::wanted_modules(
    const protocol::ModuleReloadParams& params, const std::vector<deploy::bundle>& all) const {
  if (!params.modules.empty()) {
    for (const auto& module : params.modules) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const deploy::bundle& one) {
        return is_python_bundle(one) &&
               std::any_of(one.files.begin(), one.files.end(),
                           [&](const auto& file) { return belongs_to(file.path, module); });
      });
      if (!known) {
        throw failure(failure_kind::invalid_input,
                      concat("There is no module ", module,
                             " in what is deployed. Look at the plan of the deployment."));
      }
    }
    return params.modules;
  }
  if (!params.push || !params.file) return {};
  auto module = deploy::module_of(all, *params.file);
  if (module.empty()) {
    throw failure(failure_kind::invalid_input,
                  concat(std::filesystem::path(*params.file).filename().string(),
                         " is no Python module. Open one, or name it."));
  }
  return {std::move(module)};
}

/// What the session has, by what livyd gave it, else by asking it.
task<file_hashes> module_reload::contents(livy::client& livy, const reload_target& to,
                                          const std::vector<deploy::bundle>& all) {
  if (const auto* known = deployment_.contents_of(to.name)) co_return *known;
  json tops = json::array();
  for (const auto& one : all) {
    if (!is_python_bundle(one)) continue;
    for (const auto& top : one.top_modules) tops.push_back(top);
  }
  json request{{"do", "state"}};
  request["tops"] = std::move(tops);
  auto answer = co_await ask_modules(livy, time_, to.id, std::move(request), [&](std::int64_t id) {
    deployment_.saw_statement(to.id, id);
  });
  co_return std::move(answer.files);
}

task<protocol::ModuleReloadResult> module_reload::perform(livy::client& livy, reload_target to,
                                                          protocol::ModuleReloadParams params) {
  deployment_.look_from(params.file);
  const auto all = co_await bundles_for(params);
  if (std::none_of(all.begin(), all.end(), is_python_bundle)) {
    throw failure(failure_kind::invalid_input,
                  "There are no Python modules to deploy here, so there is nothing to load again.");
  }
  const auto modules = wanted_modules(params, all);
  const auto there = co_await contents(livy, to, all);
  auto found = compared(all, there);
  if (params.push) {
    for (const auto& one : all) {
      for (const auto& file : one.files) {
        const bool wanted = is_python_bundle(one) &&
                            std::any_of(modules.begin(), modules.end(), [&](const auto& module) {
                              return belongs_to(file.path, module);
                            });
        const bool listed_already =
            std::any_of(found.changed.begin(), found.changed.end(),
                        [&](const auto& each) { return each.path == file.path; });
        if (wanted && !listed_already) found.changed.push_back(file);
      }
    }
  }
  protocol::ModuleReloadResult result;
  if (found.changed.empty() && found.deleted.empty() && modules.empty()) {
    deployment_.keep_contents(to.name, std::move(found.here));
    result.detail = "Nothing has changed since the session got it.";
    co_return result;
  }
  const auto seen = [&](std::int64_t id) { deployment_.saw_statement(to.id, id); };
  json request{{"do", "push"}, {"files", json::object()}, {"deleted", found.deleted}};
  request["by_value"] = profile_.deploy.by_value;
  request["reload"] = modules.empty() ? json("changed") : json(modules);
  std::uint64_t with_the_request = 0;
  for (const auto& file : found.changed) {
    result.files += 1;
    result.bytes += static_cast<std::int64_t>(file.bytes);
    if (with_the_request + file.bytes <= inline_limit) {
      auto content = co_await content_of(file);
      with_the_request += content.size();
      request["files"][file.path] = base64_encoded(content);
    } else {
      auto name = concat("module-", random_hex(8));
      co_await stage_file(livy, time_, to.id, name, file.source, seen, [](std::int64_t) {});
      request["files"][file.path] = {{"staged", name}};
    }
  }
  auto answer = co_await ask_modules(livy, time_, to.id, std::move(request), seen);
  auto now = std::move(found.here);
  result.reloaded = std::move(answer.reloaded);
  for (auto& [module, reason] : answer.kept) {
    // It is sent again with the next reload, however little changed meanwhile.
    for (auto it = now.begin(); it != now.end();) {
      it = belongs_to(it->first, module) ? now.erase(it) : std::next(it);
    }
    protocol::KeptModule row;
    row.module = std::move(module);
    row.reason = std::move(reason);
    result.kept.push_back(std::move(row));
  }
  deployment_.keep_contents(to.name, std::move(now));
  result.executors = executors_in(answer.executors);
  result.detail = in_words(result, answer.executors_detail);
  co_return result;
}

}  // namespace livyd
