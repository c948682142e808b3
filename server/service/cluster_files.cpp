#include "service/cluster_files.hpp"

#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "hdfs/local_file.hpp"
#include "service/transfer.hpp"

namespace livyd {
namespace {

protocol::HdfsEntry entry_of(hdfs::file_status one) {
  protocol::HdfsEntry out;
  out.name = valid_utf8(one.name);
  out.folder = one.folder;
  out.bytes = one.bytes;
  out.modified = one.modified;
  out.owner = valid_utf8(one.owner);
  out.group = valid_utf8(one.group);
  out.permission = std::move(one.permission);
  return out;
}

protocol::HdfsStatusResult status_of(std::string path, hdfs::file_status one) {
  protocol::HdfsStatusResult out;
  out.path = std::move(path);
  out.entry = entry_of(std::move(one));
  return out;
}

failure no_such_path(const std::string& path) {
  return {failure_kind::not_found, concat("There is no ", path, " in HDFS.")};
}

}  // namespace

task<std::string> cluster_files::absolute(hdfs::client& files, std::string path) {
  if (!path.starts_with('/')) {
    if (home_.empty()) home_ = co_await files.home();
    path = path.empty() ? home_ : concat(home_, "/", path);
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  co_return path;
}

task<protocol::HdfsStatusResult> cluster_files::status(protocol::HdfsParams params) {
  const auto files = co_await connection_.hdfs();
  auto path = co_await absolute(*files, std::move(params.path));
  auto found = co_await files->status(path);
  if (!found) throw no_such_path(path);
  co_return status_of(std::move(path), std::move(*found));
}

task<protocol::HdfsListResult> cluster_files::list(protocol::HdfsParams params) {
  const auto files = co_await connection_.hdfs();
  protocol::HdfsListResult out;
  out.path = co_await absolute(*files, std::move(params.path));
  struct enough {};
  try {
    co_await files->list(out.path, [&out](std::vector<hdfs::file_status> batch) -> task<void> {
      for (auto& one : batch) {
        if (out.entries.size() == listed_limit) throw enough();
        out.entries.push_back(entry_of(std::move(one)));
      }
      co_return;
    });
  } catch (const enough&) {
    out.detail = concat("There are more than ", listed_limit,
                        " entries; these are the first. Use livyd hdfs ls to see all.");
  }
  co_return out;
}

task<protocol::HdfsStatusResult> cluster_files::make_folder(protocol::HdfsParams params) {
  const auto files = co_await connection_.hdfs();
  auto path = co_await absolute(*files, std::move(params.path));
  co_await files->make_folders(path);
  auto made = co_await files->status(path);
  if (!made) throw no_such_path(path);
  co_return status_of(std::move(path), std::move(*made));
}

task<void> cluster_files::move(protocol::HdfsMoveParams params) {
  const auto files = co_await connection_.hdfs();
  auto from = co_await absolute(*files, std::move(params.from));
  auto to = co_await absolute(*files, std::move(params.to));
  co_await files->rename(std::move(from), std::move(to), params.overwrite);
}

task<void> cluster_files::remove(protocol::HdfsRemoveParams params) {
  const auto files = co_await connection_.hdfs();
  auto path = co_await absolute(*files, std::move(params.path));
  if (path == "/") {
    throw failure(failure_kind::invalid_input,
                  "The root of HDFS is not removed. Name a path in it.");
  }
  if (!co_await files->status(path)) throw no_such_path(path);
  co_await files->remove(std::move(path), params.recursive);
}

task<protocol::HdfsStatusResult> cluster_files::upload(protocol::HdfsTransferParams params) {
  const auto files = co_await connection_.hdfs();
  auto path = co_await absolute(*files, std::move(params.path));
  auto from = open_file(params.file);
  const auto bytes = from->bytes();
  transfer told(executor_, events_, std::move(params.transfer));
  told.begin(concat("Uploading ", path), bytes);
  co_await hdfs::upload(*files, path, source_of(std::move(from)), bytes, params.overwrite,
                        [told](std::int64_t sent) mutable { told.at(sent); });
  auto there = co_await files->status(path);
  if (!there) throw no_such_path(path);
  co_return status_of(std::move(path), std::move(*there));
}

task<protocol::HdfsStatusResult> cluster_files::download(protocol::HdfsTransferParams params) {
  const auto files = co_await connection_.hdfs();
  auto path = co_await absolute(*files, std::move(params.path));
  auto found = co_await files->status(path);
  if (!found) throw no_such_path(path);
  // Shared with a request that unwinds after us.
  const auto file = std::make_shared<file_to_keep>(params.file);
  http::body_sink sink = [file](std::string_view piece) -> task<void> {
    co_await file->write(piece);
  };
  transfer told(executor_, events_, std::move(params.transfer));
  told.begin(concat("Downloading ", path), found->bytes);
  co_await hdfs::download(
      *files, path, std::move(sink),
      [told](std::int64_t done, std::int64_t all) mutable { told.at(done, all); });
  co_await file->keep(params.overwrite);
  co_return status_of(std::move(path), std::move(*found));
}

}  // namespace livyd
