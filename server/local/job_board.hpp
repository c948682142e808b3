// The jobs of one session's side channel: what became of each, told once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace livyd::local {

class job_board {
 public:
  static constexpr std::size_t retained = 1000;  ///< finished jobs nobody asked for

  /// Ids start at 1.
  std::int64_t add();
  void started(std::int64_t id);
  void succeeded(std::int64_t id, std::string result);
  void failed(std::int64_t id, std::string error);
  /// A finished job stays what it is.
  void cancelled(std::int64_t id);
  /// The job as Livy shows it. A final state is told once; after that, as for an id that never was,
  /// the answer is the 500 Livy gives.
  http::server_response tell(std::int64_t id);
  /// Throws refused for an id that never was.
  void check_known(std::int64_t id) const;

 private:
  struct job {
    std::string_view state = "SENT";
    std::string result;
    std::string error;
    bool finished = false;
  };
  void finish(std::int64_t id, std::string_view state, std::string result, std::string error);

  std::int64_t last_ = 0;
  std::map<std::int64_t, job> jobs_;
};

/// {"id":…,"state":"SENT","result":null,"error":null}: the answer to a POST.
std::string sent_job(std::int64_t id);

}  // namespace livyd::local
