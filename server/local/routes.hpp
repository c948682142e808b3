// Livy's addresses: which request asks for what.
#pragma once

#include <string>
#include <string_view>

namespace livyd::local {

enum class action {
  not_found,
  wrong_verb,  ///< a known address, another verb
  root,
  page,
  version,
  drain,
  list_sessions,
  create_session,
  get_session,
  get_state,
  get_log,
  delete_session,
  stop,
  interrupt,
  connect,
  list_statements,
  create_statement,
  get_statement,
  cancel_statement,
  complete,
  submit_job,
  get_job,
  cancel_job,
  upload_jar,
  upload_pyfile,
  upload_file,
  add_pyfile,
  add_file,
  list_batches,
  create_batch,
  batch,
};

struct route {
  action what = action::not_found;
  std::string session;  ///< id or name of the session (or batch) in the path
  std::string item;     ///< id of the statement or job in the path
};

/// `path` is decoded, without the query; a slash at its end does not matter.
route route_of(std::string_view verb, std::string_view path);

}  // namespace livyd::local
