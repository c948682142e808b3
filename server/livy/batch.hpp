// Livy's batches and uploads, read tolerantly and written per version. Pure: no network, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "livy/api.hpp"

namespace livyd::livy {

struct batch_view {
  std::string id;
  std::string name;
  std::string state;
  std::string application_id;
  std::string owner;
  std::string proxy_user;
  std::string spark_ui_url;
  std::string driver_log_url;
  std::vector<std::string> log;  ///< the last lines

  /// success, dead, killed, error.
  bool finished() const;
};
/// Throws failure{not_livy} when there is no id or state in it.
batch_view read_batch(const nlohmann::json& body);

struct batch_page {
  std::int64_t total = 0;
  std::vector<batch_view> batches;
};
batch_page read_batch_page(const nlohmann::json& body);

/// failure{not_found} for one that the server does not know.
failure unknown_batch(const std::string& batch);

/// POST /batches. Empty strings and absent values are not sent.
struct batch_request {
  std::string file;
  std::string name;
  std::string proxy_user;
  std::string queue;
  std::string driver_memory;
  std::string executor_memory;
  std::optional<std::int64_t> driver_cores;
  std::optional<std::int64_t> executor_cores;
  std::optional<std::int64_t> executor_count;
  std::vector<std::string> arguments;
  std::vector<std::string> jars;
  std::vector<std::string> py_files;
  std::vector<std::string> files;
  std::vector<std::string> archives;
  std::map<std::string, std::string> conf;
};
nlohmann::json batch_body(const batch_request& wanted);
/// What a profile says of its sessions, for a batch: fields that batches do not know are left out,
/// and YARN makes one attempt unless the profile's conf says otherwise.
batch_request batch_of(const session_request& session);

/// One sentence or clause: what a batch waits for, or why it failed; "" when there is nothing to
/// say. `driver_log`: of the driver's container, where the driver runs in the cluster.
std::string words_of_batch(const batch_view& seen, const std::vector<std::string>& log,
                           const std::vector<std::string>& driver_log = {});

}  // namespace livyd::livy
