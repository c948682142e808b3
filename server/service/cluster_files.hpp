// The files of a profile's HDFS, as the editor asks for them.
#pragma once

#include <string>

#include "service/connection.hpp"
#include "service/listener.hpp"

namespace livyd {

/// Every function throws what connection::hdfs() and hdfs::client throw, and is cancellable.
class cluster_files {
 public:
  cluster_files(asio::any_io_executor executor, listener& events, connection& server)
      : executor_(std::move(executor)), events_(events), connection_(server) {}

  /// Throws failure{not_found}.
  task<protocol::HdfsStatusResult> status(protocol::HdfsParams params);
  /// At most listed_limit entries.
  task<protocol::HdfsListResult> list(protocol::HdfsParams params);
  task<protocol::HdfsStatusResult> make_folder(protocol::HdfsParams params);
  task<void> move(protocol::HdfsMoveParams params);
  /// Throws failure{not_found}, failure{invalid_input} for the root.
  task<void> remove(protocol::HdfsRemoveParams params);
  /// Throws failure{rejected} when there is such a file and it may not be replaced.
  task<protocol::HdfsStatusResult> upload(protocol::HdfsTransferParams params);
  task<protocol::HdfsStatusResult> download(protocol::HdfsTransferParams params);

  static constexpr std::size_t listed_limit = 100'000;

 private:
  task<std::string> absolute(hdfs::client& files, std::string path);

  asio::any_io_executor executor_;
  listener& events_;
  connection& connection_;
  std::string home_;
};

}  // namespace livyd
