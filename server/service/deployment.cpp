#include "service/deployment.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "deploy/zip.hpp"
#include "hdfs/local_file.hpp"
#include "service/session_modules.hpp"

namespace livyd {
namespace {

using protocol::BundleState;
using protocol::Carrier;

constexpr std::size_t sessions_known = 20;

std::string field_of(const deploy::bundle& one) {
  return std::string(deploy::name_of(one.kind));
}

protocol::BundleKind kind_of(const std::string& field) {
  protocol::BundleKind out{};
  protocol::from_json(nlohmann::json(field), out);
  return out;
}

std::string carrier_name(Carrier by) {
  return std::string(protocol::name_of(by));
}

Carrier carrier_of(const std::string& name) {
  Carrier out{};
  protocol::from_json(nlohmann::json(name), out);
  return out;
}

/// Livy's upload and text both lead into the session.
bool went_by(const stored_bundle& sent, Carrier by) {
  return (carrier_of(sent.carrier) == Carrier::webhdfs) == (by == Carrier::webhdfs);
}

/// Where a zip is made, for as long as it is needed.
removed_file scratch_file(const std::filesystem::path& folder) {
  return removed_file(folder / concat("bundle-", random_hex(8), ".zip"));
}

std::string digest_of_file(const std::filesystem::path& file, std::stop_token stop) {
  sha256 sum;
  std::ifstream from(file, std::ios::binary);
  std::string piece(1_MiB, '\0');
  while (from && !stop.stop_requested()) {
    from.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    sum.add(std::string_view(piece).substr(0, static_cast<std::size_t>(from.gcount())));
  }
  if (stop.stop_requested()) throw_cancelled();
  if (!from.eof()) {
    throw failure(failure_kind::io, concat("Cannot read ", file.string(), ". Is it there?"));
  }
  return sum.digits();
}

/// What of a bundle travels: itself, or the zip of it in `scratch`.
task<std::filesystem::path> packed(deploy::bundle one, std::filesystem::path scratch) {
  if (!one.packed) co_return one.files.front().source;
  auto work = [one = std::move(one), scratch](std::stop_token stop) {
    make_private_folder(scratch.parent_path());
    deploy::write_zip(one, scratch, std::move(stop));
  };
  co_await stoppable_off_thread(std::move(work));
  co_return scratch;
}

file_hashes contents(const std::vector<deploy::bundle>& all) {
  file_hashes out;
  for (const auto& one : all) {
    if (one.kind != deploy::bundle_kind::py_files) continue;
    for (const auto& file : one.files) out[file.path] = file.hash;
  }
  return out;
}

std::vector<std::string>& field(livy::session_request& wanted, deploy::bundle_kind kind) {
  switch (kind) {
    case deploy::bundle_kind::jars:
      return wanted.jars;
    case deploy::bundle_kind::files:
      return wanted.files;
    case deploy::bundle_kind::archives:
      return wanted.archives;
    case deploy::bundle_kind::py_files:
      break;
  }
  return wanted.py_files;
}

failure nothing_to_deploy(const std::string& profile, const std::filesystem::path& where) {
  return {
      failure_kind::invalid_input,
      concat("There is nothing to deploy: no \"scripts\" with .py files and no \"modules\" with "
             "packages around ",
             where.empty() ? std::string("here") : where.string(),
             ". Add \"deploy\": {\"bundles\": [\u2026]} to the profile \"", profile, "\".")};
}

}  // namespace

deployment::deployment(asio::any_io_executor executor, clock& time, listener& events, store& kept,
                       const profile& where, connection& server, deployment_settings settings)
    : executor_(std::move(executor)),
      time_(time),
      events_(events),
      store_(kept),
      profile_(where),
      connection_(server),
      settings_(std::move(settings)) {}

void deployment::look_from(const std::optional<std::string>& file) {
  if (file && file->starts_with('/')) start_ = *file;
}

// ---------------------------------------------------------------- what there is

std::vector<deploy::bundle_rule> deployment::rules() const {
  auto out = profile_.deploy.bundles;
  for (auto& rule : out) {
    if (rule.folder.is_absolute()) continue;
    if (settings_.workspace.empty()) {
      throw failure(failure_kind::invalid_input,
                    concat("The bundle \"", rule.name,
                           "\" begins in a folder of the workspace, and none is open. Open one, or "
                           "write the whole path."));
    }
    rule.folder = (settings_.workspace / rule.folder).lexically_normal();
  }
  return out;
}

task<std::vector<deploy::bundle>> deployment::bundles() {
  const bool by_hdfs = carrier().carrier == Carrier::webhdfs;
  co_return co_await found_bundles(
      by_hdfs ? deploy::any_size : static_cast<std::uint64_t>(livy::client::upload_limit));
}

task<std::vector<deploy::bundle>> deployment::bundles_of_any_size() {
  return found_bundles(deploy::any_size);
}

task<std::vector<deploy::bundle>> deployment::found_bundles(std::uint64_t largest) {
  auto work = [largest, written = rules(), workspace = settings_.workspace,
               start = start_.empty() ? settings_.workspace : std::filesystem::path(start_)](
                  std::stop_token stop) -> std::vector<deploy::bundle> {
    auto found = written;
    if (found.empty() && !start.empty()) found = deploy::default_rules(start, workspace);
    if (found.empty()) return {};
    return deploy::collect(found, workspace, std::move(stop), largest);
  };
  co_return co_await stoppable_off_thread(std::move(work));
}

task<std::vector<deploy::bundle>> deployment::some_bundles() {
  auto all = co_await bundles();
  if (all.empty()) {
    throw nothing_to_deploy(profile_.name,
                            start_.empty() ? settings_.workspace : std::filesystem::path(start_));
  }
  co_return all;
}

deployment::choice deployment::carrier() const {
  if (profile_.deploy.carrier) {
    return {*profile_.deploy.carrier, "The profile says so (\"deploy.by\")."};
  }
  if (profile_.local()) {
    return {Carrier::livy, "Sessions of this machine take them by Livy's own upload."};
  }
  if (!profile_.webhdfs.empty()) return {Carrier::webhdfs, "The profile has \"webhdfs\"."};
  return {Carrier::livy,
          "The profile has no \"webhdfs\", so Livy's own upload takes them into the session."};
}

/// The embedded endpoint reads no HDFS, whatever lies there.
Carrier deployment::session_carrier() const {
  const auto by = carrier().carrier;
  return profile_.local() && by == Carrier::webhdfs ? Carrier::livy : by;
}

task<std::string> deployment::root() {
  if (!profile_.deploy.root.empty()) co_return profile_.deploy.root;
  if (root_.empty()) {
    const auto files = co_await connection_.hdfs();
    root_ = concat(co_await files->home(), "/.livyd");
  }
  co_return root_;
}

task<std::string> deployment::target_of(const deploy::bundle& one, Carrier by) {
  if (by != Carrier::webhdfs) co_return one.file_name();
  auto folder = co_await root();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  co_return concat(folder, "/", one.file_name());
}

bool deployment::was_sent(const std::vector<stored_bundle>& all, const deploy::bundle& one,
                          Carrier by) const {
  return std::any_of(all.begin(), all.end(), [&](const stored_bundle& each) {
    return each.name == one.name && each.kind == field_of(one) && went_by(each, by) &&
           (one.packed || each.source == one.source.string());
  });
}

bool deployment::was_given(const std::vector<stored_bundle>& all, const deploy::bundle& one,
                           const std::string& session_name) const {
  return std::any_of(all.begin(), all.end(), [&](const stored_bundle& each) {
    const auto& names = each.sessions;
    return each.name == one.name && each.kind == field_of(one) && each.hash == one.hash &&
           each.target == one.file_name() &&
           std::find(names.begin(), names.end(), session_name) != names.end();
  });
}

/// A file of that length under a name that carries the hash: uploads are whole or not there.
task<bool> deployment::is_there(const deploy::bundle& one, const std::string& target) {
  std::optional<std::int64_t> expected;
  if (!one.packed) expected = static_cast<std::int64_t>(one.bytes);
  const auto kept = store_.kept(profile_.name).deployed;
  for (const auto& each : kept) {
    if (each.target == target && each.hash == one.hash) expected = each.bytes;
  }
  if (!expected) co_return false;
  const auto files = co_await connection_.hdfs();
  const auto there = co_await files->status(target);
  co_return there && !there->folder && there->bytes == *expected;
}

std::string deployment::active_session() const {
  return store_.session(profile_.name).value_or(stored_session{}).name;
}

task<protocol::DeployResult> deployment::compared(const std::vector<deploy::bundle>& all, choice by,
                                                  std::string session_name) {
  protocol::DeployResult out;
  out.carrier = by.carrier;
  out.reason = std::move(by.reason);
  const auto kept = store_.kept(profile_.name).deployed;
  for (const auto& one : all) {
    protocol::Bundle row;
    row.name = one.name;
    row.kind = kind_of(field_of(one));
    row.source = one.source.string();
    row.files = static_cast<std::int64_t>(one.files.size());
    row.bytes = static_cast<std::int64_t>(one.bytes);
    row.hash = one.hash;
    row.target = co_await target_of(one, by.carrier);
    bool current = false;
    if (by.carrier == Carrier::webhdfs) {
      current = co_await is_there(one, row.target);
    } else {
      current = !session_name.empty() && was_given(kept, one, session_name);
    }
    row.state = current                           ? BundleState::current
                : was_sent(kept, one, by.carrier) ? BundleState::changed
                                                  : BundleState::absent;
    if (!current) out.bytes += row.bytes;
    out.bundles.push_back(std::move(row));
  }
  co_return out;
}

task<protocol::DeployResult> deployment::plan(protocol::DeployParams params) {
  look_from(params.file);
  const auto all = co_await some_bundles();
  co_return co_await compared(all, carrier(), active_session());
}

// ---------------------------------------------------------------- sending

task<protocol::DeployResult> deployment::run(protocol::DeployParams params, std::string session) {
  look_from(params.file);
  // While this goes on another session may become the active one.
  receiver into{.id = std::move(session), .name = active_session()};
  transfer told(executor_, events_, std::move(params.transfer));
  told.begin("Looking for what has changed", {});
  const auto all = co_await some_bundles();
  auto result = co_await compared(all, carrier(), into.name);
  const bool missing =
      std::any_of(result.bundles.begin(), result.bundles.end(),
                  [](const protocol::Bundle& one) { return one.state != BundleState::current; });
  if (missing && result.carrier != Carrier::webhdfs && into.id.empty()) {
    throw failure(failure_kind::invalid_input,
                  "Without \"webhdfs\" bundles go into a session, and there is none. Start a "
                  "session: what has changed goes with it.");
  }
  co_await send(all, result, told, std::move(into));
  co_return result;
}

/// Sends what is not current, and says so in `result`.
task<void> deployment::send(const std::vector<deploy::bundle>& all, protocol::DeployResult& result,
                            transfer told, receiver into) {
  result.bytes = 0;
  std::vector<std::string> given;
  for (std::size_t at = 0; at < all.size(); ++at) {
    auto& row = result.bundles[at];
    if (row.state == BundleState::current) continue;
    const auto& one = all[at];
    if (result.carrier == Carrier::webhdfs) {
      const auto bytes = co_await to_hdfs(one, row.target, told);
      result.bytes += bytes;
    } else {
      auto livy = co_await connection_.open();
      std::string problem;
      try {
        result.bytes += co_await to_session(*livy, into.id, result.carrier, one, told);
      } catch (const failure& reason) {
        if (reason.kind() != failure_kind::unsupported) throw;
        problem = reason.message();
      }
      if (!problem.empty()) {
        result.remarks.push_back(std::move(problem));
        continue;
      }
      given.push_back(row.target);
    }
    row.state = BundleState::current;
  }
  if (!given.empty()) {
    co_await note_session(into.name, std::move(given));
    // What is loaded there is still what it had before: the next reload asks it.
    forget_contents(into.name);
  }
  co_await events_.deploy_changed(protocol::ProfileParams{.profile = profile_.name});
}

/// Returns how many bytes went out.
task<std::int64_t> deployment::to_hdfs(const deploy::bundle& one, std::string target,
                                       transfer told) {
  const auto scratch = scratch_file(settings_.scratch);
  told.begin(concat("Packing ", one.name), {});
  const auto local = co_await packed(one, scratch.path());
  const auto files = co_await connection_.hdfs();
  auto from = open_file(local);
  const auto bytes = from->bytes();
  const auto there = co_await files->status(target);
  const bool same = there && !there->folder && there->bytes == bytes;
  if (!same) {
    told.begin(concat("Sending ", one.name), bytes);
    co_await files->make_folders(target.substr(0, target.rfind('/')));
    co_await hdfs::upload(*files, target, source_of(std::move(from)), bytes, true,
                          [told](std::int64_t sent) mutable { told.at(sent); });
  }
  co_await remember(one, target, Carrier::webhdfs, bytes);
  co_return same ? 0 : bytes;
}

task<std::string> deployment::send_file(std::filesystem::path file, std::string name,
                                        transfer told) {
  const auto digits = co_await stoppable_off_thread(
      [file](std::stop_token stop) { return digest_of_file(file, std::move(stop)); });
  deploy::bundle one;
  const std::filesystem::path shown(name);
  one.name = shown.stem().string();
  one.kind = deploy::bundle_kind::files;
  one.source = file;
  one.packed = false;
  one.hash = digits;
  one.files.push_back({.path = name, .source = file, .bytes = 0, .hash = digits});
  const auto folder = co_await root();
  const auto target =
      concat(folder, "/", one.name, "-", digits.substr(0, 12), shown.extension().string());
  co_await to_hdfs(one, target, told);
  co_return target;
}

/// Livy's upload where it can carry it, else text through statements. Throws failure{unsupported}
/// with a sentence for what neither can carry.
task<std::int64_t> deployment::to_session(livy::client& livy, std::string session, Carrier by,
                                          const deploy::bundle& one, transfer told) {
  if (one.kind == deploy::bundle_kind::jars) {
    throw failure(failure_kind::unsupported,
                  concat(one.source.filename().string(),
                         " was left out: a jar must be on HDFS before the session starts. Add "
                         "\"webhdfs\" to the profile."));
  }
  const auto scratch = scratch_file(settings_.scratch);
  told.begin(concat("Packing ", one.name), {});
  const auto local = co_await packed(one, scratch.path());
  auto from = open_file(local);
  const auto bytes = from->bytes();
  told.begin(concat("Sending ", one.name), bytes);
  const bool may_fall_back = !profile_.deploy.carrier;
  bool sent = false;
  if (by == Carrier::livy && one.kind != deploy::bundle_kind::archives) {
    std::optional<failure> refused;
    try {
      co_await livy.upload(session, one.kind == deploy::bundle_kind::py_files, one.file_name(),
                           source_of(std::move(from)), bytes);
      sent = true;
    } catch (const failure& reason) {
      const auto kind = reason.kind();
      const bool not_offered = kind == failure_kind::unsupported ||
                               kind == failure_kind::rejected || kind == failure_kind::not_found;
      if (!not_offered || !may_fall_back) throw;
      refused = reason;
    }
    if (refused) log::info("deploy", concat("Livy's upload: ", refused->message()));
  }
  if (!sent) {
    by = Carrier::session;
    const auto seen = [this, session](std::int64_t id) { saw_statement(session, id); };
    co_await stage_file(livy, time_, session, one.file_name(), local, seen,
                        [told](std::int64_t done) mutable { told.at(done); });
    nlohmann::json add{{"do", "add"}, {"name", one.file_name()}, {"file", one.file_name()}};
    add["sha256"] = co_await stoppable_off_thread(
        [local](std::stop_token stop) { return digest_of_file(local, std::move(stop)); });
    add["field"] = field_of(one);
    if (!one.alias.empty()) add["alias"] = one.alias;
    co_await ask_modules(livy, time_, session, std::move(add), seen);
  }
  co_await remember(one, one.file_name(), by, bytes);
  co_return bytes;
}

// ---------------------------------------------------------------- sessions

task<void> deployment::before_session(livy::session_request& wanted,
                                      std::function<task<void>(std::string)> tell) {
  if (!profile_.deploy.wanted || !profile_.deploy.automatic) co_return;
  co_await tell("looking for what has changed since it was deployed");
  const auto all = co_await bundles();
  if (all.empty()) co_return;
  auto by = carrier();
  if (session_carrier() != Carrier::webhdfs) {
    waiting_[wanted.name] = all;
    co_return;
  }
  auto result = co_await compared(all, std::move(by), {});
  std::vector<std::string> targets;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto& row = result.bundles[at];
    if (row.state != BundleState::current) {
      co_await tell(concat("deploying ", all[at].name));
      co_await to_hdfs(all[at], row.target, transfer(executor_, events_, std::nullopt));
    }
    const auto& alias = all[at].alias;
    const auto named = alias.empty() ? row.target : concat(row.target, "#", alias);
    auto& list = field(wanted, all[at].kind);
    if (std::find(list.begin(), list.end(), named) == list.end()) list.push_back(named);
    targets.push_back(row.target);
  }
  co_await note_session(wanted.name, std::move(targets));
  keep_contents(wanted.name, contents(all));
  co_await events_.deploy_changed(protocol::ProfileParams{.profile = profile_.name});
}

