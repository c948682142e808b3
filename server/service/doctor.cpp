#include "service/doctor.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "local/session.hpp"

namespace livyd {
namespace {

using protocol::Check;
using protocol::CheckState;
using protocol::SecretKind;

constexpr duration step_limit = 30s;
constexpr duration connect_limit = 10s;
constexpr duration clean_up_limit = 10s;
constexpr int unauthorized = 401;
constexpr int forbidden = 403;

/// Ends a step that would last, with a sentence that names it.
template <class T>
task<T> limited(task<T> work, std::string_view what) {
  return with_deadline(std::move(work), step_limit,
                       concat(what, " did not answer within 30 s. Try again, or ask who runs it."));
}

std::string operating_system() {
  std::string name;
  try {
    const auto release = read_file_if_any("/etc/os-release").value_or("");
    for (const auto line : split(release, '\n')) {
      constexpr std::string_view key = "PRETTY_NAME=";
      if (line.starts_with(key)) name = std::string(trimmed(line.substr(key.size())));
    }
  } catch (const failure&) {
    name.clear();  // the kernel's name has to do
  }
  std::erase(name, '"');
  utsname kernel{};
  if (::uname(&kernel) != 0) return name.empty() ? "an unknown system" : name;
  return concat(name, name.empty() ? "" : ", ", kernel.sysname, " ", kernel.release, " ",
                kernel.machine);
}

protocol::DoctorResult result_of(report_head head, std::vector<Check> checks) {
  head.system = operating_system();
  protocol::DoctorResult out;
  out.report = report_text(head, checks);
  out.checks = std::move(checks);
  return out;
}

/// Where the interpreter is that the embedded endpoint will start; "" when there is none.
std::string interpreter_found(const std::string& python) {
  if (python.find('/') != std::string::npos) {
    return ::access(python.c_str(), X_OK) == 0 ? python : std::string();
  }
  const char* path = std::getenv("PATH");
  const std::string_view folders = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  for (const auto folder : split(folders, ':')) {
    const auto candidate = concat(folder.empty() ? "." : folder, "/", python);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

bool gave_cookie(const http::response& answer) {
  const auto cookies = answer.headers.all("Set-Cookie");
  return std::any_of(cookies.begin(), cookies.end(), [](std::string_view cookie) {
    const auto pair = cookie.substr(0, cookie.find(';'));
    const auto equals = pair.find('=');
    return equals != std::string_view::npos && !trimmed(pair.substr(equals + 1)).empty();
  });
}

http::byte_source bytes_of(std::string text) {
  return [left = std::move(text)](asio::mutable_buffer into) mutable -> task<std::size_t> {
    const auto count = std::min(left.size(), into.size());
    std::memcpy(into.data(), left.data(), count);
    left.erase(0, count);
    co_return count;
  };
}

/// Writes the file and deletes it; after a failure or a cancellation it is deleted, too.
task<void> write_and_delete(hdfs::client& files, std::string path) {
  const std::string content = "livyd doctor: may be deleted\n";
  std::exception_ptr error;
  try {
    const auto bytes = static_cast<std::int64_t>(content.size());
    co_await files.create(path, bytes_of(content), bytes, false);
    co_await files.remove(path, false);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await shielded([&files, &path] { return files.remove(path, false); }, clean_up_limit);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  std::rethrow_exception(error);
}

}  // namespace

doctor::doctor(std::shared_ptr<room> patient, clock& time, doctor_settings settings)
    : patient_(std::move(patient)),
      time_(time),
      settings_(std::move(settings)),
      where_(patient_->where()) {}

doctor::~doctor() = default;

std::vector<doctor::trial> doctor::trials() const {
  if (where_.local()) {
    std::vector<trial> out{{link::profile, &doctor::look_at_profile},
                           {link::endpoint, &doctor::look_at_endpoint},
                           {link::livy, &doctor::look_at_livy}};
    if (!where_.webhdfs.empty()) out.push_back({link::webhdfs, &doctor::look_at_webhdfs});
    return out;
  }
  return {{link::profile, &doctor::look_at_profile},
          {link::name, &doctor::look_at_name},
          {link::proxy, &doctor::look_at_proxy},
          {link::tcp, &doctor::look_at_tcp},
          {link::tls, &doctor::look_at_tls},
          {link::authentication, &doctor::look_at_authentication},
          {link::livy, &doctor::look_at_livy},
          {link::webhdfs, &doctor::look_at_webhdfs}};
}

task<protocol::DoctorResult> doctor::diagnose() {
  std::vector<Check> checks;
  bool whole = true;
  for (const auto& one : trials()) {
    if (!whole) {
      checks.push_back(not_tried(one.name));
      continue;
    }
    auto check = co_await tried(one);
    log::info("doctor", concat(where_.name, ": ", check.name, " ", name_of(check.state)));
    whole = check.state != CheckState::failed;
    checks.push_back(std::move(check));
  }
  report_head head;
  head.version = settings_.version;
  head.profile = where_.name;
  if (!where_.local()) head.url = server().shown();
  head.wall_milliseconds = time_.wall_milliseconds();
  co_return result_of(std::move(head), std::move(checks));
}

task<Check> doctor::tried(trial one) {
  std::optional<failure> reason;
  try {
    co_return co_await (this->*one.look)();
  } catch (const failure& problem) {
    if (problem.kind() == failure_kind::cancelled) throw;
    reason = problem;
  }
  if (!reason->detail().empty()) log::info("doctor", redacted(reason->detail()));
  co_return broken(one.name, *reason);
}

http::url doctor::server() const {
  return livy::base_url(where_.url);
}

task<Check> doctor::look_at_profile() {
  auto words =
      settings_.origin.empty() ? std::string("usable") : concat("usable, from ", settings_.origin);
  if (where_.confirm) words += "; it asks before anything is changed";
  co_return sound(link::profile, words);
}

task<Check> doctor::look_at_endpoint() {
  local::session_settings settings;
  settings.python = where_.python;
  const auto python = local::chosen_python(settings, {});
  const auto found = interpreter_found(python);
  if (found.empty()) {
    throw failure(failure_kind::io, concat("There is no Python interpreter ", python,
                                           ". Install one, or set \"python\" in the profile."));
  }
  livy_ = co_await limited(patient_->server().open(), "The embedded endpoint");
  co_return sound(link::endpoint,
                  concat("runs at ", livy_->base().authority(), "; Python is ", found));
}

task<Check> doctor::look_at_name() {
  const auto target = server();
  const auto settings = patient_->server().client_settings();
  std::string proxy;
  try {
    const auto through = http::proxy_for(settings.proxy, target, http::process_environment());
    if (through) proxy = through->address.host_and_port();
  } catch (const failure&) {
    proxy = "that is meant";  // the next link says what is wrong with it
  }
  std::vector<std::string> addresses;
  if (proxy.empty()) addresses = co_await http::probe_name(target.host, connect_limit);
  co_return about_name(target.host, addresses, proxy);
}

task<Check> doctor::look_at_proxy() {
  co_await patient_->server().wait_for_secret(SecretKind::proxy_password);
  auto settings = patient_->server().client_settings();
  way_ = co_await limited(http::probe_proxy(server(), std::move(settings.proxy), connect_limit),
                          "The proxy");
  co_return about_proxy(way_);
}

task<Check> doctor::look_at_tcp() {
  std::optional<http::tcp_facts> direct;
  if (way_.direct) direct = co_await http::probe_tcp(server(), connect_limit);
  co_return about_tcp(way_, direct);
}

task<Check> doctor::look_at_tls() {
  const auto target = server();
  tls_findings found;
  found.used = target.secure();
  found.exposed =
      where_.allow_insecure && !target.loopback() && where_.auth.kind != authentication_kind::none;
  if (!found.used) co_return about_tls(found, time_.wall_milliseconds());
  co_await patient_->server().wait_for_secret(SecretKind::key_passphrase);
  auto settings = patient_->server().client_settings();
  found.verified = settings.tls.verify;
  found.shown = co_await limited(
      http::probe_tls(target, std::move(settings.tls), std::move(settings.proxy), connect_limit),
      target.host_and_port());
  if (!found.verified) found.objection = co_await objection_to_certificate();
  co_return about_tls(found, time_.wall_milliseconds());
}

/// What the verification that the profile switches off would say; "" for nothing.
task<std::string> doctor::objection_to_certificate() {
  auto settings = patient_->server().client_settings();
  settings.tls.verify = true;
  try {
    co_await limited(http::probe_tls(server(), std::move(settings.tls), std::move(settings.proxy),
                                     connect_limit),
                     server().host_and_port());
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    co_return reason.message();
  }
  co_return std::string();
}

task<Check> doctor::look_at_authentication() {
  for (const auto what : {SecretKind::password, SecretKind::token}) {
    co_await patient_->server().wait_for_secret(what);
  }
  transport_ = patient_->server().fresh_client();
  livy_ = std::make_shared<livy::client>(*transport_, server());
  authentication_findings found;
  found.kind = where_.auth.kind;
  found.user = where_.auth.user;
  co_await limited(ask_without_credentials(found), server().host_and_port());
  if (unanswered_) co_return not_tried(link::authentication, "there was no answer to judge");
  co_await limited(ask_with_credentials(found), server().host_and_port());
  co_return about_authentication(found);
}

task<void> doctor::ask_without_credentials(authentication_findings& found) {
  const auto anonymous = patient_->server().anonymous_client();
  http::request asked;
  asked.target = http::joined(server(), "version");
  asked.headers = {{"Accept", "application/json"}, {"X-Requested-By", "livyd"}};
  asked.deadline = step_limit / 2;
  try {
    const auto answer = co_await anonymous->send(std::move(asked));
    found.asked = answer.status == unauthorized;
    found.offered = http::offered_mechanisms(answer);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    unanswered_ = reason;
  }
}

task<void> doctor::ask_with_credentials(authentication_findings& found) {
  http::request asked;
  asked.target = http::joined(server(), "version");
  asked.headers = {{"Accept", "application/json"}, {"X-Requested-By", "livyd"}};
  asked.route = server().path;
  const auto target = asked.target;
  try {
    if (found.kind == authentication_kind::kerberos) {
      const auto& tickets = patient_->server().tickets();
      found.service = tickets->service_for(target.host);
      found.ticket = co_await tickets->find_ticket();
      found.judged = judged_ticket(where_.name, found.ticket, time_.wall_milliseconds());
    }
    const auto answer = co_await transport_->send(std::move(asked));
    found.cookie = gave_cookie(answer);
    if (answer.status == unauthorized || answer.status == forbidden) {
      found.refusal = livy::failure_from(answer, target, "ask for its version");
    }
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    found.refusal = reason;
  }
}

task<Check> doctor::look_at_livy() {
  if (unanswered_) throw failure(*unanswered_);
  const auto found = co_await limited(livy_found(), livy_->base().host_and_port());
  co_return about_livy(found);
}

task<livy_findings> doctor::livy_found() {
  livy_findings found;
  found.version = co_await livy_->version();
  found.guarded = co_await livy_->guards_against_forgery();
  const auto sessions = co_await livy_->list_sessions();
  found.sessions = static_cast<std::int64_t>(sessions.size());
  found.own = std::count_if(sessions.begin(), sessions.end(),
                            [this](const auto& session) { return patient_->is_mine(session); });
  found.agent = where_.agent && where_.session.kind == "pyspark";
  if (found.agent) found.side_channel = co_await side_channel_problem();
  co_return found;
}

/// Asks a session that cannot exist: Livy's own word that there is none has passed the gateway.
task<std::optional<failure>> doctor::side_channel_problem() {
  try {
    co_await livy_->submit_job(std::string(livy::nobodys_session), "");
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    if (reason.kind() != failure_kind::session_lost) co_return reason;
  }
  co_return std::nullopt;
}

task<Check> doctor::look_at_webhdfs() {
  if (where_.webhdfs.empty()) co_return not_tried(link::webhdfs, "not in the profile");
  const auto files = co_await patient_->server().hdfs();
  const auto peer = http::parse_url(where_.webhdfs.front()).host_and_port();
  const auto found = co_await limited(webhdfs_found(files), peer);
  co_return about_webhdfs(found);
}

task<webhdfs_findings> doctor::webhdfs_found(std::shared_ptr<hdfs::client> hdfs) {
  auto& files = *hdfs;
  const auto name = concat("/.livyd-doctor-", random_hex(8));
  webhdfs_findings found;
  found.home = co_await files.home();
  found.folder = found.home;
  try {
    co_await write_and_delete(files, concat(found.home == "/" ? "" : found.home, name));
    co_return found;
  } catch (const failure& reason) {
    const bool not_ours =
        reason.kind() == failure_kind::forbidden || reason.kind() == failure_kind::not_found;
    if (!not_ours) throw;
    found.home_problem = reason;
  }
  found.folder = "/tmp";
  co_await write_and_delete(files, concat(found.folder, name));
  co_return found;
}

protocol::DoctorResult unusable(const std::string& profile, const failure& reason,
                                const std::string& version, std::int64_t wall_milliseconds) {
  std::vector<Check> checks{broken(link::profile, reason)};
  for (const auto name : {link::name, link::proxy, link::tcp, link::tls, link::authentication,
                          link::livy, link::webhdfs}) {
    checks.push_back(not_tried(name));
  }
  report_head head;
  head.version = version;
  head.profile = profile;
  head.wall_milliseconds = wall_milliseconds;
  return result_of(std::move(head), std::move(checks));
}

}  // namespace livyd
