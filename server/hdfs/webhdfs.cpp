#include "hdfs/webhdfs.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "hdfs/answers.hpp"

namespace livyd::hdfs {
namespace {

/// A step that moves data may last; what bounds it is silence.
constexpr auto longest_transfer = 24h;
constexpr auto transfer_silence = 120s;
constexpr auto between_tries = 1s;
constexpr std::size_t listing_limit = 64_MiB;

/// One operation of the REST interface: what all of them have in common.
struct operation {
  http::method verb = http::method::get;
  std::string path;
  std::string query = {};  ///< "op=…", encoded
  std::string_view doing;  ///< "written": for a sentence
};

std::string parameter(std::string_view name, std::string_view value) {
  return concat("&", name, "=", percent_encoded(value, "/"));
}

/// Gateways sign each of these with a key of its own.
std::string route_of(const http::url& root, const std::string& path) {
  return concat(root.path, path == "/" ? " /" : "");
}

bool is_redirect(const http::response& answer) {
  return answer.status == 307 || answer.status == 302;
}

void require_absolute(const std::string& path) {
  if (path.starts_with('/') && is_valid_utf8(path) && path.find('\0') == std::string::npos) return;
  throw failure(failure_kind::invalid_input,
                concat("\"", valid_utf8(path), "\" is not a path in HDFS; it starts with /."));
}

std::pair<std::string, std::string> parent_and_name(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  if (end == std::string::npos) return {"/", ""};
  const auto slash = path.rfind('/', end);
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1, end - slash)};
}

}  // namespace

class client::implementation {
 public:
  implementation(http::client& transport, http::client& plain, clock& time, client_options options)
      : transport_(transport), plain_(plain), time_(time), options_(std::move(options)) {}

  /// The answer of the first root that is active and not in safe mode, whatever else it says.
  task<http::response> ask(operation what, http::body_sink sink = nullptr) {
    require_absolute(what.path);
    const auto until = time_.now() + options_.patience;
    for (std::size_t tried = 0;; ++tried) {
      std::exception_ptr problem;
      http::response answer;
      const auto asked = active_;
      try {
        answer = co_await transport_.send(request_for(what), sink);
        const auto said = answer.ok() ? std::nullopt : remote_exception_in(answer);
        if (!said || (!is_standby(*said) && !is_passing(*said))) co_return answer;
        if (is_standby(*said) && next_root(asked, tried)) continue;
      } catch (const failure& reason) {
        if (!may_ask_another(what, reason.kind())) throw;
        if (next_root(asked, tried)) continue;
        problem = std::current_exception();
      }
      if (time_.now() >= until) {
        if (problem) std::rethrow_exception(problem);
        co_return answer;
      }
      co_await time_.sleep_for(between_tries);
    }
  }

  /// Only what was certainly not executed, or only reads, goes to another name node.
  bool may_ask_another(const operation& what, failure_kind reason) const {
    if (options_.roots.size() < 2) return false;
    const bool absent =
        reason == failure_kind::connection_refused || reason == failure_kind::name_not_found;
    return absent || (reason == failure_kind::timeout && what.verb == http::method::get);
  }

  /// Throws unless the answer is a success.
  task<http::response> done(operation what) {
    auto answer = co_await ask(what);
    if (!answer.ok()) throw failure_from(answer, what.doing, what.path, root());
    co_return answer;
  }

  /// As done(); a `false` is a failure.
  task<void> agreed(operation what) {
    const auto answer = co_await done(what);
    const auto said = boolean_in(answer);
    if (!said) throw not_webhdfs(answer, root());
    if (!*said) {
      throw failure(failure_kind::rejected,
                    concat(what.path, " was not ", what.doing,
                           ": HDFS refused without a reason. Check that it exists and that its "
                           "folder does."));
    }
  }

  /// Two steps: the name node says where to, the bytes go there.
  task<void> send(operation what, http::byte_source from, std::int64_t bytes) {
    const auto first = co_await ask(what);
    const bool told =
        is_redirect(first) || (first.ok() && first.content_type() == "application/json");
    if (!told) {
      if (!first.ok()) throw failure_from(first, what.doing, what.path, root());
      throw not_webhdfs(first, root());
    }
    auto second = transfer_request(what.verb, location_in(first, root()));
    second.content_type = "application/octet-stream";
    second.source = std::move(from);
    second.source_bytes = static_cast<std::uint64_t>(bytes);
    const auto peer = second.target;
    const auto answer = co_await way_to(peer).send(std::move(second));
    if (!answer.ok()) throw failure_from(answer, what.doing, what.path, peer);
  }