task<std::vector<deploy::bundle>> deployment::still_to_be_given(const std::string& session_name) {
  std::vector<deploy::bundle> all;
  if (const auto waiting = waiting_.extract(session_name)) all = waiting.mapped();
  if (!all.empty()) co_return all;
  const auto stored = store_.session(profile_.name).value_or(stored_session{});
  const bool automatic = profile_.deploy.wanted && profile_.deploy.automatic;
  const bool ours = stored.created && !session_name.empty() && stored.name == session_name;
  if (!automatic || !ours || session_carrier() == Carrier::webhdfs) co_return all;
  const auto kept = store_.kept(profile_.name).deployed;
  const bool given = std::any_of(kept.begin(), kept.end(), [&](const stored_bundle& each) {
    const auto& names = each.sessions;
    return std::find(names.begin(), names.end(), session_name) != names.end();
  });
  if (given) co_return all;
  try {
    all = co_await bundles();
  } catch (const failure& reason) {
    // The session is used all the same; its next one, or a deployment, says what is wrong.
    if (reason.kind() == failure_kind::cancelled) throw;
    log::warn("deploy", reason.message());
  }
  co_return all;
}

task<void> deployment::after_session(livy::client& livy, std::string session, std::string name,
                                     std::function<task<void>(std::string)> tell) {
  const auto all = co_await still_to_be_given(name);
  if (all.empty()) co_return;
  std::vector<std::string> given;
  std::string problems;
  for (const auto& one : all) {
    std::string problem;
    try {
      co_await tell(concat("deploying ", one.name));
      co_await to_session(livy, session, session_carrier(), one,
                          transfer(executor_, events_, std::nullopt));
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled || reason.kind() == failure_kind::session_lost) {
        throw;
      }
      problem = reason.message();
    }
    if (problem.empty()) {
      given.push_back(one.file_name());
    } else {
      problems += concat(problems.empty() ? "" : " ", problem);
    }
  }
  co_await note_session(name, std::move(given));
  if (problems.empty()) {
    keep_contents(name, contents(all));
  } else {
    protocol::Notice words;
    words.severity = protocol::Severity::error;
    words.text = concat("The session runs, but not everything was deployed into it. ", problems);
    words.profile = profile_.name;
    co_await events_.notice(std::move(words));
  }
  co_await events_.deploy_changed(protocol::ProfileParams{.profile = profile_.name});
}

