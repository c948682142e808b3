#include "local/routes.hpp"

#include <array>
#include <vector>

#include "base/text.hpp"

namespace livyd::local {
namespace {

struct pattern {
  std::string_view verb;
  std::string_view path;  // ":s" is the session, ":i" the item
  action what;
};

constexpr std::array patterns = {
    pattern{"GET", "/", action::root},
    pattern{"GET", "/ui", action::page},
    pattern{"GET", "/version", action::version},
    pattern{"POST", "/livyd/drain", action::drain},
    pattern{"GET", "/sessions", action::list_sessions},
    pattern{"POST", "/sessions", action::create_session},
    pattern{"GET", "/sessions/:s", action::get_session},
    pattern{"DELETE", "/sessions/:s", action::delete_session},
    pattern{"GET", "/sessions/:s/state", action::get_state},
    pattern{"GET", "/sessions/:s/log", action::get_log},
    pattern{"POST", "/sessions/:s/stop", action::stop},
    pattern{"POST", "/sessions/:s/interrupt", action::interrupt},
    pattern{"POST", "/sessions/:s/connect", action::connect},
    pattern{"GET", "/sessions/:s/statements", action::list_statements},
    pattern{"POST", "/sessions/:s/statements", action::create_statement},
    pattern{"GET", "/sessions/:s/statements/:i", action::get_statement},
    pattern{"POST", "/sessions/:s/statements/:i/cancel", action::cancel_statement},
    pattern{"POST", "/sessions/:s/completion", action::complete},
    pattern{"POST", "/sessions/:s/submit-job", action::submit_job},
    pattern{"POST", "/sessions/:s/run-job", action::submit_job},
    pattern{"GET", "/sessions/:s/jobs/:i", action::get_job},
    pattern{"POST", "/sessions/:s/jobs/:i/cancel", action::cancel_job},
    pattern{"POST", "/sessions/:s/upload-jar", action::upload_jar},
    pattern{"POST", "/sessions/:s/upload-pyfile", action::upload_pyfile},
    pattern{"POST", "/sessions/:s/upload-file", action::upload_file},
    pattern{"POST", "/sessions/:s/add-jar", action::add_pyfile},
    pattern{"POST", "/sessions/:s/add-pyfile", action::add_pyfile},
    pattern{"POST", "/sessions/:s/add-file", action::add_file},
    pattern{"GET", "/batches", action::list_batches},
    pattern{"POST", "/batches", action::create_batch},
    pattern{"GET", "/batches/:s", action::batch},
    pattern{"GET", "/batches/:s/state", action::batch},
    pattern{"GET", "/batches/:s/log", action::batch},
    pattern{"DELETE", "/batches/:s", action::batch},
};

bool matches(const std::vector<std::string_view>& pieces, std::string_view path, route& found) {
  const auto wanted = split(path, '/');
  if (wanted.size() != pieces.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == ":s" && !pieces[i].empty()) {
      found.session = pieces[i];
    } else if (wanted[i] == ":i" && !pieces[i].empty()) {
      found.item = pieces[i];
    } else if (wanted[i] != pieces[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

route route_of(std::string_view verb, std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto pieces = split(path, '/');
  route result;
  for (const auto& one : patterns) {
    route found;
    if (!matches(pieces, one.path, found)) continue;
    if (one.verb == verb) {
      found.what = one.what;
      return found;
    }
    result.what = action::wrong_verb;
  }
  return result;
}

}  // namespace livyd::local