  task<void> receive(operation what, http::body_sink sink) {
    const auto first = co_await ask(what, sink);
    if (first.ok()) co_return;
    if (!is_redirect(first)) throw failure_from(first, what.doing, what.path, root());
    auto second = transfer_request(http::method::get, location_in(first, root()));
    const auto peer = second.target;
    const auto answer = co_await way_to(peer).send(std::move(second), sink);
    if (!answer.ok()) throw failure_from(answer, what.doing, what.path, peer);
  }

  const http::url& root() const { return options_.roots[active_]; }

 private:
  http::request request_for(const operation& what) const {
    http::request outgoing;
    outgoing.verb = what.verb;
    auto query = what.query;
    if (!options_.user.empty()) query += parameter("user.name", options_.user);
    outgoing.target = root();
    while (outgoing.target.path.ends_with('/')) outgoing.target.path.pop_back();
    outgoing.target.path += percent_encoded(what.path, "/");
    outgoing.target.query = std::move(query);
    outgoing.headers = {
        {"Accept", "application/json"}, {"X-XSRF-HEADER", "livyd"}, {"X-Requested-By", "livyd"}};
    outgoing.content_type = "application/octet-stream";
    outgoing.follow_redirects = false;
    outgoing.body_limit = listing_limit;
    outgoing.route = route_of(root(), what.path);
    if (what.query.starts_with("op=OPEN")) {
      outgoing.deadline = longest_transfer;
      outgoing.silence = transfer_silence;
    }
    return outgoing;
  }

  http::request transfer_request(http::method verb, http::url to) const {
    http::request outgoing;
    outgoing.verb = verb;
    outgoing.route = concat(root().path, " data");
    outgoing.always_prove = true;
    outgoing.target = std::move(to);
    outgoing.headers = {{"X-XSRF-HEADER", "livyd"}, {"X-Requested-By", "livyd"}};
    outgoing.follow_redirects = false;
    outgoing.deadline = longest_transfer;
    outgoing.silence = transfer_silence;
    return outgoing;
  }

  /// Credentials stay with the origins that the profile names.
  http::client& way_to(const http::url& target) {
    const bool known = std::any_of(options_.roots.begin(), options_.roots.end(),
                                   [&](const auto& at) { return at.origin() == target.origin(); });
    return known ? transport_ : plain_;
  }

  /// The one after `asked`, unless another request has found that out meanwhile. False when all of
  /// them have been asked in this round.
  bool next_root(std::size_t asked, std::size_t tried) {
    if (active_ == asked) active_ = (asked + 1) % options_.roots.size();
    return (tried + 1) % options_.roots.size() != 0;
  }

  http::client& transport_;
  http::client& plain_;
  clock& time_;
  client_options options_;
  std::size_t active_ = 0;
};

client::client(http::client& transport, http::client& plain, clock& time, client_options options)
    : implementation_(
          std::make_unique<implementation>(transport, plain, time, std::move(options))) {}

client::~client() = default;

task<std::optional<file_status>> client::status(std::string path) {
  operation what{.path = path, .query = "op=GETFILESTATUS", .doing = "found"};
  const auto answer = co_await implementation_->ask(what);
  if (!answer.ok()) {
    const auto problem = failure_from(answer, what.doing, path, implementation_->root());
    if (problem.kind() == failure_kind::not_found && remote_exception_in(answer)) {
      co_return std::nullopt;
    }
    throw problem;
  }
  auto found = status_in(answer);
  if (!found) throw not_webhdfs(answer, implementation_->root());
  co_return found;
}