file_hashes* deployment::contents_of(const std::string& session_name) {
  const auto found = contents_.find(session_name);
  return found == contents_.end() ? nullptr : &found->second;
}

void deployment::keep_contents(const std::string& session_name, file_hashes files) {
  if (contents_.size() >= sessions_known && !contents_.contains(session_name)) contents_.clear();
  contents_[session_name] = std::move(files);
}

void deployment::forget_contents(const std::string& session_name) {
  contents_.erase(session_name);
}

// ---------------------------------------------------------------- remembering

task<void> deployment::change(std::function<void(std::vector<stored_bundle>&)> edit) {
  auto kept = store_.kept(profile_.name);
  edit(kept.deployed);
  if (kept.deployed.size() > store::deployed_limit) kept.deployed.resize(store::deployed_limit);
  co_await store_.put_profile(profile_.name, std::move(kept));
}

task<void> deployment::remember(const deploy::bundle& one, const std::string& target, Carrier by,
                                std::int64_t bytes) {
  stored_bundle entry{.name = one.name,
                      .kind = field_of(one),
                      .source = one.source.string(),
                      .hash = one.hash,
                      .target = target,
                      .carrier = carrier_name(by),
                      .bytes = bytes,
                      .time = time_.wall_milliseconds(),
                      .sessions = {}};
  co_await change([&entry](std::vector<stored_bundle>& all) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const stored_bundle& each) {
      return each.target == entry.target && each.carrier == entry.carrier;
    });
    if (same != all.end()) {
      entry.sessions = std::move(same->sessions);
      all.erase(same);
    }
    all.insert(all.begin(), std::move(entry));
  });
}