task<void> client::list(std::string path,
                        std::function<task<void>(std::vector<file_status>)> batch) {
  operation what{.path = path, .query = "op=LISTSTATUS_BATCH", .doing = "listed"};
  while (true) {
    auto answer = co_await implementation_->ask(what);
    // Hadoop before 2.8 and some gateways do not know the batches.
    const bool unknown_operation = answer.status == 400 || answer.status == 404 ||
                                   answer.status == 500 || answer.status == 501;
    if (unknown_operation && what.query == "op=LISTSTATUS_BATCH") {
      operation whole{.path = path, .query = "op=LISTSTATUS", .doing = "listed"};
      answer = co_await implementation_->done(whole);
    }
    if (!answer.ok()) throw failure_from(answer, what.doing, path, implementation_->root());
    auto found = listing_in(answer);
    if (!found) throw not_webhdfs(answer, implementation_->root());
    const bool last = found->remaining <= 0 || found->entries.empty();
    if (!last) {
      what.query =
          concat("op=LISTSTATUS_BATCH", parameter("startAfter", found->entries.back().name));
    }
    co_await batch(std::move(found->entries));
    if (last) co_return;
  }
}

task<content_summary> client::summary(std::string path) {
  operation what{.path = std::move(path), .query = "op=GETCONTENTSUMMARY", .doing = "measured"};
  const auto answer = co_await implementation_->done(what);
  const auto found = summary_in(answer);
  if (!found) throw not_webhdfs(answer, implementation_->root());
  co_return *found;
}

task<std::string> client::home() {
  operation what{.path = "/", .query = "op=GETHOMEDIRECTORY", .doing = "found"};
  const auto answer = co_await implementation_->done(what);
  auto found = home_in(answer);
  if (!found) throw not_webhdfs(answer, implementation_->root());
  co_return *found;
}

task<void> client::make_folders(std::string path, std::string permission) {
  if (!permission.empty()) {
    const auto parent = parent_and_name(path).first;
    if (parent != "/") co_await make_folders(parent);
  }
  operation what{.verb = http::method::put, .path = path, .query = "op=MKDIRS", .doing = "made"};
  if (!permission.empty()) what.query += parameter("permission", permission);
  co_await implementation_->agreed(what);
}

task<void> client::rename(std::string from, std::string to, bool overwrite) {
  require_absolute(to);
  operation what{.verb = http::method::put, .path = from, .doing = "renamed"};
  what.query = concat("op=RENAME", parameter("destination", to),
                      parameter("renameoptions", overwrite ? "OVERWRITE" : "NONE"));
  // With options HDFS answers without a body, and says what is wrong with an exception. HttpFS
  // does not know them and answers as without.
  const auto answer = co_await implementation_->done(what);
  const auto said = boolean_in(answer);
  if (!said || *said) co_return;
  if (!overwrite) {
    throw failure(failure_kind::rejected, concat(from, " was not renamed: ", to,
                                                 " may exist already, or its folder is missing."));
  }
  co_await remove(to, false);
  co_await implementation_->agreed(what);
}

task<void> client::remove(std::string path, bool recursive) {
  if (parent_and_name(path).second.empty()) {
    throw failure(failure_kind::invalid_input, "The root folder of HDFS is not removed.");
  }
  operation what{.verb = http::method::delete_, .path = path, .doing = "removed"};
  what.query = concat("op=DELETE&recursive=", recursive ? "true" : "false");
  const auto answer = co_await implementation_->done(what);
  // False: it was gone already.
  if (!boolean_in(answer)) throw not_webhdfs(answer, implementation_->root());
}

task<void> client::set_permission(std::string path, std::string permission) {
  operation what{.verb = http::method::put, .path = path, .doing = "changed"};
  what.query = concat("op=SETPERMISSION", parameter("permission", permission));
  co_await implementation_->done(what);
}

task<void> client::create(std::string path, http::byte_source from, std::int64_t bytes,
                          bool overwrite, std::string permission) {
  operation what{.verb = http::method::put, .path = path, .doing = "written"};
  what.query = concat("op=CREATE&overwrite=", overwrite ? "true" : "false");
  if (!permission.empty()) what.query += parameter("permission", permission);
  co_await implementation_->send(what, std::move(from), bytes);
}

task<void> client::append(std::string path, http::byte_source from, std::int64_t bytes) {
  operation what{
      .verb = http::method::post, .path = path, .query = "op=APPEND", .doing = "appended to"};
  co_await implementation_->send(what, std::move(from), bytes);
}

task<void> client::read(std::string path, std::int64_t offset, std::int64_t length,
                        http::body_sink sink) {
  operation what{.path = path, .query = concat("op=OPEN&offset=", offset), .doing = "read"};
  if (length >= 0) what.query += concat("&length=", length);
  co_await implementation_->receive(what, std::move(sink));
}

}  // namespace livyd::hdfs