task<void> deployment::note_session(std::string session_name, std::vector<std::string> targets) {
  if (session_name.empty() || targets.empty()) co_return;
  co_await change([&](std::vector<stored_bundle>& all) {
    for (auto& each : all) {
      const bool given = std::find(targets.begin(), targets.end(), each.target) != targets.end();
      auto& names = each.sessions;
      if (!given || std::find(names.begin(), names.end(), session_name) != names.end()) continue;
      names.insert(names.begin(), session_name);
      if (names.size() > sessions_known) names.pop_back();
    }
  });
}

task<protocol::DeployListResult> deployment::list(protocol::DeployParams params) {
  look_from(params.file);
  std::vector<deploy::bundle> here;
  try {
    here = co_await bundles();
  } catch (const failure& reason) {
    // What is there is listed all the same; it differs from what cannot be read here.
    if (reason.kind() == failure_kind::cancelled) throw;
  }
  protocol::DeployListResult out;
  const auto kept = store_.kept(profile_.name).deployed;
  for (const auto& each : kept) {
    protocol::Deployed row;
    row.bundle = each.name;
    row.kind = kind_of(each.kind);
    row.source = each.source;
    row.hash = each.hash;
    row.target = each.target;
    row.carrier = carrier_of(each.carrier);
    row.bytes = each.bytes;
    row.time = each.time;
    row.sessions = each.sessions;
    row.stale = std::none_of(here.begin(), here.end(), [&](const deploy::bundle& one) {
      return one.name == each.name && one.hash == each.hash;
    });
    out.deployed.push_back(std::move(row));
  }
  co_return out;
}

task<void> deployment::remove(protocol::DeployRemoveParams params) {
  const auto kept = store_.kept(profile_.name).deployed;
  const auto found = std::find_if(kept.begin(), kept.end(), [&](const stored_bundle& each) {
    return each.target == params.target;
  });
  if (found == kept.end()) {
    throw failure(failure_kind::not_found,
                  concat("livyd has not deployed ", params.target,
                         ". Look at what is deployed, or use livyd hdfs rm."));
  }
  // What went into a session goes with the session.
  if (found->carrier == carrier_name(Carrier::webhdfs)) {
    const auto files = co_await connection_.hdfs();
    co_await files->remove(params.target, false);
  }
  co_await change([&](std::vector<stored_bundle>& all) {
    std::erase_if(all, [&](const stored_bundle& each) { return each.target == params.target; });
  });
  co_await events_.deploy_changed(protocol::ProfileParams{.profile = profile_.name});
}

}  // namespace livyd
